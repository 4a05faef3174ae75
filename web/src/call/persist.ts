import { ApiError } from "../api/client";
import { after } from "./after";

const firstPauseMs = 250;
const longestPauseMs = 1_000;

/** Repeats what fails for a passing reason, until it is outdated. */
export async function persist<T>(send: () => Promise<T>, outdated: () => boolean): Promise<T> {
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      return await send();
    } catch (error) {
      const passing = error instanceof ApiError && error.passing;
      if (!passing || outdated()) throw error;
      await after(pause);
      if (outdated()) throw error;
    }
  }
}
