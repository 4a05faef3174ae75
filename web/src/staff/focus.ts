/** What had the focus was replaced by another button: the first of those that stand there now has it. */
export function holdFocus(box: HTMLElement | undefined): void {
  if (document.activeElement === document.body) box?.querySelector("button")?.focus();
}
