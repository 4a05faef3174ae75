import { fit } from "../words";
import { Refused } from "./refused";
import { type Open, serve } from "./serve";
import { sizeOf } from "./size";

/** Before anything decodes it: as much as a large camera of a telephone makes. */
const mostDecoded = 64_000_000;

/** A picture is a document of one page. */
async function openPicture(bytes: ArrayBuffer, type: string): Promise<Open> {
  const size = sizeOf(new Uint8Array(bytes));
  if (!size) throw new Refused("damaged");
  if (size.width * size.height > mostDecoded) throw new Refused("large");
  const picture = await createImageBitmap(new Blob([bytes], { type }));
  const scale = fit(picture.width, picture.height);
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.floor(side * scale)),
  );
  return {
    pages: 1,
    draw: (number) => {
      const canvas = new OffscreenCanvas(width ?? 1, height ?? 1);
      const context = canvas.getContext("2d", { willReadFrequently: true });
      if (!context) throw new Refused("unable");
      context.fillStyle = "#fff"; // paper, where the picture is transparent
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return Promise.resolve({
        number,
        width: canvas.width,
        height: canvas.height,
        pixels: data,
        lines: [],
        lacking: false,
      });
    },
  };
}

serve(openPicture);
