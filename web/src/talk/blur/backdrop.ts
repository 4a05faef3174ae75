/**
 * Blurs a camera's pictures, beside the page: it gets the model and both ends of the pictures' way by one message, and
 * reaches nothing else (a worker has the policy of its own answer, which allows no address; internal/edge/secure.go).
 */
import { readModel } from "./model";
import { Network } from "./network";
import { Painter } from "./painter";
import type { Begin, Said } from "./words";

addEventListener(
  "message",
  ({ data }: MessageEvent<Begin>) => {
    blur(data).catch(() => {
      say("failed");
    });
  },
  { once: true },
);

async function blur({ model, from, to }: Begin): Promise<void> {
  const painter = new Painter(new Network(readModel(model)));
  let first = true;
  const painted = new TransformStream<VideoFrame, VideoFrame>(
    {
      transform: (frame, out) => {
        try {
          const picture = painter.paint(frame, () => performance.now());
          out.enqueue(new VideoFrame(picture, { timestamp: frame.timestamp, alpha: "discard" }));
        } finally {
          frame.close();
        }
        if (first) say("blurs");
        first = false;
      },
    },
    // A picture at a time: what cannot be kept up with is lost before it comes here, and nothing is late.
    { highWaterMark: 1 },
    { highWaterMark: 0 },
  );
  await from.pipeThrough(painted).pipeTo(to);
}

function say(said: Said): void {
  postMessage(said);
}
