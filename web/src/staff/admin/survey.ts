import type { Counts, Question, SurveyResult } from "../../api/survey";
import type { StaffKey } from "../../i18n/staff";
import type { Texts } from "../../ui";

export const questions: readonly Question[] = ["easy", "again", "recommend"];

/** "November 2026" */
export function monthText(month: string, language: string): string {
  return new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(`${month}-01T00:00:00Z`),
  );
}

/** Of what may not be shown it is said that it is not: an empty cell could be nobody. */
export function countsText(counts: Counts | undefined, { t }: Texts<StaffKey>): string {
  return counts ? t("admin.survey.counts", { ...counts }) : t("admin.survey.not");
}

/** The server gives the lines of no other. */
export const hasLines = (result: SurveyResult): boolean =>
  result.department !== undefined && questions.some((question) => result[question] !== undefined);

export const hides = (results: readonly SurveyResult[]): boolean =>
  results.some((result) => questions.some((question) => result[question] === undefined));
