/** Lets the sound out elsewhere; false where this browser or that device will not have it. */
export async function useSpeaker(id: string, element: HTMLMediaElement): Promise<boolean> {
  if (!("setSinkId" in element)) return false;
  return element.setSinkId(id).then(
    () => true,
    () => false,
  );
}

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
