/** Which browser this is, as far as it decides what to tell people. Features decide what works, names only how to help. */
export type Trouble = "in-app" | "old" | "insecure" | "no-call";
export type Platform = "android" | "ios" | "windows" | "mac" | "other";
type BrowserName = "chrome" | "edge" | "firefox" | "safari" | "samsung" | "other";

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

export function platformOf(userAgent: string): Platform {
  if (/Android/i.test(userAgent)) return "android";
  if (/\b(iPhone|iPad|iPod)\b/.test(userAgent)) return "ios";
  if (/Windows/i.test(userAgent)) return "windows";
  // An iPad that asks for desktop pages calls itself a Mac, but has a touch screen.
  if (/Macintosh/.test(userAgent)) return "mac";
  return "other";
}

function browserOf(userAgent: string): BrowserName {
  if (/SamsungBrowser\//.test(userAgent)) return "samsung";
  if (/\bEdg(e|A|iOS)?\//.test(userAgent)) return "edge";
  if (/\b(Firefox|FxiOS)\//.test(userAgent)) return "firefox";
  if (/\b(Chrome|CriOS|Chromium)\//.test(userAgent)) return "chrome";
  return /Safari\//.test(userAgent) ? "safari" : "other";
}

/** The right steps to allow a device again: by browser where its own switches matter, else by system. */
export type HelpFor = "ios" | "android" | "firefox" | "safari" | "chrome";

export function helpFor(userAgent: string): HelpFor {
  const platform = platformOf(userAgent);
  if (platform === "ios") return "ios";
  if (platform === "android") return "android";
  const browser = browserOf(userAgent);
  return browser === "firefox" || browser === "safari" ? browser : "chrome";
}

/** Opens the same address in Chrome on Android; the fragment travels inside and never reaches a server. */
export function androidIntent(url: string): string {
  const address = url.replace(/^https?:\/\//, "");
  return `intent://${address}#Intent;scheme=https;package=com.android.chrome;end`;
}
