import type { Library } from "../view/viewing";
import { Sandbox } from "../view/sandbox";
import type { Answer, Ask, Why } from "../view/words";
import { largestPaper } from "./guestForm";
import { longestTitle, plain, type Value } from "./model";
import type { Paper } from "./staffForm";

/** Why a file cannot be filled in. */
export type NoPaper = Why | "lost" | "offline" | "kind" | "many" | "empty";

/** A PDF form of this computer. It is read and filled in where files of others are read, too (decision 19). */
export async function openPaper(file: File, library: Library): Promise<Paper | { readonly no: NoPaper }> {
  if (file.size > largestPaper) return { no: "large" };
  const bytes = await file.arrayBuffer().catch(() => undefined);
  if (!bytes || !isPdf(bytes)) return { no: "kind" };
  const code = await library.code("application/pdf").catch(() => undefined);
  if (code === undefined) return { no: "offline" };
  const answer = await ask(code, library, bytes, { do: "form" });
  if (answer.do !== "form") return { no: answer.do === "failed" ? answer.why : "lost" };
  if ("none" in answer.form) return { no: answer.form.none };
  const { fields, values, scripted } = answer.form;
  return {
    form: { title: titleOf(file.name), digest: await digestOf(bytes), scripted, fields },
    values,
    fill: (filled) => fill(code, library, bytes, filled),
  };
}

async function fill(
  code: string,
  library: Library,
  bytes: ArrayBuffer,
  values: readonly Value[],
): Promise<Blob | undefined> {
  const answer = await ask(code, library, bytes, { do: "fill", values });
  if (answer.do !== "filled" || !answer.bytes || !isPdf(answer.bytes)) return undefined;
  return new Blob([answer.bytes], { type: "application/pdf" });
}

/** One question about one file, in a frame of its own that is thrown away afterwards. */
function ask(
  code: string,
  library: Library,
  bytes: ArrayBuffer,
  question: Ask,
): Promise<Answer | { do: "lost" }> {
  return new Promise((resolve) => {
    const sandbox = new Sandbox(
      code,
      (answer) => {
        if (answer.do === "opened") sandbox.ask(question);
        else if (answer.do === "need") {
          const { part } = answer;
          void library.part(part).then(
            (found) => {
              sandbox.ask({ do: "part", part, bytes: found }, [found]);
            },
            () => {
              sandbox.ask({ do: "part", part });
            },
          );
        } else {
          sandbox.close();
          resolve(answer);
        }
      },
      () => {
        resolve({ do: "lost" });
      },
    );
    const own = bytes.slice(0);
    sandbox.ask({ do: "open", bytes: own, type: "application/pdf" }, [own]);
  });
}

function isPdf(bytes: ArrayBuffer): boolean {
  const head = new Uint8Array(bytes, 0, Math.min(5, bytes.byteLength));
  return String.fromCharCode(...head) === "%PDF-";
}

function titleOf(name: string): string {
  return plain(name.replace(/\.pdf$/i, "").replaceAll("_", " "), longestTitle) || "PDF";
}

async function digestOf(bytes: ArrayBuffer): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
