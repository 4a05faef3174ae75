/** Runs the action of a single key, unless somebody is writing or a dialog is open. "?" tells of the keys, also where they are off. */
export function onKeys(actions: Readonly<Record<string, () => void>>, on: () => boolean): () => void {
  const listener = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (target instanceof HTMLElement && target.closest("input, textarea, select, dialog")) return;
    if (event.key !== "?" && !on()) return;
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
