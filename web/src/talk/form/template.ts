import type { Said, Template } from "../../api/forms";
import { type Field, fieldOf, longestTitle, plain } from "./model";

/** In a language, else in German. */
export function saidIn(said: Said, language: string): string {
  return said[language] || (said.de ?? "");
}

/** A template as a form in one language; undefined where it is none that pages can show. */
export function formIn(
  template: Template,
  language: string,
): { title: string; fields: readonly Field[] } | undefined {
  const fields = template.fields.map(({ kind, label, help, required, options = [] }) =>
    fieldOf({
      kind,
      label: saidIn(label, language),
      ...(help && saidIn(help, language) !== "" ? { help: saidIn(help, language) } : {}),
      required,
      options: options.map((option) => saidIn(option, language)),
    }),
  );
  const good = fields.filter((field) => field !== undefined);
  const title = plain(saidIn(template.title, language), longestTitle);
  return good.length === fields.length && title !== "" ? { title, fields: good } : undefined;
}
