/** Which browser and system this is, by name: decides only how to help. */
export type Platform = "android" | "ios" | "windows" | "mac" | "other";
type BrowserName = "chrome" | "edge" | "firefox" | "safari" | "samsung" | "other";

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
