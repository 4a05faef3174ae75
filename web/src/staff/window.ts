/**
 * What the list wants of the talk's window: to let a guest in, to join the talk that a colleague leads, or to go on with one
 * that was accepted.
 */
export type Wish =
  | { t: "admit"; seat: string }
  | { t: "takeover"; seat: string; talk: string }
  | { t: "enter"; seat: string; talk: string; at: number };

/**
 * How the windows of one browser find each other: the list, the talk's own, and whoever is signed in to them. Nothing
 * personal passes between them but the name of who was quicker: a seat's id, a talk's id, a refusal's code.
 */
export type WindowMessage =
  | Wish
  | { t: "signed-in" }
  | { t: "signed-out" }
  | { t: "who" }
  | { t: "here"; talk: string | undefined }
  | { t: "gone" }
  | { t: "refused"; seat: string; code: string; params: Readonly<Record<string, string | number>> };

const channelName = "visavis-talk";

export class WindowChannel {
  private readonly channel = new BroadcastChannel(channelName);

  constructor(onMessage: (message: WindowMessage) => void) {
    this.channel.addEventListener("message", (event: MessageEvent<WindowMessage>) => {
      onMessage(event.data);
    });
  }

  send(message: WindowMessage): void {
    this.channel.postMessage(message);
  }

  close(): void {
    this.channel.close();
  }
}

/** Brings the talk's window to the front, or opens it at a path. False when the browser does not let us. */
export function openTalkWindow(path: string, alreadyOpen: boolean): boolean {
  const opened = globalThis.open(alreadyOpen ? "" : path, channelName);
  if (!opened) return false;
  // A list that was reloaded may have lost the window's name: then this is an empty new one.
  if (alreadyOpen && opened.location.href === "about:blank") opened.location.href = path;
  opened.focus();
  return true;
}
