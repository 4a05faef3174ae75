import { api } from "../../api/client";
import { bytesOf, type Receipt } from "./reading";

/** Who has found it genuine, or that it is not. */
export type Verdict = "browser" | "server" | "no";

export interface PublicKey {
  readonly id: string;
  readonly key: string;
  readonly until?: number;
}

export interface Checked {
  readonly genuine: boolean;
  readonly qr?: { readonly size: number; readonly path: string };
}

/** The server's own answer. It is shown the receipt, and keeps nothing of it. */
export function askServer(receipt: Receipt): Promise<Checked> {
  return api.post<Checked>("/api/receipts/check", { receipt: receipt.text });
}

/**
 * Verifies here, with the public keys of the installation, so that the server does not learn whose receipt is looked at.
 * A browser that has not learnt to asks the server.
 */
export async function verify(receipt: Receipt): Promise<Verdict> {
  const { keys } = await api.get<{ keys: readonly PublicKey[] }>("/api/receipts/keys");
  const here = await verifyHere(receipt, keys);
  if (here !== undefined) return here ? "browser" : "no";
  return (await askServer(receipt)).genuine ? "server" : "no";
}

/** Undefined: this browser cannot. */
export async function verifyHere(receipt: Receipt, keys: readonly PublicKey[]): Promise<boolean | undefined> {
  const { statement, plain, signature } = receipt;
  const found = keys.find(({ id }) => id === statement.key);
  if (!found || (found.until !== undefined && statement.issued > found.until)) return false;
  const key = await crypto.subtle
    .importKey("raw", bytesOf(found.key), "Ed25519", false, ["verify"])
    .catch(() => undefined);
  if (!key) return undefined;
  return crypto.subtle.verify("Ed25519", key, signature, signed(plain));
}

/** What was signed for this purpose counts for no other. */
function signed(plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const purpose = new TextEncoder().encode("visavis receipt 1\n");
  const all = new Uint8Array(purpose.length + plain.length);
  all.set(purpose);
  all.set(plain, purpose.length);
  return all;
}
