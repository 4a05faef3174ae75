const storageKey = "visavis.shortcuts";

/** Single keys can be switched off (WCAG 2.1.4): speech input would press them by accident. */
export function shortcutsOn(): boolean {
  return localStorage.getItem(storageKey) !== "off";
}

export function switchShortcuts(on: boolean): void {
  if (on) localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, "off");
}

/** Runs the action of a key, unless somebody is writing or a dialog is open. */
export function onShortcuts(actions: Readonly<Record<string, () => void>>): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target instanceof HTMLElement && target.closest("input, textarea, select, dialog")) return;
    if (event.key !== "?" && !shortcutsOn()) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  };
  document.addEventListener("keydown", listener);
  return () => {
    document.removeEventListener("keydown", listener);
  };
}
