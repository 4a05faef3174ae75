import { api, ApiError } from "../api/client";
import type { SignInWays } from "../api/types";

/** Whoever waits longer gets the form for a password, which is there in any case. */
const deadlineMs = 3_000;

/** How people of an agency sign in; without a name the only one that there is. */
export async function waysOf(agency: string): Promise<SignInWays> {
  try {
    return await api.get<SignInWays>(`/api/staff/sso?agency=${encodeURIComponent(agency)}`, { deadlineMs });
  } catch {
    return { providers: [], password: true, several: false, passkeys: false, forgotten: false };
  }
}

/** Where signing in at a provider begins, and comes back to this very page. */
export function startOf(provider: string): string {
  return `/api/staff/sso/${encodeURIComponent(provider)}/start?to=${encodeURIComponent(location.pathname)}`;
}

export interface Arrival {
  /** Somebody has just signed in at a provider. */
  readonly signedIn: boolean;
  /** And was not let in. */
  readonly refusal?: ApiError;
}

/** What the way back from a provider says in the fragment. It is said once: after a reload it would no longer be true. */
export function takeArrival(): Arrival {
  const refused = /^#refused=([a-z_.]{1,40})$/.exec(location.hash)?.[1];
  const signedIn = location.hash === "#signed-in";
  if (signedIn || refused !== undefined)
    history.replaceState(history.state, "", location.pathname + location.search);
  return refused === undefined ? { signedIn } : { signedIn, refusal: new ApiError(403, refused) };
}
