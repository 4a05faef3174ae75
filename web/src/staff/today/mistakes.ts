import { ApiError } from "../../api/client";

export type BookField = "name" | "email" | "phone" | "date" | "time";

/** The field of the booking form that a refusal is about. */
function fieldOf(code: string): BookField | undefined {
  switch (code) {
    case "citizen.name":
      return "name";
    case "email.invalid":
      return "email";
    case "phone.invalid":
      return "phone";
    case "appointment.no_day":
    case "appointment.too_far":
    case "appointment.not_offered":
      return "date";
    case "appointment.no_time":
    case "appointment.past":
    case "appointment.overlap":
    case "appointment.full":
      return "time";
    default:
      return undefined;
  }
}

/** What is wrong with a booking, each mistake at its field. */
export interface Mistakes {
  fields: Partial<Record<BookField, ApiError>>;
  /** About none of the fields. */
  other?: ApiError;
}

/** The server names all that is wrong. Of fields that are not filled it learns nothing but a moment long past. */
export function mistakesOf(refusal: ApiError, filled: { date: string; time: string }): Mistakes {
  const { also = [] } = (refusal.details ?? {}) as { also?: string[] };
  const all = [refusal, ...also.map((code) => new ApiError(refusal.status, code))];
  const found: Mistakes = { fields: {} };
  for (const mistake of all.flatMap((one) =>
    one.code === "appointment.past" ? unfilled(one, filled) : one,
  )) {
    const field = fieldOf(mistake.code);
    if (field) found.fields[field] ??= mistake;
    else found.other ??= mistake;
  }
  return found;
}

function unfilled(past: ApiError, { date, time }: { date: string; time: string }): ApiError[] {
  const missing = [
    ...(date === "" ? ["appointment.no_day"] : []),
    ...(time === "" ? ["appointment.no_time"] : []),
  ];
  return missing.length === 0 ? [past] : missing.map((code) => new ApiError(past.status, code));
}
