import type { ApiError } from "../api/client";
import type { Me, Message } from "../api/types";
import type { StaffKey } from "../i18n/staff";
import { type Texts, useTexts } from "../ui";

/** The texts of the staff pages, typed with all their keys. */
export function staffTexts(): Texts<StaffKey> {
  return useTexts<StaffKey>();
}

/** The sentence for a refusal; one that has none of its own is a general failure. */
export function sentenceFor(error: ApiError, { t }: Texts<StaffKey>): string {
  const key = `errors.${error.code}` as StaffKey;
  const sentence = t(key, { by: "", ...error.params });
  return sentence === key ? t("errors.internal") : sentence;
}

/** What an appointment is about, in the language of who reads it. */
export function serviceName(me: Me, about: { service: string; serviceName: string }): string {
  return me.services.find(({ id }) => id === about.service)?.name ?? about.serviceName;
}

/** What a guest has answered: in the language of who reads it, where it was one of the ready answers. */
export function answerText({ answer, ready }: Message, { t }: Texts<StaffKey>): string | undefined {
  return ready ? t(`staff.message.ready.${ready}`) : answer;
}

/** Reception sees who waits, and talks with nobody. */
export function mayTalk(me: Me, row: { desk: string }): boolean {
  return me.desks.some(({ id, role }) => id === row.desk && role !== "reception");
}

/** Somewhere. */
export const talks = (me: Pick<Me, "desks">): boolean => me.desks.some(({ role }) => role !== "reception");
