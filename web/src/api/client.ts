/** Calls of the server's JSON interface. Every refusal is an ApiError; the page chooses its words by `code`. */

export type ErrorParams = Readonly<Record<string, string | number>>;

/** Codes of our own, beside those of the server: `network` (nothing came back) and `timeout`. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly code: string,
    readonly params: ErrorParams = {},
    /** As they came, with what no sentence can hold. */
    readonly details?: unknown,
  ) {
    super(code);
  }

  /** Worth trying again without a change: nothing came back, the server could not answer, or somebody was quicker. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === "busy";
  }
}

/** What a refusal is to the pages, whatever was thrown. */
export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "internal");
}

export interface RequestOptions {
  /** Lets the request outlive the page: for the last words of a page that is being closed. */
  keepalive?: boolean;
  signal?: AbortSignal;
  deadlineMs?: number;
}

const defaultDeadlineMs = 15_000;

export const api = {
  get: <T>(path: string, options?: RequestOptions): Promise<T> => call<T>("GET", path, undefined, options),
  post: <T = undefined>(path: string, body: unknown = {}, options?: RequestOptions): Promise<T> =>
    call<T>("POST", path, body, options),
  delete: <T = undefined>(path: string, options?: RequestOptions): Promise<T> =>
    call<T>("DELETE", path, undefined, options),
};

export async function call<T>(
  method: string,
  path: string,
  body: unknown,
  options: RequestOptions = {},
): Promise<T> {
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, options.deadlineMs ?? defaultDeadlineMs);
  const abort = (): void => {
    controller.abort();
  };
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    const response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      keepalive: options.keepalive ?? false,
      cache: "no-store",
      signal: controller.signal,
    });
    if (!response.ok) throw await problem(response);
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, late ? "timeout" : "network");
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
  }
}

/** Reads problem+json; anything else (a proxy's page, for instance) becomes `internal`. */
export async function problem(response: Response): Promise<ApiError> {
  try {
    const { code, params } = (await response.json()) as { code?: unknown; params?: unknown };
    return new ApiError(response.status, typeof code === "string" ? code : "internal", clean(params), params);
  } catch {
    return new ApiError(response.status, response.status === 429 ? "link.throttled" : "internal");
  }
}

function clean(params: unknown): ErrorParams {
  if (typeof params !== "object" || params === null) return {};
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => typeof value === "string" || typeof value === "number"),
  );
}
