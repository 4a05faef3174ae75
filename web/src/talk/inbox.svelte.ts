import type { CallState } from "../call/state";

/** Long enough to read what is shown of a message, and to see where the rest of it is. */
const shownMs = 8_000;
const shownLetters = 80;

interface Inbox {
  /** Messages of the other side that came while the chat was closed. */
  readonly unread: number;
  /** The beginning of the newest of them, for a moment. */
  readonly fresh: string | undefined;
  /** Who has written that, where it is not the other side itself. */
  readonly by: string | undefined;
}

export function inbox(now: () => { chat: CallState["chat"]; open: boolean }): Inbox {
  let read = $state<string>();
  let fresh = $state<string>();
  const newest = $derived(theirs(now().chat).at(-1));
  const unread = $derived(unreadOf(now().chat, read));

  $effect(() => {
    if (now().open) read = newest?.id;
    fresh = newest && newest.id !== read ? beginning(newest.text) : undefined;
    const timer = setTimeout(() => (fresh = undefined), shownMs);
    return () => clearTimeout(timer);
  });
  return {
    get unread() {
      return unread;
    },
    get fresh() {
      return fresh;
    },
    get by() {
      return newest?.by;
    },
  };
}

/** How many messages of the other side came after one of theirs. The oldest of a chat go, also that one. */
export function unreadOf(chat: CallState["chat"], read: string | undefined): number {
  const all = theirs(chat);
  return all.length - 1 - all.findIndex((message) => message.id === read);
}

function theirs(chat: CallState["chat"]): CallState["chat"] {
  return chat.filter((message) => !message.mine);
}

function beginning(text: string): string {
  const letters = [...text];
  return letters.length > shownLetters ? `${letters.slice(0, shownLetters).join("")} …` : text;
}
