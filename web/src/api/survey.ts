/** What guests have said after their talks: calls of docs/protocol.md. */
import { api } from "./client";

export type Question = "easy" | "again" | "recommend";
export type Counts = Readonly<Record<"yes" | "partly" | "no", number>>;

/** Of a department, or of the whole agency, which has none. What may not be shown is absent. */
export interface SurveyResult extends Readonly<Partial<Record<Question, Counts>>> {
  readonly department?: string;
  readonly name: string;
}

interface SurveyMonth {
  /** 2026-11 */
  readonly month: string;
  readonly results: readonly SurveyResult[];
}

export interface SurveyResults {
  /** Fewer answers than these are never shown. */
  readonly fewest: number;
  readonly months: readonly SurveyMonth[];
}

export const readSurvey = (): Promise<SurveyResults> => api.get("/api/staff/survey");

export const readLines = (
  month: string,
  department: string,
): Promise<{ readonly lines: readonly string[] }> =>
  api.get(`/api/staff/survey/${month}/${encodeURIComponent(department)}/lines`);
