/** A picture that has been read already. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** Puts it into a canvas, without anything that would have to understand it. */
export function paint({ pixels, width, height }: Pixels): (canvas: HTMLCanvasElement) => void {
  return (canvas) => {
    Object.assign(canvas, { width, height });
    canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
  };
}
