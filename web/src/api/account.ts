/** What belongs to one's own account: shapes and calls of docs/protocol.md, "Accounts". */
import type { Language } from "../i18n/languages";
import { api } from "./client";
import type { Me } from "./types";

/** What the fragment of a link holds. */
export interface LinkSecret {
  readonly agency: string;
  readonly secret: string;
}

export interface OpenedLink {
  readonly reason: "invited" | "forgotten";
  /** Its name. */
  readonly agency: string;
  readonly email: string;
}

interface OwnSession {
  readonly id: string;
  readonly begun: number;
  readonly used: number;
  readonly current: boolean;
  readonly provider: boolean;
  /** Of a paired device. */
  readonly paired?: boolean;
  /** By what it says of itself. */
  readonly browser?: string;
  readonly system?: string;
}

/** What an app needs: a picture to scan, or a text to type. */
export interface FactorSetup {
  readonly secret: string;
  readonly uri: string;
  /** Dark squares as an SVG path in a box of so many squares. */
  readonly qr: { readonly size: number; readonly path: string };
}

interface OwnPasskey {
  readonly id: string;
  readonly label: string;
  readonly created: number;
  readonly used: number;
}

export interface OwnAccount {
  readonly email: string;
  /** One is set. */
  readonly password: boolean;
  /** The app that shows codes; `recovery` codes are left. */
  readonly factor: { readonly on: boolean; readonly demanded: boolean; readonly recovery: number };
  readonly passkeys: readonly OwnPasskey[];
  /** Browsers can make passkeys for this address. */
  readonly passkeysHere: boolean;
  readonly sessions: readonly OwnSession[];
}

export const forgetPassword = (agency: string, email: string, language: Language): Promise<undefined> =>
  api.post(`/api/staff/password/forgotten?language=${language}`, { agency, email });
export const openLink = (link: LinkSecret): Promise<OpenedLink> => api.post("/api/staff/password/link", link);
export const setPassword = (link: LinkSecret, password: string, language: Language): Promise<Me> =>
  api.post(`/api/staff/password?language=${language}`, { ...link, password });

const own = "/api/staff/account";

export const readAccount = (): Promise<OwnAccount> => api.get(own);
export const changePassword = (current: string, password: string): Promise<OwnAccount> =>
  api.post(`${own}/password`, { current, password });
export const endSession = (id: string): Promise<OwnAccount> => api.delete(`${own}/sessions/${id}`);
export const endSessions = (): Promise<undefined> => api.delete(`${own}/sessions`);

const factor = `${own}/factor`;

/** Recovery codes, which are shown once. */
export interface MadeCodes {
  readonly account: OwnAccount;
  readonly codes: readonly string[];
}

export const prepareFactor = (password: string): Promise<FactorSetup> => api.post(factor, { password });
export const turnFactorOn = (code: string): Promise<MadeCodes> => api.post(`${factor}/on`, { code });
export const turnFactorOff = (password: string): Promise<OwnAccount> =>
  api.post(`${factor}/off`, { password });
export const newRecoveryCodes = (password: string): Promise<MadeCodes> =>
  api.post(`${factor}/recovery`, { password });

const session = "/api/staff/session";

export const setupByTicket = (ticket: string): Promise<FactorSetup> =>
  api.post(`${session}/setup`, { ticket });
export const signInByCode = (
  ticket: string,
  code: string,
  language: Language,
): Promise<Me & { readonly recovery?: readonly string[] }> =>
  api.post(`${session}/code?language=${language}`, { ticket, code });

/** Options of WebAuthn as JSON: bytes in base64url. */
export interface PasskeyOptions {
  readonly publicKey: object;
}

export const askForPasskey = (): Promise<PasskeyOptions> => api.post(`${session}/passkey/begin`);
export const signInByPasskey = (credential: object, language: Language): Promise<Me> =>
  api.post(`${session}/passkey?language=${language}`, { credential });
export const preparePasskey = (password: string): Promise<PasskeyOptions> =>
  api.post(`${own}/passkeys/begin`, { password });
export const addPasskey = (label: string, credential: object): Promise<OwnAccount> =>
  api.post(`${own}/passkeys`, { label, credential });
export const removePasskey = (id: string, password: string): Promise<OwnAccount> =>
  api.post(`${own}/passkeys/${encodeURIComponent(id)}/remove`, { password });
