/** Whether this browser can take part. Features decide; names only where a browser hides what it cannot do. */
export type Trouble = "in-app" | "old" | "insecure" | "no-call";

export interface Surroundings {
  userAgent: string;
  secure: boolean;
  /** Devices can be asked for, connections made, digests computed. */
  devices: boolean;
  connections: boolean;
  digests: boolean;
  /** Stands for Chromium 111, Firefox 115, Safari 16.4 and later. */
  recent: boolean;
}

export function surroundings(): Surroundings {
  return {
    userAgent: navigator.userAgent,
    secure: globalThis.isSecureContext,
    devices: "mediaDevices" in navigator && "getUserMedia" in navigator.mediaDevices,
    connections: "RTCPeerConnection" in globalThis && "generateCertificate" in RTCPeerConnection,
    digests: "crypto" in globalThis && "subtle" in crypto,
    recent: "toSorted" in Array.prototype && "CompressionStream" in globalThis,
  };
}

/** The one thing that stands in the way, the most telling first. */
export function troubleOf(here: Surroundings): Trouble | undefined {
  if (isInApp(here.userAgent)) return "in-app";
  if (!here.secure) return "insecure";
  if (!here.connections || !here.digests || !here.devices) return "no-call";
  return here.recent ? undefined : "old";
}

const inAppTokens =
  /\b(FBAN|FBAV|FB_IAB|Instagram|GSA|Line|MicroMessenger|Snapchat|Pinterest|LinkedInApp|Twitter|BytedanceWebview|musical_ly|Outlook-iOS|Outlook-Android|OutlookMobile|GoogleSearchApp)\b/i;

/** Browsers inside other apps: many refuse camera and microphone without a word. */
export function isInApp(userAgent: string): boolean {
  if (inAppTokens.test(userAgent)) return true;
  if (/; wv\)/.test(userAgent)) return true;
  // A web view of iOS has no "Safari/" in its name; real browsers there all do.
  return /\b(iPhone|iPad|iPod)\b/.test(userAgent) && !/Safari\//.test(userAgent);
}
