import { api, ApiError, type RequestOptions } from "../api/client";
import { openStream, type Stream, type StreamHandlers } from "../api/stream";
import type { GuestView, PublicAgency } from "../api/types";
import type { Acquired } from "../call/devices";

/** What one page asks the server about one seat. */
export class SeatServer {
  /** Names this loaded page; a reload is another page of the same browser. */
  private readonly page = crypto.randomUUID();
  seat = "";
  private secret: string | undefined;

  constructor(private readonly slug: string) {}

  async open(what: { secret: string } | { seat: string }): Promise<GuestView> {
    const view = await api.post<GuestView>(`/api/guest/${this.slug}/open`, what);
    this.seat = view.seat;
    if ("secret" in what) this.secret = what.secret;
    return view;
  }

  agency(): Promise<PublicAgency> {
    return api.get<PublicAgency>(`/api/guest/${this.slug}`);
  }

  async post<T = GuestView>(action: string, body: object, options?: RequestOptions): Promise<T> {
    const send = (): Promise<T> =>
      api.post<T>(`/api/guest/${this.slug}/seats/${this.seat}/${action}`, body, options);
    try {
      return await send();
    } catch (error) {
      // So many others have opened the link since that the server has forgotten this browser: it shows the link again.
      const { secret } = this;
      if (secret === undefined || !(error instanceof ApiError) || error.code !== "seat.unknown") throw error;
      await this.open({ secret });
      return send();
    }
  }

  /** For what only the page that holds the seat may do, or is about to. */
  asPage<T = GuestView>(action: string, body: object = {}, options?: RequestOptions): Promise<T> {
    return this.post<T>(action, { page: this.page, ...body }, options);
  }

  /** The visit goes on, whether or not this is heard. */
  tell(result: "looked" | "started" | "ok" | "failed", devices?: Acquired): void {
    const states = devices && { camera: devices.camera, microphone: devices.microphone };
    void this.post("check", { result, ...states }).catch(() => undefined);
  }

  presence(visible: boolean): void {
    void this.asPage("presence", { visible }, { keepalive: true }).catch(() => undefined);
  }

  stream(handlers: StreamHandlers): Stream {
    return openStream(`/api/guest/${this.slug}/seats/${this.seat}/stream?page=${this.page}`, handlers);
  }
}
