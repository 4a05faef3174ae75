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
  readonly begun: number;
  readonly used: number;
  readonly current: boolean;
  readonly provider: boolean;
}

export interface OwnAccount {
  readonly email: string;
  /** One is set. */
  readonly password: boolean;
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
export const endSessions = (): Promise<undefined> => api.delete(`${own}/sessions`);
