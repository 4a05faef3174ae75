import type { LinkSecret } from "../api/account";

export const passwordPath = "/staff/password";
export const accountPath = "/staff/account";
export const devicePath = "/staff/device";

/** What a link says in its fragment, which no server gets to see by itself: the agency, and the secret. */
export function linkIn(hash: string): LinkSecret {
  const [, agency = "", secret = ""] = /^#([\w-]{1,64})\.([\w-]{1,64})$/.exec(hash) ?? [];
  return { agency, secret };
}
