// A screen whose picture and sound are known, in place of the browser's own choice of one; and what of it stands on the
// other side's screen. Browsers for tests show a picture of their own instead of a window, without sound.

export const TONE_HZ = 1000;
export const COLOURS = ['f00', '0f0', '00f', 'ff0'];

// Runs in a page before its own scripts. The four quarters are red, green, blue, yellow; a spot in the middle moves.
export function testCard() {
  navigator.mediaDevices.getDisplayMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
    const context = canvas.getContext('2d');
    let turn = 0;
    const draw = () => {
      ['#f00', '#0f0', '#00f', '#ff0'].forEach((colour, at) => {
        context.fillStyle = colour;
        context.fillRect((at % 2) * 640, Math.floor(at / 2) * 360, 640, 360);
      });
      context.fillStyle = (turn += 1) % 2 ? '#fff' : '#000';
      context.fillRect(620, 340, 40, 40);
    };
    draw();
    setInterval(draw, 100);
    const sound = new AudioContext();
    const out = sound.createMediaStreamDestination();
    const tone = new OscillatorNode(sound, { frequency: 1000 });
    tone.connect(new GainNode(sound, { gain: 0.5 })).connect(out);
    tone.start();
    return new MediaStream([...canvas.captureStream(10).getTracks(), ...out.stream.getTracks()]);
  };
}

// The colours in the middle of the four quarters of the shown screen, as hex digits of 0, 8 or f for each of red, green, blue.
export function quarters(page) {
  return page.eval((selector) => {
    const video = document.querySelector(selector);
    if (!video?.videoWidth) return [];
    const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, 8, 8);
    const rough = (part) => (part < 64 ? '0' : part > 191 ? 'f' : '8');
    return [[1, 1], [6, 1], [1, 6], [6, 6]].map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map(rough).join(''));
  }, '[data-testid=shown] video');
}

// The loudest frequency of what comes from the other side, in Hz, over half a second.
export function loudest(page) {
  return page.eval(async (selector) => {
    const { srcObject } = document.querySelector(selector);
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0.5 });
    context.createMediaStreamSource(new MediaStream(srcObject.getAudioTracks())).connect(analyser);
    await context.resume();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    await context.close();
    const at = levels.reduce((best, level, bin) => (level > levels[best] ? bin : best), 0);
    return Math.round((at * context.sampleRate) / analyser.fftSize);
  }, '[data-testid=other] .person video');
}
