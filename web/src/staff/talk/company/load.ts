import { loadCompany, type CompanyKey } from "../../../talk/company/texts";
import type { Texts } from "../../../ui";
import Company from "./Company.svelte";

/** What the page needs of who leads a talk of several, once its texts have come, too. */
export async function load(texts: Texts<CompanyKey>): Promise<{ default: typeof Company }> {
  await texts.add(loadCompany);
  return { default: Company };
}
