import { api } from "../api/client";
import type { Path, TestDescription, TestPaths } from "../api/types";
import { outgoing } from "./sdp";

export interface PathResult {
  path: Path;
  ok: boolean;
  /** Until the first message came back; only when it did. */
  ms?: number;
}

const deadlineMs = 8_000;

/** Asks which ways to the relay there are, then tries them one after the other (docs/protocol.md §5). */
export async function testPaths(report: (result: PathResult) => void): Promise<PathResult[]> {
  const { paths, id } = await api.post<TestPaths>("/api/test/paths", {});
  const results: PathResult[] = [];
  for (const path of paths) {
    const result = await testPath(id, path).catch(() => ({ path, ok: false }));
    results.push(result);
    report(result);
  }
  return results;
}

/** Two connections of this page, one to each leg of the relay; a word sent by one must come back from the other. */
async function testPath(id: string, path: Path): Promise<PathResult> {
  const describe = (side: "a" | "b", sdp: string): Promise<TestDescription> =>
    api.post<TestDescription>("/api/test/describe", { id, path, side, sdp: outgoing(sdp) });
  const a = new RTCPeerConnection({ iceServers: [] });
  const b = new RTCPeerConnection({ iceServers: [] });
  try {
    const channel = a.createDataChannel("test", { negotiated: true, id: 0 });
    const echo = b.createDataChannel("test", { negotiated: true, id: 0 });
    echo.addEventListener("message", () => {
      echo.send("back");
    });
    const offer = await a.createOffer();
    const forB = await describe("a", offer.sdp ?? "");
    useServers(a, forB);
    await a.setLocalDescription(offer);
    await b.setRemoteDescription({ type: "offer", sdp: forB.sdp });
    const answer = await b.createAnswer();
    const forA = await describe("b", answer.sdp ?? "");
    useServers(b, forA);
    await b.setLocalDescription(answer);
    const begun = performance.now();
    const back = firstMessage(channel);
    await a.setRemoteDescription({ type: "answer", sdp: forA.sdp });
    const ok = await back;
    return ok ? { path, ok, ms: Math.round(performance.now() - begun) } : { path, ok };
  } finally {
    a.close();
    b.close();
  }
}

/** Before the description is set: with it, the browser begins to look for ways. */
function useServers(pc: RTCPeerConnection, { iceServers }: TestDescription): void {
  if (iceServers) pc.setConfiguration({ iceServers, iceTransportPolicy: "relay" });
}

function firstMessage(channel: RTCDataChannel): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(false);
    }, deadlineMs);
    channel.addEventListener("open", () => {
      channel.send("there");
    });
    channel.addEventListener("message", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
