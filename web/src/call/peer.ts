import { type Bytes, sameBytes, sha256 } from "./code";
import { Negotiation, type RestartSignal } from "./negotiation";
import { fingerprintOf, guestBegins, outgoing, parseFingerprint, sections, wantedSections } from "./sdp";

/** Where tracks go in; the same three for the whole life of a connection. */
export interface Senders {
  audio: RTCRtpSender;
  camera: RTCRtpSender;
  screen: RTCRtpSender;
}

export interface PeerEvents {
  connection(state: RTCPeerConnectionState): void;
  iceFailed(): void;
  /** The other end of the wire has another certificate than its description: somebody stands in between. */
  handshakeFailed(): void;
  /** First packet of a track, or its end by silence. */
  flowing(kind: "audio" | "camera" | "screen", flowing: boolean): void;
}

/** No server of anybody is asked for an address: the relay's stands in the description, and `useServers` names detours to it. */
const configuration: RTCConfiguration = {
  iceServers: [],
  bundlePolicy: "max-bundle",
  rtcpMuxPolicy: "require",
};

/** Enough for 720p; the relay caps a leg far above. */
const cameraBitrate = 1_500_000;
const screenBitrate = 2_000_000;
/**
 * A camera's pictures begin at half their width and height. Chromium holds whole ones too large for a network that it
 * does not know yet, throws the first four away and goes on with a quarter (libwebrtc, VideoStreamEncoder::DropDueToSize).
 */
const firstScale = 2;
/** From the answer to the first packet: the slowest ways, with the detour sought only after the others, take less. */
const overdueMs = 8_000;

export async function newCertificate(): Promise<RTCCertificate> {
  // Typed too narrowly in lib.dom: the named curve belongs to the algorithm.
  const algorithm: EcKeyGenParams = { name: "ECDSA", namedCurve: "P-256" };
  return RTCPeerConnection.generateCertificate(algorithm);
}

/** One connection of one generation: four sections, fixed from the beginning (docs/protocol.md §4). */
export class Peer {
  readonly pc: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  /** For what is of no use once it is late; nothing waits for what was lost before it. */
  readonly quick: RTCDataChannel;
  readonly files: RTCDataChannel;
  readonly stream = new MediaStream();
  readonly screen = new MediaStream();
  readonly negotiation: Negotiation;
  senders: Senders | undefined;
  localFingerprint: Bytes | undefined;
  remoteFingerprint: Bytes | undefined;
  private whole = false;
  private end: (reason: Error) => void = () => undefined;
  private readonly ended = new Promise<never>((_, reject) => {
    this.end = reject;
  });
  /** Guest: when the answer stood, until the connection does. */
  private acceptedAt: number | undefined;

  constructor(
    side: "guest" | "staff",
    certificate: RTCCertificate,
    send: (signal: RestartSignal) => Promise<void>,
    private readonly events: PeerEvents,
  ) {
    this.ended.catch(() => undefined);
    // The advisor's connection is made long before its description: it looks for this device's addresses meanwhile.
    const iceCandidatePoolSize = side === "staff" ? 1 : 0;
    this.pc = new RTCPeerConnection({ ...configuration, certificates: [certificate], iceCandidatePoolSize });
    // Before the channel: Firefox puts the sections of an offer in the order in which they were made.
    if (side === "guest") this.addSections();
    this.channel = this.pc.createDataChannel("visavis", { negotiated: true, id: 0 });
    const soonOrNever = { ordered: false, maxRetransmits: 0 };
    this.quick = this.pc.createDataChannel("quick", { negotiated: true, id: 1, ...soonOrNever });
    this.files = this.pc.createDataChannel("files", { negotiated: true, id: 2 });
    this.negotiation = new Negotiation(this.pc, side === "guest", send);
    this.pc.addEventListener("connectionstatechange", () => {
      if (this.pc.connectionState === "connected") this.acceptedAt = undefined;
      events.connection(this.pc.connectionState);
      // A connection fails by ICE or by DTLS (W3C WebRTC §4.3.3); where ICE stands, it was DTLS.
      if (this.pc.connectionState === "failed" && this.reachesRelay) events.handshakeFailed();
    });
    this.pc.addEventListener("iceconnectionstatechange", () => {
      if (this.pc.iceConnectionState === "failed") events.iceFailed();
    });
  }

