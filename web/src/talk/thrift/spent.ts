/** How much a page's connections have carried, both ways, and how much that would be in ten minutes. */
export class Spent {
  private closed = 0;
  private current = 0;
  private looks: { at: number; bytes: number }[] = [];

  /** Another connection, which counts from its own beginning. */
  begin(): void {
    this.closed += this.current;
    this.current = 0;
  }

  take(bytes: number, at: number): void {
    this.current = bytes;
    this.looks = [...this.looks, { at, bytes: this.bytes }].slice(-mostLooks);
  }

  /** Since this page was loaded. */
  get bytes(): number {
    return this.closed + this.current;
  }

  /** By what the latest looks have shown; undefined before there are two. */
  get inTenMinutes(): number | undefined {
    const [first] = this.looks;
    const last = this.looks.at(-1);
    if (!first || !last || last.at <= first.at) return undefined;
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 600_000;
  }
}

/** Half a minute: long enough for a number that stands still, and soon that of another level. */
const mostLooks = 7;

/** Before each packet stand as many bytes of UDP and IPv4 (RFC 768, RFC 791), which nobody's statistics count. */
const headers = 28;

/** Of a connection's statistics (W3C webrtc-stats); a browser that says nothing of the transport (Firefox) tells it of each stream. */
export function carried(report: Iterable<Readonly<Record<string, unknown>>>): number {
  let transport = 0;
  let streams = 0;
  for (const entry of report) {
    const bytes = count(entry.bytesSent) + count(entry.bytesReceived);
    const packets = count(entry.packetsSent) + count(entry.packetsReceived);
    if (entry.type === "transport") transport += bytes + packets * headers;
    if (entry.type === "inbound-rtp" || entry.type === "outbound-rtp")
      streams += bytes + count(entry.headerBytesSent) + count(entry.headerBytesReceived) + packets * headers;
  }
  return transport || streams;
}

function count(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
