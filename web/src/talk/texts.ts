import type CallMessages from "@locales/de/call.json";
import { type Texts, useTexts } from "../ui";
import type { CommonKey } from "../ui/texts.svelte";

export type TalkKey = keyof typeof CallMessages | CommonKey;

/** The texts that both pages of a talk have. */
export function talkTexts(): Texts<TalkKey> {
  return useTexts<TalkKey>();
}
