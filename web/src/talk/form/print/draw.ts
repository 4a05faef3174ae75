import type { Draw } from "./print";

/** Dots for each point: 300 to the inch and a little more. */
const sharp = 4.5;
const rightToLeft = /^[^\p{L}]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;

/** As the browser shows it, with whatever fonts this computer has, on white. */
export const drawLine: Draw = async (said, { bold, size }, width, height) => {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.ceil(width * sharp));
  canvas.height = Math.ceil(height * sharp);
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(sharp, sharp);
  context.fillStyle = "#000";
  context.font = `${bold ? "600" : "400"} ${String(size)}px "Fira Sans", system-ui, sans-serif`;
  context.direction = rightToLeft.test(said) ? "rtl" : "ltr";
  context.textAlign = "start";
  context.fillText(said, context.direction === "rtl" ? width : 0, size, width);
  const jpeg = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", 0.92);
  });
  if (!jpeg) return undefined;
  return { jpeg: new Uint8Array(await jpeg.arrayBuffer()), width: canvas.width, height: canvas.height };
};
