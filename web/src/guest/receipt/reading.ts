/** Times in seconds UTC, as the server has signed them (docs/protocol.md §7). */
export interface Statement {
  readonly v: 1;
  readonly number: string;
  readonly agency: string;
  readonly name: string;
  readonly zone: string;
  readonly issued: number;
  readonly starts: number;
  readonly ends: number;
  readonly moved?: boolean;
  readonly outcome?: string;
  readonly waited?: readonly Period[];
  readonly talked?: readonly Period[];
  readonly lost?: number;
  readonly opened?: number;
  readonly failed?: number;
  readonly key: string;
}

export type Period = readonly [from: number, until: number];

export interface Receipt {
  readonly text: string;
  readonly statement: Statement;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** What somebody has opened or pasted: the receipt, or the whole address of one. Undefined: there is none in it. */
export function readReceipt(pasted: string): Receipt | undefined {
  const text = pasted.replace(/\s/g, "").replace(/^[^#]*#/, "");
  const [first, second, more] = text.split(".");
  if (!first || !second || more !== undefined) return undefined;
  try {
    const plain = bytesOf(first);
    const statement: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain));
    if (!isStatement(statement)) return undefined;
    return { text, statement, plain, signature: bytesOf(second) };
  } catch {
    return undefined;
  }
}

export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(base64url)) throw new Error("no base64url");
  return Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}

/** Only what can be shown; whether it is true is another question. */
function isStatement(value: unknown): value is Statement {
  if (typeof value !== "object" || value === null) return false;
  const s = value as Record<string, unknown>;
  const all = (keys: string[], is: (v: unknown) => boolean): boolean => keys.every((key) => is(s[key]));
  return (
    s.v === 1 &&
    all(["number", "agency", "name", "zone", "key"], (v) => typeof v === "string") &&
    all(["issued", "starts", "ends"], isTime) &&
    all(["lost", "opened", "failed"], (v) => v === undefined || isTime(v)) &&
    all(["waited", "talked"], (v) => v === undefined || (Array.isArray(v) && v.every(isPeriod)))
  );
}

/** Within what dates can say. */
function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) < 8.64e12;
}

function isPeriod(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isTime);
}
