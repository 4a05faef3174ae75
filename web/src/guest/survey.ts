import { api } from "../api/client";
import type { GuestView } from "../api/types";

/**
 * The survey, where the guest is asked, and where its answers go. Whoever is not asked loads nothing of it; and where it does
 * not come nobody misses it, so that is no fault to be told.
 */
export async function survey({ agency, seat }: GuestView) {
  const path = `/api/guest/${agency.slug}/seats/${seat}/survey`;
  try {
    const { asked, line } = await api.get<{ asked: boolean; line: boolean }>(path);
    return asked ? { Survey: (await import("./screens/Survey.svelte")).default, path, line } : undefined;
  } catch {
    return undefined;
  }
}
