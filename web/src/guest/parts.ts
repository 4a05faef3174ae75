import { type GuestKey, loadSeldom, loadLater, loadTest } from "../i18n/guest";
import type { Texts } from "../ui";

// The parts of the page that do not come with its beginning, each with the texts that only it needs, and all with the
// looks of dialogs and fields.
const forms = (): Promise<unknown> => import("../ui/forms.scss");

/** What is said seldom, and may have to be said when the network is gone. */
export function words(texts: Texts<GuestKey>): Promise<void> {
  return texts.add(loadSeldom);
}

export async function aid(texts: Texts<GuestKey>): Promise<typeof import("./aid")> {
  const [part] = await Promise.all([import("./aid"), forms(), words(texts)]);
  return part;
}

export async function seldom(texts: Texts<GuestKey>): Promise<typeof import("./seldom")> {
  const [part] = await Promise.all([import("./seldom"), forms(), words(texts)]);
  return part;
}

export async function messages(texts: Texts<GuestKey>): Promise<typeof import("./screens/Messages.svelte")> {
  const [part] = await Promise.all([import("./screens/Messages.svelte"), forms(), words(texts)]);
  return part;
}

export async function later(texts: Texts<GuestKey>): Promise<typeof import("./later")> {
  const [part] = await Promise.all([import("./later"), forms(), texts.add(loadLater)]);
  return part;
}

export async function test(texts: Texts<GuestKey>): Promise<typeof import("./test/TestPage.svelte")> {
  const [part] = await Promise.all([
    import("./test/TestPage.svelte"),
    forms(),
    words(texts),
    texts.add(loadTest),
  ]);
  return part;
}
