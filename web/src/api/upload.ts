import { ApiError, problem } from "./client";

/** Sends a form with files, or one file as it is; the answer is JSON. */
export async function upload<T>(path: string, body: FormData | Blob, deadlineMs: number): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: {
        Accept: "application/json",
        ...(body instanceof Blob ? { "Content-Type": "application/octet-stream" } : {}),
      },
      body,
      cache: "no-store",
      signal: AbortSignal.timeout(deadlineMs),
    });
  } catch (error) {
    throw new ApiError(
      0,
      error instanceof DOMException && error.name === "TimeoutError" ? "timeout" : "network",
    );
  }
  if (!response.ok) throw await problem(response);
  return (await response.json()) as T;
}
