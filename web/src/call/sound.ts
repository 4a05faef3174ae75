import { after } from "./after";

/** Sounds that the page makes and hears by itself: level meter, test tone, chime, ring. No file is loaded. */

/** Above this, speech is heard: about −46 dB of full scale, well over the noise of a quiet room. */
export const heardLevel = 0.005;

/**
 * Reports the loudness of a stream, 0 to 1, about ten times a second while the page is on the screen. A context that
 * the browser has not let start yet is woken; without one, silence is reported.
 */
export function watchLevel(stream: MediaStream, report: (level: number) => void): () => void {
  if (stream.getAudioTracks().length === 0) return () => undefined;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  // A stream of its own, so that a track added or removed elsewhere does not disturb the measurement.
  context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(analyser);
  void context.resume().catch(() => undefined);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const energy = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    report(Math.min(1, Math.sqrt(energy)));
  }, 100);
  return () => {
    clearInterval(timer);
    void context.close().catch(() => undefined);
  };
}

interface Note {
  hertz: number;
  at: number;
  seconds: number;
}

const testTone: Note[] = [
  { hertz: 523.25, at: 0, seconds: 0.45 },
  { hertz: 659.25, at: 0.4, seconds: 0.45 },
  { hertz: 783.99, at: 0.8, seconds: 0.9 },
];
const chime: Note[] = [
  { hertz: 659.25, at: 0, seconds: 0.7 },
  { hertz: 523.25, at: 0.35, seconds: 1.1 },
];
const ring: Note[] = [0, 0.25, 0.5, 0.75].map((at) => ({
  hertz: at % 0.5 === 0 ? 880 : 698.46,
  at,
  seconds: 0.24,
}));

/** Ends when the tone has ended. A chosen speaker is used where the browser can. */
export function playTestTone(sinkId?: string): Promise<void> {
  return play(testTone, sinkId);
}

export function playChime(): Promise<void> {
  return play(chime);
}

/** One burst; the caller repeats it for as long as it rings. */
export function playRing(): Promise<void> {
  return play(ring);
}

async function play(notes: readonly Note[], sinkId?: string): Promise<void> {
  const context = new AudioContext();
  try {
    if (sinkId && "setSinkId" in context) {
      await (context as AudioContext & { setSinkId(id: string): Promise<void> })
        .setSinkId(sinkId)
        .catch(() => undefined);
    }
    // Without a touch of the person the browser may never let it start; then there is nothing to wait for.
    await Promise.race([context.resume(), after(500)]);
    if (context.state !== "running") return;
    const begin = context.currentTime + 0.05;
    for (const note of notes) sound(context, note, begin);
    await after(1_000 * Math.max(...notes.map((note) => note.at + note.seconds)) + 150);
  } finally {
    void context.close().catch(() => undefined);
  }
}

function sound(context: AudioContext, { hertz, at, seconds }: Note, begin: number): void {
  const oscillator = new OscillatorNode(context, { type: "sine", frequency: hertz });
  const gain = new GainNode(context, { gain: 0 });
  // Soft edges: a tone that starts at full strength clicks.
  gain.gain.setValueAtTime(0, begin + at);
  gain.gain.linearRampToValueAtTime(0.25, begin + at + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.0005, begin + at + seconds);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(begin + at);
  oscillator.stop(begin + at + seconds);
}
