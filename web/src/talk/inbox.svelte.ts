import type { CallState } from "../call/state";

/** Long enough to read what is shown of a message, and to see where the rest of it is. */
const shownMs = 8_000;
const shownLetters = 80;

interface Inbox {
  /** Messages of the other side that came while the chat was closed. */
  readonly unread: number;
  /** The beginning of the newest of them, for a moment. */
  readonly fresh: string | undefined;
}

export function inbox(now: () => { chat: CallState["chat"]; open: boolean }): Inbox {
  let read = $state(0);
  let fresh = $state<string>();
  const theirs = $derived(now().chat.filter((message) => !message.mine).length);
  const newest = $derived(
    now()
      .chat.filter((message) => !message.mine)
      .at(-1)?.text ?? "",
  );

  $effect(() => {
    if (now().open) read = theirs;
    fresh = read < theirs ? beginning(newest) : undefined;
    const timer = setTimeout(() => (fresh = undefined), shownMs);
    return () => clearTimeout(timer);
  });
  return {
    get unread() {
      return theirs - read;
    },
    get fresh() {
      return fresh;
    },
  };
}

function beginning(text: string): string {
  const letters = [...text];
  return letters.length > shownLetters ? `${letters.slice(0, shownLetters).join("")} …` : text;
}
