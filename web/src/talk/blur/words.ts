/** What the page hands to the worker that blurs: the model, and the pictures' way in and out. */
export interface Begin {
  readonly model: ArrayBuffer;
  readonly from: ReadableStream<VideoFrame>;
  readonly to: WritableStream<VideoFrame>;
}

/** What it says: that blurred pictures come, or that there will be none any more. */
export type Said = "blurs" | "failed";

/** Blurred pictures have at most as many points a line: a face is sharp in them, and a weak computer keeps up. */
const widest = 960;

/** Where a picture lies in the model's own, whole and not distorted, whichever way the telephone is held. */
export function within(
  picture: { width: number; height: number },
  room: { width: number; height: number },
): { x: number; y: number; width: number; height: number } {
  const scale = Math.min(room.width / picture.width, room.height / picture.height);
  const width = Math.round(picture.width * scale);
  const height = Math.round(picture.height * scale);
  return {
    x: Math.floor((room.width - width) / 2),
    y: Math.floor((room.height - height) / 2),
    width,
    height,
  };
}

/** As large as a blurred picture of a camera's is. */
export function sized({ width, height }: { width: number; height: number }): {
  width: number;
  height: number;
} {
  const scale = Math.min(1, widest / Math.max(width, height));
  return { width: 2 * Math.round((width * scale) / 2), height: 2 * Math.round((height * scale) / 2) };
}
