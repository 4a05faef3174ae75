import type { ApiError } from "../../api/client";
import { type Kind, kindOf as anyKind } from "./kind";
import { savedName } from "./name";
import { type FileWord, frameBytes, mostListed, mostOffers, unframed } from "./words";

export type ReceiveState =
  | "offered"
  | "receiving"
  | "paused"
  | "held"
  | "checked"
  | "here"
  | "declined"
  | "unlike"
  | "infected"
  | "gone";

/** What a virus scanner says of a file, on the side that has one. */
export type Scan =
  | { readonly state: "running" | "clean" }
  /** And what it calls that. */
  | { readonly state: "found"; readonly found: string }
  | { readonly state: "failed"; readonly error: ApiError };

/** A file of the other side. */
export interface Received {
  readonly mine: false;
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly state: ReceiveState;
  /** Bytes that are here. */
  readonly done: number;
  /** Once it is here: what it is, and where this page can have it, as long as the talk lasts. */
  readonly kind?: Kind;
  readonly url?: string;
  readonly whole?: Blob;
  readonly scan?: Scan;
}

interface Incoming extends Omit<Received, "url" | "whole"> {
  readonly run?: number | undefined;
  readonly url?: string | undefined;
  readonly whole?: Blob | undefined;
}

/** In bytes; as many pieces become one, which the browser need not keep in memory. */
const mostLoose = 1 << 20;

/** What the other side offers; nothing comes that nobody here has asked for. */
export class Receiving {
  private list: readonly Incoming[] = [];
  private readonly pieces = new Map<string, Pieces>();
  private channel: RTCDataChannel | undefined;

  constructor(
    private readonly tell: (word: FileWord) => void,
    private readonly changed: () => void,
    /** How a file is called whose name has nothing readable in it. */
    private readonly nameless: () => string,
    /** What may come at all. */
    private readonly kindOf: (whole: Blob) => Promise<Kind | undefined> = anyKind,
  ) {}

  get files(): readonly Received[] {
    return this.list;
  }

  /** Also after a pause: from where it stopped. */
  accept(id: string): void {
    const run = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const from = this.list.find((file) => file.id === id)?.done ?? 0;
    this.put(id, { state: "receiving", run });
    this.tell({ do: "want", id, from, run });
  }

  pause(id: string): void {
    this.put(id, { state: "paused", run: undefined });
    this.tell({ do: "pause", id });
  }

  decline(id: string): void {
    this.drop(id, "declined");
    this.tell({ do: "no", id });
  }

  opened(channel: RTCDataChannel): void {
    this.channel?.removeEventListener("message", this.arrived);
    this.channel = channel;
    channel.binaryType = "arraybuffer";
    channel.addEventListener("message", this.arrived);
    this.tell({ do: "again" });
    for (const { id, state } of this.list) if (state === "receiving") this.accept(id);
  }

  heard(word: FileWord): void {
    if (word.do === "offer") this.offered(word);
    if (word.do === "have")
      for (const { id } of this.list.filter(isOpen)) if (!word.ids.includes(id)) this.drop(id, "gone");
    if (word.do !== "hold" && word.do !== "gone") return;
    const theirs = this.list.find(({ id }) => id === word.id);
    if (!theirs || !isOpen(theirs)) return;
    if (word.do === "gone") this.drop(theirs.id, "gone");
    else if (theirs.state === "receiving") this.put(theirs.id, { state: "held", run: undefined });
  }

  /** What a scanner says of a file that is here; one in which it finds something can be neither opened nor saved. */
  scanned(id: string, scan: Scan): void {
    if (scan.state !== "found") {
      this.put(id, { scan });
      return;
    }
    const url = this.list.find((file) => file.id === id)?.url;
    if (url) URL.revokeObjectURL(url);
    this.put(id, { scan, state: "infected", url: undefined, whole: undefined });
  }

  /** Somebody else sits on the other side: what has not come from the first does not come from them. */
  forget(): void {
    for (const { id } of this.list.filter(isOpen)) this.drop(id, "gone");
  }

  /** The talk is over: what nobody has saved is gone. */
  close(): void {
    this.channel?.removeEventListener("message", this.arrived);
    for (const { url } of this.list) if (url) URL.revokeObjectURL(url);
    this.list = [];
    this.pieces.clear();
  }

  private offered({ id, name, size }: { id: string; name: string; size: number }): void {
    const known = this.list.find((file) => file.id === id);
    if (known) {
      this.again(known);
      return;
    }
    if (this.list.filter(isOpen).length >= mostOffers || this.list.length >= mostListed) return;
    const shown = name || this.nameless();
    this.list = [...this.list, { mine: false, id, name: shown, size, state: "offered", done: 0 }];
    this.changed();
  }

  /** It is offered again: what was said of it may have been lost, or the other side goes on with what it had held. */
  private again({ id, state }: Incoming): void {
    const said = { here: "got", infected: "got", declined: "no", unlike: "unlike", paused: "pause" } as const;
    if (state === "held") this.accept(id);
    else if (state in said) this.tell({ do: said[state as keyof typeof said], id });
  }

  private readonly arrived = ({ data }: MessageEvent<unknown>): void => {
    const frame = unframed(data);
    const theirs = frame && this.list.find(({ run }) => run === frame.run);
    if (!theirs) return;
    const done = theirs.done + frame.piece.length;
    // Small pieces would cost this page more than they cost the other one.
    if (done > theirs.size || (done < theirs.size && frame.piece.length < frameBytes)) {
      this.refuse(theirs.id);
      return;
    }
    this.piecesOf(theirs.id).add(frame.piece);
    this.put(theirs.id, { done });
    if (done === theirs.size) void this.check(theirs);
  };

  /** What is all here is looked into before anybody can open it. */
  private async check({ id, name }: Incoming): Promise<void> {
    this.put(id, { state: "checked", run: undefined });
    const whole = this.piecesOf(id).whole();
    const kind = await this.kindOf(whole).catch(() => undefined);
    if (this.list.find((file) => file.id === id)?.state !== "checked") return;
    if (!kind) {
      this.refuse(id);
      return;
    }
    const file = new Blob([whole], { type: kind.type });
    const url = URL.createObjectURL(file);
    this.pieces.delete(id);
    this.put(id, { state: "here", name: savedName(name, kind, this.nameless()), kind, url, whole: file });
    this.tell({ do: "got", id });
  }

  private refuse(id: string): void {
    this.drop(id, "unlike");
    this.tell({ do: "unlike", id });
  }

  private drop(id: string, state: ReceiveState): void {
    this.pieces.delete(id);
    this.put(id, { state, done: 0, run: undefined });
  }

  private piecesOf(id: string): Pieces {
    const known = this.pieces.get(id) ?? new Pieces();
    this.pieces.set(id, known);
    return known;
  }

  private put(id: string, now: Partial<Incoming>): void {
    this.list = this.list.map((file) => (file.id === id ? { ...file, ...now } : file));
    this.changed();
  }
}

function isOpen({ state }: Received): boolean {
  return state === "offered" || state === "receiving" || state === "paused" || state === "held";
}

class Pieces {
  private parts: Blob[] = [];
  private loose: Uint8Array<ArrayBuffer>[] = [];
  private size = 0;

  add(piece: Uint8Array<ArrayBuffer>): void {
    this.loose.push(piece);
    this.size += piece.length;
    if (this.size >= mostLoose) this.fasten();
  }

  whole(): Blob {
    this.fasten();
    return new Blob(this.parts);
  }

  private fasten(): void {
    this.parts.push(new Blob(this.loose));
    this.loose = [];
    this.size = 0;
  }
}
