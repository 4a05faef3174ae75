import { after } from "../../call/after";
import { largestStill, longestSide, mostPixels } from "./jpeg";

/** In ms: cameras that focus and light up first take a second or two; some drivers never answer. */
const photoMs = 4_000;
/** Letters stay sharp, and a page of them is about two megabytes. */
const quality = 0.9;
const rougher = 0.7;

/**
 * One sharp picture: of the camera itself where the browser can (W3C Image Capture), which has more pixels than what it
 * films, else of what is filmed. It is drawn anew, so that nothing travels that the camera has noted beside it: place,
 * time, device.
 */
export async function takeStill(track: MediaStreamTrack, film: HTMLVideoElement): Promise<Blob> {
  const photo = await Promise.race([photoOf(track).catch(() => undefined), after(photoMs)]);
  try {
    const larger = photo && photo.width * photo.height >= film.videoWidth * film.videoHeight;
    return await (larger
      ? encoded(photo, photo.width, photo.height)
      : encoded(film, film.videoWidth, film.videoHeight));
  } finally {
    photo?.close();
  }
}

async function photoOf(track: MediaStreamTrack): Promise<ImageBitmap | undefined> {
  if (!("ImageCapture" in globalThis)) return undefined;
  const camera = new ImageCapture(track);
  const { imageWidth, imageHeight } = await camera.getPhotoCapabilities();
  const most = { imageWidth: imageWidth?.max, imageHeight: imageHeight?.max };
  const photo = await camera.takePhoto(most.imageWidth && most.imageHeight ? most : {});
  return createImageBitmap(photo);
}

async function encoded(picture: CanvasImageSource, width: number, height: number): Promise<Blob> {
  const scale = Math.min(1, longestSide / Math.max(width, height), Math.sqrt(mostPixels / (width * height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(width * scale);
  canvas.height = Math.floor(height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const still = await blobOf(canvas, quality);
  return still.size > largestStill ? blobOf(canvas, rougher) : still;
}

function blobOf(canvas: HTMLCanvasElement, jpegQuality: number): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => {
        if (blob) resolve(blob);
        else reject(new Error("the picture cannot be drawn"));
      },
      "image/jpeg",
      jpegQuality,
    );
  });
}
