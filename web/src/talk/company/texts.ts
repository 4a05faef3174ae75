import { type Texts, useTexts } from "../../ui";
import { type HoldKey, loadHold } from "../hold/texts";

/** With those of a halted talk, with which they come. */
export type CompanyKey = HoldKey;

/** The texts of a talk of several, once they have come (loadCompany). */
export function companyTexts(): Texts<CompanyKey> {
  return useTexts<CompanyKey>();
}

export const loadCompany = loadHold;