  /** The guest's offer, ready to be answered; nothing waits for addresses to be gathered. */
  async offer(): Promise<string> {
    const offer = await this.pc.createOffer();
    await this.pc.setLocalDescription(offer);
    const sdp = outgoing(offer.sdp ?? "");
    this.localFingerprint = fingerprintOf(sdp);
    return sdp;
  }

  /** Calls `answered` as soon as the answer stands; the browser puts it into force meanwhile. */
  async answer(offer: string, answered: (sdp: string) => void): Promise<void> {
    this.remoteFingerprint = checked(offer);
    await this.pc.setRemoteDescription({ type: "offer", sdp: guestBegins(offer) });
    const [audio, camera, screen] = this.pc.getTransceivers();
    if (!audio || !camera || !screen) throw new Error("sections");
    for (const transceiver of [audio, camera, screen]) transceiver.direction = "sendrecv";
    this.adopt(audio, camera, screen);
    const answer = await this.pc.createAnswer();
    const sdp = outgoing(answer.sdp ?? "");
    this.localFingerprint = fingerprintOf(sdp);
    const inForce = this.pc.setLocalDescription(answer);
    answered(sdp);
    await inForce;
    void encode(camera.sender, { maxBitrate: cameraBitrate, scaleResolutionDownBy: firstScale });
    void encode(screen.sender, { maxBitrate: screenBitrate });
  }

  async accept(answer: string): Promise<void> {
    this.remoteFingerprint = checked(answer);
    await this.pc.setRemoteDescription({ type: "answer", sdp: answer });
    this.acceptedAt = performance.now();
  }

  /**
   * Guest: nothing came of this connection, though both sides have described themselves. The relay may be reached all
   * the while, so that the browser says nothing; and the other side cannot tell it from a telephone that is halted.
   */
  get overdue(): boolean {
    return this.acceptedAt !== undefined && performance.now() - this.acceptedAt > overdueMs;
  }

  /** A later description must carry the certificate of the first. */
  isSamePeer(sdp: string): boolean {
    try {
      return this.remoteFingerprint !== undefined && sameBytes(checked(sdp), this.remoteFingerprint);
    } catch {
      return false;
    }
  }

  /**
   * Whether the certificates in use, as the browser reports them, are those of the descriptions. A browser that
   * reports none (Firefox) has checked the description's fingerprint itself, in the DTLS handshake.
   */
  async usesPinnedCertificates(): Promise<boolean> {
    const { local, remote } = await reported(this.pc);
    return matches(local, this.localFingerprint) && matches(remote, this.remoteFingerprint);
  }

  /** Whether this browser has a way to the relay, whoever is on its other side. */
  get reachesRelay(): boolean {
    return this.pc.iceConnectionState === "connected" || this.pc.iceConnectionState === "completed";
  }

  /** The next description that begins anew (the first, or an ICE restart) looks for ways through these servers too. */
  useServers(iceServers: RTCIceServer[]): void {
    // Everything else must be what it was, the certificate included.
    this.pc.setConfiguration({ ...this.pc.getConfiguration(), iceServers });
  }

  /** A picture that can be read without those before it; else the other side waits three seconds until it asks for one. */
  refreshPictures(): void {
    for (const sender of [this.senders?.camera, this.senders?.screen])
      if (sender?.track) void refresh(sender);
  }

  /** The network has shown that it carries pictures. Whether whole ones, the browser finds out by itself. */
  wholePictures(): void {
    if (this.whole || !this.senders) return;
    this.whole = true;
    void encode(this.senders.camera, { scaleResolutionDownBy: 1 });
  }

  /** A closed connection never answers what was asked of it (WebRTC §4.4.1.2): nobody must wait for that. */
  unlessClosed<T>(step: Promise<T>): Promise<T> {
    return Promise.race([step, this.ended]);
  }

  close(): void {
    this.pc.close();
    this.end(new Error("closed"));
  }

  private addSections(): void {
    const audio = this.pc.addTransceiver("audio", { direction: "sendrecv" });
    const camera = this.pc.addTransceiver("video", {
      direction: "sendrecv",
      sendEncodings: [{ maxBitrate: cameraBitrate, scaleResolutionDownBy: firstScale }],
    });
    const screen = this.pc.addTransceiver("video", {
      direction: "sendrecv",
      sendEncodings: [{ maxBitrate: screenBitrate }],
    });
    prefer(audio, opus());
    prefer(camera, pictures());
    prefer(screen, pictures());
    this.adopt(audio, camera, screen);
  }

