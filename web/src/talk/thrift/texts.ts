import type Words from "@locales/de/thrift.json";
import { type Language } from "../../i18n/languages";
import { type Texts, useTexts } from "../../ui";
import type { TalkKey } from "../texts";

export type ThriftKey = keyof typeof Words | TalkKey;

/** The texts about saving data, once they have come (loadThrift). */
export function thriftTexts(): Texts<ThriftKey> {
  return useTexts<ThriftKey>();
}

export async function loadThrift(language: Language): Promise<typeof Words> {
  switch (language) {
    case "de":
      return (await import("@locales/de/thrift.json")).default;
    case "en":
      return (await import("@locales/en/thrift.json")).default;
  }
}
