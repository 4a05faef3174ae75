import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Added, Part, Ways } from "../../call/channel";
import { type CallState, initialState } from "../../call/state";
import { type Shared, Transfers } from "./transfers";
import { framed, largest, mostOffers } from "./words";

/** Until it is so; what waits for a time has it at once. */
async function until(check: () => void): Promise<void> {
  for (let step = 0; ; step++) {
    try {
      check();
      return;
    } catch (error) {
      if (step === 1_000) throw error;
    }
    await vi.advanceTimersByTimeAsync(40);
  }
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** One end of the channel for bytes, whose other end has them at once. */
class End extends EventTarget {
  readyState = "open";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  binaryType = "blob";
  peer: End | undefined;
  sent = 0;

  send(data: ArrayBuffer): void {
    this.sent += data.byteLength;
    this.peer?.dispatchEvent(new MessageEvent("message", { data }));
  }
}

interface Page {
  transfers: Transfers;
  part: Part;
  files: () => string[];
  first: () => Shared;
}

const pdf = (size: number, name = "Bescheid.pdf"): File => {
  const content = new Uint8Array(size).fill(7);
  content.set(new TextEncoder().encode("%PDF-1.7\n"));
  return new File([content], name);
};

/** Two pages; what one tells, the other hears. `connect` is a new connection between them. */
function pair(): { one: Page; two: Page; connect: (other?: string) => [End, End]; ends: () => [End, End] } {
  const pages: Page[] = [];
  const page = (index: 0 | 1): Page => {
    let part: Part = { heard: () => undefined };
    const transfers = new Transfers(
      {
        attend: (given) => ((part = given), () => undefined),
        tell: (message: Added) => (
          pages[1 - index]?.part.heard(JSON.parse(JSON.stringify(message)) as Added),
          true
        ),
        subscribe: (listener: (state: CallState) => void) => (listener(initialState), () => undefined),
      },
      () => "Datei",
    );
    const files = (): string[] => transfers.files.value.map(({ name, state }) => `${name} ${state}`);
    const first = (): Shared => {
      const [file] = transfers.files.value;
      if (!file) throw new Error("no file");
      return file;
    };
    return { transfers, part, files, first };
  };
  const [one, two] = [page(0), page(1)];
  pages.push(one, two);
  let ends: [End, End] = [new End(), new End()];
  const connect = (other = ""): [End, End] => {
    ends = [new End(), new End()];
    [ends[0].peer, ends[1].peer] = [ends[1], ends[0]];
    pages.forEach(({ part }, index) => {
      const way = ends[index] as unknown as RTCDataChannel;
      part.opened?.({ quick: way, files: way, other } as Ways);
    });
    return ends;
  };
  connect();
  return { one, two, connect, ends: () => ends };
}

const contentOf = async ({ url }: { url?: string }): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(url ?? "")).arrayBuffer());

test("a file is offered, and comes once it is wanted, whole", async () => {
  const { one, two, ends } = pair();
  const file = pdf(50_000);
  expect(await one.transfers.offer(file)).toBeUndefined();
  expect(two.files()).toEqual(["Bescheid.pdf offered"]);
  expect(ends()[0].sent).toBe(0); // nothing leaves before
  two.transfers.receiving.accept(two.first().id);
  await until(() => {
    expect(two.files()).toEqual(["Bescheid.pdf here"]);
  });
  expect(one.files()).toEqual(["Bescheid.pdf arrived"]);
  expect(await contentOf(two.first() as { url?: string })).toEqual(new Uint8Array(await file.arrayBuffer()));
});