  private adopt(audio: RTCRtpTransceiver, camera: RTCRtpTransceiver, screen: RTCRtpTransceiver): void {
    this.senders = { audio: audio.sender, camera: camera.sender, screen: screen.sender };
    this.stream.addTrack(this.watched("audio", audio.receiver));
    this.stream.addTrack(this.watched("camera", camera.receiver));
    this.screen.addTrack(this.watched("screen", screen.receiver));
  }

  private watched(kind: "audio" | "camera" | "screen", receiver: RTCRtpReceiver): MediaStreamTrack {
    const { track } = receiver;
    track.addEventListener("unmute", () => {
      this.events.flowing(kind, true);
    });
    track.addEventListener("mute", () => {
      this.events.flowing(kind, false);
    });
    return track;
  }
}

function checked(sdp: string): Bytes {
  if (sections(sdp) !== wantedSections) throw new Error("sections");
  return fingerprintOf(sdp);
}

type Codecs = RTCRtpCodec[];

/** Every browser must have it (RFC 7874 §3); what nobody uses takes time and bytes in each description. */
function opus(): Codecs {
  return codecs("audio", "audio/opus");
}

/** VP8 is what every browser must have (RFC 7742 §5), and what starts fastest. */
function pictures(): Codecs {
  const vp8 = codecs("video", "video/vp8");
  return vp8.length > 0 ? [...vp8, ...codecs("video", "video/rtx")] : [];
}

function codecs(kind: "audio" | "video", type: string): Codecs {
  const all = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  return all.filter((codec) => codec.mimeType.toLowerCase() === type);
}

function prefer(transceiver: RTCRtpTransceiver, wanted: Codecs): void {
  // Firefox before 128 cannot choose, and offers Opus and VP8 first by itself.
  if (wanted.length === 0 || !("setCodecPreferences" in transceiver)) return;
  transceiver.setCodecPreferences(wanted);
}

export async function encode(sender: RTCRtpSender, wanted: Partial<RTCRtpEncodingParameters>): Promise<void> {
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings;
  if (!encoding) return;
  Object.assign(encoding, wanted);
  // Only limits for the sake of the network: going on without them is no harm.
  await sender.setParameters(parameters).catch(() => undefined);
}

/** As in W3C WebRTC Extensions (RTCSetParameterOptions); browsers without it ignore the second argument. */
interface Refreshing {
  setParameters(
    parameters: RTCRtpSendParameters,
    options: { encodingOptions: { keyFrame: boolean }[] },
  ): Promise<void>;
}

async function refresh(sender: RTCRtpSender): Promise<void> {
  const refreshing: Refreshing = sender;
  const parameters = sender.getParameters();
  const encodingOptions = parameters.encodings.map(() => ({ keyFrame: true }));
  await refreshing.setParameters(parameters, { encodingOptions }).catch(() => undefined);
}

function matches(found: Bytes | undefined, pinned: Bytes | undefined): boolean {
  return pinned !== undefined && (found === undefined || sameBytes(found, pinned));
}

interface Reported {
  local?: Bytes;
  remote?: Bytes;
}

async function reported(pc: RTCPeerConnection): Promise<Reported> {
  const stats = await pc.getStats();
  for (const value of stats.values() as IterableIterator<RTCTransportStats>) {
    if (value.type !== "transport") continue;
    const local = certificateIn(stats, value.localCertificateId);
    const remote = certificateIn(stats, value.remoteCertificateId);
    if (local && remote) return { local, remote };
  }
  const transport = pc.sctp?.transport;
  if (!transport || !("getRemoteCertificates" in transport)) return {};
  const [certificate] = transport.getRemoteCertificates();
  return certificate ? { remote: await sha256(new Uint8Array(certificate)) } : {};
}

function certificateIn(stats: RTCStatsReport, id: string | undefined): Bytes | undefined {
  const found = id === undefined ? undefined : (stats.get(id) as { fingerprint?: string } | undefined);
  return found?.fingerprint === undefined ? undefined : parseFingerprint(found.fingerprint);
}
