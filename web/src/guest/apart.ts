import type { Component } from "svelte";
import { loadReceipt, loadTest } from "../i18n/apart";
import type { GuestKey } from "../i18n/guest";
import type { Texts } from "../ui";
import type { OpenPage } from "./link";

/** A page that has nothing to do with an appointment, with the texts that only it needs. */
export async function open(texts: Texts<GuestKey>, name: OpenPage): Promise<{ default: Component }> {
  switch (name) {
    case "test":
      return (await Promise.all([import("./test/TestPage.svelte"), texts.add(loadTest)]))[0];
    case "receipt":
      return (await Promise.all([import("./receipt/ReceiptPage.svelte"), texts.add(loadReceipt)]))[0];
    case "home":
    case "unknown":
      return import("./Home.svelte");
  }
}
