/**
 * Plays an element and tells whether the browser wants a touch first. What it allows begins at once, and is told at
 * once: the promise waits for the first data, and from somebody who takes part in writing none ever come.
 */
export async function play(element: HTMLMediaElement, blocked: (blocked: boolean) => void): Promise<void> {
  try {
    const begun = element.play();
    if (!element.paused) blocked(false);
    await begun;
    blocked(false);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotAllowedError") blocked(true);
  }
}
