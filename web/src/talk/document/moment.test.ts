import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Added, Part, Ways } from "../../call/channel";
import { type CallState, initialState } from "../../call/state";
import { framed } from "../files/words";
import { GuestMoment } from "./guestMoment";
import { largestStill } from "./jpeg";
import { StaffMoment } from "./staffMoment";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Until it is so; what waits for a time has it at once. */
async function until(check: () => boolean): Promise<void> {
  for (let step = 0; !check(); step++) {
    if (step === 1_000) throw new Error(check.toString());
    await vi.advanceTimersByTimeAsync(40);
  }
}

class End extends EventTarget {
  readyState = "open";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  binaryType = "blob";
  peer: End | undefined;

  send(data: ArrayBuffer): void {
    this.peer?.dispatchEvent(new MessageEvent("message", { data }));
  }
}

class Wire {
  private readonly parts: (Part | undefined)[] = [undefined, undefined];
  ends: [End, End] = [new End(), new End()];
  /** What the two have said. */
  said: Added[] = [];
  cut = false;

  page(index: 0 | 1): {
    attend: (part: Part) => () => void;
    tell: (message: Added) => boolean;
    subscribe: (listener: (state: CallState) => void) => () => void;
  } {
    return {
      attend: (part) => ((this.parts[index] = part), () => undefined),
      tell: (message) => {
        if (this.cut) return false;
        this.said.push(message);
        this.parts[1 - index]?.heard(JSON.parse(JSON.stringify(message)) as Added);
        return true;
      },
      subscribe: (listener) => (listener(initialState), () => undefined),
    };
  }

  /** A new connection between them. */
  connect(other = ""): void {
    this.cut = false;
    this.ends = [new End(), new End()];
    [this.ends[0].peer, this.ends[1].peer] = [this.ends[1], this.ends[0]];
    this.parts.forEach((part, index) => {
      const way = this.ends[index] as unknown as RTCDataChannel;
      part?.opened?.({ quick: way, files: way, other } as Ways);
    });
  }
}

/** The smallest picture that has all the parts of one, and as many bytes behind its scan's head as wanted. */
function still(width = 40, bytes = 3): Blob {
  const head = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 30, width >> 8, width & 255, 1, 1, 0x11, 0];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  return new Blob([new Uint8Array([...head, ...scan]), new Uint8Array(bytes), new Uint8Array([0xff, 0xd9])]);
}

function pair(): { wire: Wire; guest: GuestMoment; staff: StaffMoment; seen: () => number } {
  const wire = new Wire();
  let count = 0;
  const guest = new GuestMoment(wire.page(0));
  const staff = new StaffMoment(wire.page(1), () => count++);
  wire.connect();
  return { wire, guest, staff, seen: () => count };
}

const stages = ({ guest, staff }: { guest: GuestMoment; staff: StaffMoment }): string =>
  `${guest.state.value.stage} ${staff.state.value.stage}`;

/** To the point where the advisor sees the picture. */
async function shown(): Promise<ReturnType<typeof pair>> {
  const both = pair();
  both.staff.ask();
  both.guest.accept();
  both.guest.ready();
  both.guest.send(still());
  await until(() => stages(both) === "seen seen");
  return both;
}

const ended = "none none";

test("an advisor asks, the guest agrees, opens the camera and sends: it is seen once, and gone on both sides", async () => {
  const both = pair();
  const { guest, staff, seen } = both;
  staff.ask();
  expect(stages(both)).toBe("asked asked");
  guest.accept();
  guest.ready();
  expect(stages(both)).toBe("aiming ready");
  guest.send(still());
  await until(() => stages(both) === "seen seen");
  expect(seen()).toBe(1);
  const { url } = staff.state.value;
  guest.end();
  expect(stages(both)).toBe(ended);
  expect(staff.state.value).toEqual({ stage: "none", here: 0, keep: {}, over: "ended" });
  await expect(fetch(url ?? "")).rejects.toThrow();
});

test("what a guest offers begins once the advisor wants to see it", () => {
  const both = pair();
  both.guest.wish();
  expect(stages(both)).toBe("wishing wished");
  both.staff.ask();
  expect(stages(both)).toBe("aiming asked");
});

test("either side may say no, and is left in peace for a while", () => {
  const both = pair();
  const { guest, staff } = both;
  guest.wish();
  staff.refuseWish();
  expect(guest.state.value.over).toBe("declined");
  guest.end();
  guest.wish();
  expect(stages(both)).toBe("wishing none");
  guest.decline();
  staff.ask();
  guest.decline();
  expect(staff.state.value.over).toBe("declined");
  staff.ask();
  expect(stages(both)).toBe("none asked");
});

test("a camera that does not go is told to who waits for it", () => {
  const both = pair();
  both.staff.ask();
  both.guest.accept();
  both.guest.decline("camera");
  expect(both.staff.state.value).toMatchObject({ stage: "none", over: "camera" });
});

test("it is kept only if both agree, and who asked may save it, also when the other ends it", async () => {
  const { guest, staff } = await shown();
  staff.setKeep(true);
  expect(guest.state.value.keep).toEqual({ theirs: true });
  guest.setKeep(true);
  expect(staff.state.value.keep).toEqual({ mine: true, theirs: true, asked: true });
  expect(guest.state.value.keep).toEqual({ mine: true, theirs: true, asked: false });
  guest.end();
  expect(staff.state.value).toMatchObject({ stage: "kept" });
  expect(staff.state.value.url).toBeDefined();
  staff.end();
  expect(staff.state.value.url).toBeUndefined();
});

