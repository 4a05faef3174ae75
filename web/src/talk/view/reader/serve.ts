/**
 * What reads files of others is handed into the sandbox as text and runs there as a worker: without an origin, without a
 * page, without a network. Bytes come in, and what goes out are pixels and words.
 */
import type { FormRead } from "../../form/answer";
import { type Ask, type Answer, type Part, type Shown, type Why } from "../words";
import { Refused } from "./refused";

/** A file that is open. */
export interface Open {
  readonly pages: number;
  draw(number: number): Promise<Shown>;
  /** What can be filled in, where it is of a kind that can. */
  form?(): Promise<FormRead>;
  fill?(values: readonly unknown[]): Promise<ArrayBuffer | undefined>;
}

/** Asks the page outside for what a document needs besides. */
export type Fetch = (part: Part) => Promise<ArrayBuffer | undefined>;

type Opener = (bytes: ArrayBuffer, type: string, fetchPart: Fetch) => Promise<Open>;

export function serve(opener: Opener): void {
  addEventListener(
    "message",
    ({ ports: [way] }: MessageEvent) => {
      if (way) new Reader(way, opener);
    },
    { once: true },
  );
}

class Reader {
  private open: Promise<Open> | undefined;
  private readonly asked = new Map<Part, ReturnType<Fetch>>();
  private readonly told = new Map<Part, (bytes: ArrayBuffer | undefined) => void>();

  constructor(
    private readonly way: MessagePort,
    private readonly opener: Opener,
  ) {
    way.onmessage = ({ data }: MessageEvent<Ask>) => {
      this.take(data);
    };
  }

  private take(ask: Ask): void {
    if (ask.do === "part") this.told.get(ask.part)?.(ask.bytes);
    else if (ask.do === "open") this.answer(this.begin(ask.bytes, ask.type));
    else if (ask.do === "form") this.answer(this.form());
    else if (ask.do === "fill") this.answer(this.fill(ask.values));
    else this.answer(this.page(ask.number));
  }

  private async begin(bytes: ArrayBuffer, type: string): Promise<Answer> {
    if (typeof OffscreenCanvas === "undefined") throw new Refused("unable");
    this.open = this.opener(bytes, type, (part) => this.fetch(part));
    return { do: "opened", pages: (await this.open).pages };
  }

  private async page(number: number): Promise<Answer> {
    const open = await this.open;
    if (!open) throw new Refused("damaged");
    return { do: "shown", shown: await open.draw(number) };
  }

  private async form(): Promise<Answer> {
    const form = await (await this.open)?.form?.();
    if (!form) throw new Refused("damaged");
    return { do: "form", form };
  }

  private async fill(values: readonly unknown[]): Promise<Answer> {
    const bytes = await (await this.open)?.fill?.(values);
    return bytes ? { do: "filled", bytes } : { do: "filled" };
  }

  /** Once for each part. */
  private fetch(part: Part): ReturnType<Fetch> {
    const known = this.asked.get(part);
    if (known) return known;
    const asked = new Promise<ArrayBuffer | undefined>((resolve) => this.told.set(part, resolve));
    this.asked.set(part, asked);
    this.way.postMessage({ do: "need", part } satisfies Answer);
    return asked;
  }

  private answer(work: Promise<Answer>): void {
    work.then(
      (answer) => {
        this.way.postMessage(answer, bytesOf(answer));
      },
      (error: unknown) => {
        const why: Why = error instanceof Refused ? error.why : "damaged";
        this.way.postMessage({ do: "failed", why } satisfies Answer);
      },
    );
  }
}

/** What is handed over, not copied. */
function bytesOf(answer: Answer): Transferable[] {
  if (answer.do === "shown") return [answer.shown.pixels.buffer];
  return answer.do === "filled" && answer.bytes ? [answer.bytes] : [];
}
