/** For when a control goes while something else comes: reading goes on from the top of the screen. */
export function focusHeading(): void {
  document.querySelector("h1")?.focus();
}
