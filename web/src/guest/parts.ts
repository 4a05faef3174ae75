import { type GuestKey, loadLater, loadSeldom } from "../i18n/guest";
import type { Texts } from "../ui";
import type { OpenPage } from "./link";

// The parts of the page that do not come with its beginning, each with the texts that only it needs, and all with the
// looks of dialogs and fields.
const forms = (): Promise<unknown> => import("../ui/forms.scss");

/** What is said seldom, and may have to be said when the network is gone. */
export function words(texts: Texts<GuestKey>): Promise<void> {
  return texts.add(loadSeldom);
}

/** The part itself, once what goes with it has come, too. */
async function whole<T>(part: Promise<T>, ...beside: Promise<unknown>[]): Promise<T> {
  return (await Promise.all([part, ...beside]))[0];
}

type GuestTexts = Texts<GuestKey>;

export const aid = (texts: GuestTexts) => whole(import("./aid"), forms(), words(texts));

export const seldom = (texts: GuestTexts) => whole(import("./seldom"), forms(), words(texts));

export const later = (texts: GuestTexts) => whole(import("./later"), forms(), texts.add(loadLater));

/** A page that has nothing to do with an appointment. */
export const page = async (texts: GuestTexts, name: OpenPage) =>
  (await whole(import("./apart"), forms(), words(texts))).open(texts, name);
