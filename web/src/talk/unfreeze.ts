/** By then the first picture after a gap stands on the screen; they come ten times a second and more. */
const patienceMs = 700;

/**
 * After a gap Chromium may show new pictures only as much later as the gap was long, although it has them (seen in one of
 * ten cuts of ten seconds, Chromium 156); set anew, the same stream is shown at once.
 */
export function unfreeze(video: HTMLVideoElement, play: (video: HTMLVideoElement) => unknown): () => void {
  // Firefox has no such moments before 132, and needs none of this.
  if (!("requestVideoFrameCallback" in HTMLVideoElement.prototype)) return () => undefined;
  const late = setTimeout(() => {
    const stream = video.srcObject;
    video.srcObject = null;
    video.srcObject = stream;
    play(video);
  }, patienceMs);
  const shown = video.requestVideoFrameCallback(() => {
    clearTimeout(late);
  });
  return () => {
    clearTimeout(late);
    video.cancelVideoFrameCallback(shown);
  };
}