test("AVA-02: after a pause and over a new connection it goes on where it stopped", async () => {
  const { one, two, connect, ends } = pair();
  const file = pdf(300_000);
  await one.transfers.offer(file);
  two.transfers.receiving.accept(two.first().id);
  await until(() => {
    expect(two.first().done).toBeGreaterThan(50_000);
  });
  two.transfers.receiving.pause(two.first().id);
  expect(one.files()).toEqual(["Bescheid.pdf paused"]);
  const { done } = two.first();
  ends()[0].readyState = "closed";
  connect();
  expect(two.first()).toMatchObject({ state: "paused", done });
  two.transfers.receiving.accept(two.first().id);
  await until(() => {
    expect(two.first().done).toBeGreaterThan(done);
  });
  const [before] = ends();
  before.readyState = "closed";
  const [after] = connect();
  await until(() => {
    expect(two.files()).toEqual(["Bescheid.pdf here"]);
  });
  expect(before.sent + after.sent).toBeLessThan(file.size);
  expect(await contentOf(two.first() as { url?: string })).toEqual(new Uint8Array(await file.arrayBuffer()));
});

test("who sends can halt it, too, and take it back", async () => {
  const { one, two } = pair();
  await one.transfers.offer(pdf(400_000));
  two.transfers.receiving.accept(two.first().id);
  one.transfers.sending.hold(one.first().id);
  expect(two.files()).toEqual(["Bescheid.pdf held"]);
  one.transfers.sending.resume(one.first().id);
  expect(two.files()).toEqual(["Bescheid.pdf receiving"]);
  one.transfers.sending.withdraw(one.first().id);
  expect(two.files()).toEqual(["Bescheid.pdf gone"]);
});

test("what is not wanted never leaves", async () => {
  const { one, two, ends } = pair();
  await one.transfers.offer(pdf(1_000));
  two.transfers.receiving.decline(two.first().id);
  expect([one.files(), two.files(), ends()[0].sent]).toEqual([
    ["Bescheid.pdf declined"],
    ["Bescheid.pdf declined"],
    0,
  ]);
});

test("INP-05: what may not be sent is refused by who would send it", async () => {
  const { one, two } = pair();
  const offer = (file: File): Promise<string | undefined> => one.transfers.offer(file);
  expect(await offer(new File([], "leer.pdf"))).toBe("empty");
  expect(await offer(pdf(largest + 1))).toBe("large");
  expect(await offer(new File(["MZ\0\0"], "Bescheid.pdf"))).toBe("kind");
  for (let n = 0; n < mostOffers; n++) expect(await offer(pdf(100))).toBeUndefined();
  expect(await offer(pdf(100))).toBe("many");
  expect(two.files()).toHaveLength(mostOffers);
});

test("INP-05: what comes is looked into, whatever was announced", async () => {
  const { two, ends } = pair();
  two.part.heard({ t: "file", do: "offer", id: "a", name: "../../x.pdf.exe", size: 4 });
  const told = vi.fn();
  ends()[0].addEventListener("message", told);
  two.transfers.receiving.accept("a");
  const { run } = two.first() as unknown as { run: number };
  ends()[0].send(framed(run, new TextEncoder().encode("MZ\0\0")));
  await until(() => {
    expect(two.files()).toEqual(["x.pdf.exe unlike"]);
  });
  expect(two.first()).not.toHaveProperty("url");
});

test("INP-05: who sends more than was announced is not listened to", () => {
  const { two, ends } = pair();
  two.part.heard({ t: "file", do: "offer", id: "a", name: "a.pdf", size: 10 });
  two.transfers.receiving.accept("a");
  const { run } = two.first() as unknown as { run: number };
  ends()[0].send(framed(run, new Uint8Array(11)));
  expect(two.files()).toEqual(["a.pdf unlike"]);
});

test("INP-05: nobody sends what was not asked for, or fills the list", () => {
  const { two, ends } = pair();
  two.part.heard({ t: "file", do: "offer", id: "a", name: "a.pdf", size: 10 });
  for (let run = 0; run < 1_000; run++) ends()[0].send(framed(run, new Uint8Array(5)));
  expect(two.first()).toMatchObject({ state: "offered", done: 0 });
  for (let n = 0; n < 10_000; n++)
    two.part.heard({ t: "file", do: "offer", id: `b${n}`, name: "b", size: 1 });
  expect(two.files()).toHaveLength(mostOffers);
});