test("where one says no nothing is left", async () => {
  const both = await shown();
  both.guest.setKeep(true);
  both.staff.setKeep(false);
  both.staff.end();
  expect(stages(both)).toBe(ended);
  expect(both.guest.state.value.over).toBe("ended");
});

test("who has agreed that the other one saves it is told so at the end", async () => {
  const { guest, staff } = await shown();
  staff.setKeep(true);
  guest.setKeep(true);
  staff.end();
  expect(guest.state.value).toMatchObject({ stage: "none", over: "saved" });
});

test("AVA-02: a connection that is lost in the middle does not end it", async () => {
  const both = pair();
  const { wire, guest, staff } = both;
  wire.cut = true;
  staff.ask();
  wire.connect();
  expect(stages(both)).toBe("asked asked");
  wire.cut = true;
  guest.accept();
  guest.ready();
  wire.connect();
  expect(stages(both)).toBe("aiming ready");
  guest.send(still(40, 200_000));
  await until(() => staff.state.value.here > 0.2);
  wire.ends[0].readyState = "closed";
  wire.ends[0].peer = undefined;
  wire.cut = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(staff.state.value.stage).toBe("receiving");
  wire.connect();
  await until(() => stages(both) === "seen seen");
  wire.cut = true;
  staff.setKeep(true);
  wire.connect();
  expect(guest.state.value.keep.theirs).toBe(true);
  wire.cut = true;
  staff.end();
  wire.connect();
  expect(guest.state.value).toMatchObject({ stage: "none", over: "gone" });
});

test("a page that is loaded anew ends it on the other side, and an ask reaches it", async () => {
  const { wire, staff } = await shown();
  const guest = new GuestMoment(wire.page(0));
  wire.connect();
  expect(staff.state.value).toMatchObject({ stage: "none", over: "gone" });
  staff.ask();
  expect(guest.state.value.stage).toBe("asked");
});

test("somebody else on the other side sees nothing of it", async () => {
  const both = await shown();
  both.wire.connect("somebody else");
  expect(stages(both)).toBe(ended);
  expect(both.staff.state.value.url).toBeUndefined();
});

/** A guest's page that says what it likes. */
function hostile(): { staff: StaffMoment; says: (message: Added) => void; wants: () => Added[]; wire: Wire } {
  const wire = new Wire();
  const staff = new StaffMoment(wire.page(1), () => undefined);
  const { tell, attend } = wire.page(0);
  attend({ heard: () => undefined });
  wire.connect();
  const wants = (): Added[] => wire.said.filter((message) => message.do === "want");
  return { staff, wire, says: (message) => void tell(message), wants };
}

const offer = (size: number, id = "still"): Added => ({ t: "still", do: "offer", id, name: "", size });

test("what was asked of one person is not taken from the next", () => {
  const { staff, says, wants, wire } = hostile();
  staff.ask();
  wire.connect("somebody else");
  expect(staff.state.value).toMatchObject({ stage: "none", over: "gone" });
  says(offer(1_000));
  expect(wants()).toEqual([]);
});

test("a picture that nobody has asked for is not wanted", () => {
  const { staff, says, wants } = hostile();
  says(offer(1_000));
  says({ t: "document", do: "wish" });
  says(offer(1_000));
  expect(wants()).toEqual([]);
  expect(staff.state.value).toMatchObject({ stage: "wished" });
});

test("of a moment the first picture is taken, and no second one", () => {
  const { staff, says, wants } = hostile();
  staff.ask();
  says(offer(1_000));
  says(offer(1_000, "another"));
  expect(wants().map(({ id }) => id)).toEqual(["still"]);
});

test("INP-05: what is larger than a picture is not wanted", () => {
  const { staff, says, wants } = hostile();
  staff.ask();
  says(offer(largestStill + 1));
  expect(wants()).toEqual([]);
  expect(staff.state.value).toMatchObject({ stage: "none", over: "unlike" });
});

test.each([
  ["a picture with more pixels than anybody can bear", still(0x7fff)],
  ["a text", new Blob(["Guten Tag"])],
  ["a picture of another kind", new Blob(["\x89PNG\r\n\x1a\n and so on"])],
])("INP-05: %s is thrown away before anybody decodes it", async (_, content) => {
  const { staff, says, wants, wire } = hostile();
  staff.ask();
  says(offer(content.size));
  const [want] = wants();
  wire.ends[0].send(framed(want?.run as number, new Uint8Array(await content.arrayBuffer())));
  await until(() => staff.state.value.stage === "none");
  expect(staff.state.value).toEqual({ stage: "none", here: 0, keep: {}, over: "unlike" });
});

test("a picture that is longer than was said is thrown away", () => {
  const { staff, says, wants, wire } = hostile();
  staff.ask();
  says(offer(100));
  wire.ends[0].send(framed(wants()[0]?.run as number, new Uint8Array(101)));
  expect(staff.state.value).toMatchObject({ stage: "none", over: "unlike" });
});

test("words that are not exactly one of ours are not heard", () => {
  const { staff, says } = hostile();
  for (const message of [
    { t: "document" },
    { t: "document", do: "ready" },
    { t: "document", do: "wish", id: 7 },
    { t: "document", do: "wish", id: "x".repeat(65) },
    { t: "document", do: "keep", id: "a", yes: "true" },
    { t: "still", do: "wish" },
  ])
    says(message);
  expect(staff.state.value.stage).toBe("none");
});
