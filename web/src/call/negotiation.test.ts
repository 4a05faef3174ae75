import { expect, test, vi } from "vitest";
import { type Negotiable, Negotiation, type RestartSignal } from "./negotiation";

/** The signalling states of JSEP, without media: enough to see who gives way. */
class FakeConnection implements Negotiable {
  signalingState: RTCSignalingState = "stable";
  completed = 0;
  /** How often a description of its own came into force, or was taken back. */
  described = 0;
  private offers = 0;

  constructor(private readonly name: string) {}

  async createOffer(): Promise<RTCSessionDescriptionInit> {
    await Promise.resolve();
    return { type: "offer", sdp: `${this.name} offer ${++this.offers}` };
  }

  async createAnswer(): Promise<RTCSessionDescriptionInit> {
    await Promise.resolve();
    if (this.signalingState !== "have-remote-offer") throw new Error("no offer to answer");
    return { type: "answer", sdp: `${this.name} answer` };
  }

  async setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
    this.described++;
    if (description?.type === "offer") this.move("stable", "have-local-offer");
    else this.complete("have-remote-offer");
  }

  async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
    if (description.type === "answer") this.complete("have-local-offer");
    // An offer takes back one's own by itself (JSEP §4.1.8.2).
    else this.signalingState = "have-remote-offer";
  }

  private move(from: RTCSignalingState, to: RTCSignalingState): void {
    if (this.signalingState !== from) throw new Error(`${this.signalingState} is not ${from}`);
    this.signalingState = to;
  }

  private complete(from: RTCSignalingState): void {
    this.move(from, "stable");
    this.completed++;
  }
}

class Side {
  readonly pc: FakeConnection;
  readonly negotiation: Negotiation;
  readonly sent: RestartSignal[] = [];
  failing = false;

  constructor(name: string, polite: boolean) {
    this.pc = new FakeConnection(name);
    this.negotiation = new Negotiation(this.pc, polite, async (signal) => {
      await Promise.resolve();
      if (this.failing) throw new Error("no network");
      this.sent.push(signal);
    });
  }

  async take(signal: RestartSignal): Promise<void> {
    if (signal.kind === "restart-offer") await this.negotiation.takeOffer(signal.sdp);
    else await this.negotiation.takeAnswer(signal.sdp);
  }
}

/** Passes on what was sent, in order, until both are silent. */
async function settle(guest: Side, staff: Side): Promise<void> {
  for (let round = 0; round < 20 && guest.sent.length + staff.sent.length > 0; round++) {
    const fromGuest = guest.sent.shift();
    if (fromGuest) await staff.take(fromGuest);
    const fromStaff = staff.sent.shift();
    if (fromStaff) await guest.take(fromStaff);
  }
}

const pair = (): [Side, Side] => [new Side("guest", true), new Side("staff", false)];

test.each(["guest", "staff"])("AVA-02: a restart by the %s is answered", async (who) => {
  const [guest, staff] = pair();
  await (who === "guest" ? guest : staff).negotiation.restart();
  await settle(guest, staff);
  for (const side of [guest, staff])
    expect(side.pc).toMatchObject({ signalingState: "stable", completed: 1 });
});

test("AVA-02: when both begin at once the guest gives way, and one restart succeeds", async () => {
  const [guest, staff] = pair();
  await Promise.all([guest.negotiation.restart(), staff.negotiation.restart()]);
  await settle(guest, staff);
  for (const side of [guest, staff])
    expect(side.pc).toMatchObject({ signalingState: "stable", completed: 1 });
});

test("one offer is under way at a time", async () => {
  const [guest] = pair();
  await Promise.all([guest.negotiation.restart(), guest.negotiation.restart()]);
  await guest.negotiation.restart();
  expect(guest.sent).toHaveLength(1);
  expect(guest.negotiation.underWay).toBe(true);
});

test("an answer is not waited for for ever", async () => {
  vi.useFakeTimers();
  try {
    const [guest, staff] = pair();
    await guest.negotiation.restart();
    vi.advanceTimersByTime(30_000);
    expect(guest.negotiation.unanswered).toBe(false);
    vi.advanceTimersByTime(1);
    expect(guest.negotiation.unanswered).toBe(true);
    // Whoever answers waits for nothing.
    staff.pc.signalingState = "have-remote-offer";
    expect(staff.negotiation.unanswered).toBe(false);
    staff.pc.signalingState = "stable";
    await settle(guest, staff);
    expect(guest.negotiation.unanswered).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

test("an offer that could not be sent leaves no trace, so that the next one can be", async () => {
  const [guest, staff] = pair();
  guest.failing = true;
  await expect(guest.negotiation.restart()).rejects.toThrow("no network");
  expect(guest.pc).toMatchObject({ signalingState: "stable", described: 0 });
  guest.failing = false;
  await guest.negotiation.restart();
  await settle(guest, staff);
  expect(guest.pc.completed).toBe(1);
});

test("an answer that is here before the offer's own request has come back is taken", async () => {
  const [guest, staff] = pair();
  const restarted = guest.negotiation.restart();
  while (guest.sent.length === 0) await Promise.resolve();
  await settle(guest, staff);
  await restarted;
  expect(guest.pc).toMatchObject({ signalingState: "stable", completed: 1 });
});

test("an answer to an offer that was taken back is ignored", async () => {
  const [guest] = pair();
  await guest.negotiation.takeAnswer("late answer");
  expect(guest.pc.completed).toBe(0);
});
