/** What needs two people: what was asked for, and what became of it (docs/protocol.md, "Administration"). */
import type { Level, RuleName, RuleValue } from "./admin";
import { api } from "./client";

/** What a rule is to be; with `leave` it is left to those above again. */
interface RuleChange {
  readonly rule: RuleName;
  readonly kind: Level;
  readonly place: string;
  readonly placeName: string;
  readonly value: RuleValue | null;
  readonly leave: boolean;
  readonly fixed: boolean;
  readonly now: RuleValue;
}

/** What can be asked for by itself; a rule is where it stands. */
export type Askable = "agency.delete" | "agency.key";

/** Why this person may not agree: the code of the refusal, and from when on they may. */
export interface Hindrance {
  readonly code: "approval.left" | "approval.same" | "approval.account" | "approval.new";
  readonly fromAt?: number;
  /** Somebody else may, already. */
  readonly othersMay?: boolean;
}

export interface Approval {
  readonly id: string;
  readonly act: Askable | "retention.change";
  readonly askedBy: string;
  readonly askedAt: number;
  readonly untilAt: number;
  readonly decidedBy?: string;
  readonly decidedAt?: number;
  readonly allowed: boolean;
  readonly takenBack: boolean;
  /** Why it was declined, as long as it is kept. */
  readonly reason?: string;
  /** One's own was declined, and one has not said that one has read it. */
  readonly unread: boolean;
  readonly usedAt?: number;
  /** Both have agreed, and this person may take that back until it was made use of. */
  readonly mayEnd: boolean;
  readonly mayDecide: boolean;
  readonly hindered?: Hindrance;
  readonly mine: boolean;
  readonly change?: RuleChange;
}

type Approvals = Promise<readonly Approval[]>;
const base = "/api/staff/approvals";
const listed = ({ approvals }: { approvals: Approval[] }): readonly Approval[] => approvals;

export const readApprovals = (): Approvals => api.get<{ approvals: Approval[] }>(base).then(listed);
export const askFor = (act: Askable): Approvals =>
  api.post<{ approvals: Approval[] }>(base, { act }).then(listed);
/** Who has asked takes it back by not allowing it. */
export const decideApproval = (id: string, allow: boolean, reason = ""): Approvals =>
  api.post<{ approvals: Approval[] }>(`${base}/${encodeURIComponent(id)}`, { allow, reason }).then(listed);
export const noteRead = (id: string): Approvals =>
  api.post<{ approvals: Approval[] }>(`${base}/${encodeURIComponent(id)}/read`, {}).then(listed);
