import { onKeys } from "../talk/keys";

const storageKey = "visavis.shortcuts";

/** Single keys can be switched off (WCAG 2.1.4): speech input would press them by accident. */
export function shortcutsOn(): boolean {
  return localStorage.getItem(storageKey) !== "off";
}

export function switchShortcuts(on: boolean): void {
  if (on) localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, "off");
}

/** Runs the action of a key (see talk/keys), unless this person has switched them off. */
export function onShortcuts(actions: Readonly<Record<string, () => void>>): () => void {
  return onKeys(actions, shortcutsOn);
}
