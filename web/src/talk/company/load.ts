import type { Texts } from "../../ui";
import Guests from "./Guests.svelte";
import { type CompanyKey, loadCompany } from "./texts";

/** What a guest needs who is in a talk with more than the advisor, once the texts have come, too. */
export async function load(texts: Texts<CompanyKey>): Promise<{ default: typeof Guests }> {
  await texts.add(loadCompany);
  return { default: Guests };
}