test.each([
  { do: "offer", id: "a b", name: "x", size: 1 },
  { do: "offer", id: "a", name: "x", size: 0 },
  { do: "offer", id: "a", name: "x", size: largest + 1 },
  { do: "offer", id: "a", name: "x", size: 1.5 },
  { do: "offer", id: "a", name: 7, size: 1 },
  { do: "want", id: "a", from: -1, run: 1 },
  { do: "want", id: "a", from: 0, run: 2 ** 32 },
  { do: "have", ids: "a" },
  { do: "got" },
  { do: "constructor", id: "a" },
  {},
])("INP-06: %j is ignored", async (message) => {
  const { one } = pair();
  await one.transfers.offer(pdf(100));
  one.part.heard({ t: "file", ...message });
  expect(one.files()).toEqual(["Bescheid.pdf offered"]);
});

test("a page that was loaded anew has nothing more on offer, and is offered again what it lacks", async () => {
  const { one, two } = pair();
  await one.transfers.offer(pdf(100));
  await two.transfers.offer(pdf(100, "Antwort.pdf"));
  two.part.heard({ t: "file", do: "have", ids: [] }); // as a new page in place of the first says
  expect(two.files()).toEqual(["Bescheid.pdf gone", "Antwort.pdf offered"]);
  const said = vi.fn();
  one.part.heard = said;
  two.part.heard({ t: "file", do: "again" });
  expect(said.mock.calls.map(([word]) => (word as Added).do)).toEqual(["offer", "have"]);
});

test("what was offered to one member of staff is not offered to the next", async () => {
  const { one, two, connect } = pair();
  connect("Sabine Krüger");
  await one.transfers.offer(pdf(100));
  connect("Jonas Winter");
  expect(one.files()).toEqual(["Bescheid.pdf gone"]);
  two.transfers.receiving.accept(two.first().id);
  await Promise.resolve();
  expect(two.first().state).not.toBe("here");
});

test("INP-05: pieces that are smaller than they need be are not taken", () => {
  const { two, ends } = pair();
  two.part.heard({ t: "file", do: "offer", id: "a", name: "a.pdf", size: 40_000 });
  two.transfers.receiving.accept("a");
  const { run } = two.first() as unknown as { run: number };
  ends()[0].send(framed(run, new Uint8Array(1)));
  expect(two.files()).toEqual(["a.pdf unlike"]);
});

test("what one person had on offer is not asked of the next", async () => {
  const { one, two, connect } = pair();
  connect("device 0");
  await one.transfers.offer(pdf(100_000));
  two.transfers.receiving.accept(two.first().id);
  connect("device 1");
  expect(two.files()).toEqual(["Bescheid.pdf gone"]);
});

test("AVA-02: what became of a file is said again where it is offered again", async () => {
  const { one, two } = pair();
  await one.transfers.offer(pdf(100));
  const heard = one.part.heard.bind(one.part);
  one.part.heard = () => undefined; // nothing arrives
  two.transfers.receiving.decline(two.first().id);
  expect(one.files()).toEqual(["Bescheid.pdf offered"]);
  one.part.heard = heard;
  heard({ t: "file", do: "again" });
  expect(one.files()).toEqual(["Bescheid.pdf declined"]);
});

test("what a scanner finds something in is gone, and is not sent again", async () => {
  const { one, two, connect } = pair();
  await one.transfers.offer(pdf(5_000));
  const { id } = two.first();
  two.transfers.receiving.accept(id);
  await until(() => {
    expect(two.files()).toEqual(["Bescheid.pdf here"]);
  });
  const { url } = two.first() as { url?: string };
  two.transfers.receiving.scanned(id, { state: "clean" });
  expect(two.first()).toMatchObject({ state: "here", url, scan: { state: "clean" } });
  two.transfers.receiving.scanned(id, { state: "found", found: "Eicar" });
  expect(two.first()).toMatchObject({ state: "infected", url: undefined, whole: undefined });
  await expect(fetch(url ?? "")).rejects.toThrow();
  connect();
  expect(one.files()).toEqual(["Bescheid.pdf arrived"]);
  expect(two.files()).toEqual(["Bescheid.pdf infected"]);
});
