import type { PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import type { FormRead } from "../../form/answer";
import { type Value, valueOf } from "../../form/model";
import { lacksNames, type Piece, withBeside } from "./beside";
import { readOf, type Slot, slotsOf, type Widget } from "./fields";

type Load = (bytes: ArrayBuffer | Uint8Array) => Promise<PDFDocumentProxy>;

/** Of a form; more are read as a file. */
const mostFormPages = 100;

export async function readForm(file: PDFDocumentProxy): Promise<FormRead> {
  return readOf(await slots(file), await file.hasJSActions().catch(() => true));
}

/**
 * The same file with these values, and what it had before. It is read again afterwards: the library leaves out what it
 * cannot write, and nobody would notice. How letters look that the form's font has not, it leaves to whoever shows the file,
 * and not every file can say so. Undefined where not everything stands there, and can be seen.
 */
export async function fillForm(
  file: PDFDocumentProxy,
  load: Load,
  said: readonly unknown[],
): Promise<ArrayBuffer | undefined> {
  const known = await slots(file);
  const values = known?.map(({ field }, at) => valueOf(field, said[at]));
  if (!known || !values || known.length !== said.length || values.includes(undefined)) return undefined;
  const wanted = values as Value[];
  for (const [at, value] of wanted.entries())
    for (const [id, stored] of known[at]?.stored(value) ?? [])
      file.annotationStorage.setValue(id, { value: stored });
  const bytes = await file.saveDocument();
  const whole = bytes.slice().buffer;
  const filled = await slots(await load(bytes));
  const isThere = filled?.every(({ value, visible }, at) => visible && value === wanted[at]) ?? false;
  return isThere ? whole : undefined;
}

function slots(file: PDFDocumentProxy): Promise<Slot[] | undefined> {
  if (file.numPages > mostFormPages) return Promise.resolve(undefined);
  return slotsOf({
    pages: file.numPages,
    widgets: async (number) => {
      const page = await file.getPage(number);
      const widgets = (await page.getAnnotations()) as Widget[];
      if (!lacksNames(widgets)) return widgets;
      const { items } = await page.getTextContent();
      return withBeside(
        widgets,
        items.flatMap((item) => ("str" in item ? [item as Piece] : [])),
      );
    },
  });
}
