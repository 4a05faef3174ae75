// A camera with a document before it, in place of the browser's own picture: a sheet of black and white fields of which each
// is a bit, and lines of two pixels, which are there only at full resolution. And what of it is in a picture on the other side.

export const PAPER = { width: 3840, height: 2160 };
const FIELD = 40;
const COLUMNS = PAPER.width / FIELD;
const ROWS = PAPER.height / FIELD;

// Whether a field is black: a shift register, so that no two parts of the sheet are alike (maximal length, taps 32 22 2 1).
export function fields() {
  const bits = [];
  for (let state = 0x1d0c, n = 0; n < COLUMNS * ROWS; n++) {
    const bit = (state ^ (state >>> 10) ^ (state >>> 30) ^ (state >>> 31)) & 1;
    state = (state >>> 1) | (bit << 31);
    bits.push(bit);
  }
  return bits;
}

// Runs in a page before its own scripts. Whoever asks for the camera at the back, or for the one named "paper", gets it.
// globalThis.paper tells which are open, and can refuse it, or take it away.
export function paperCamera([bits, { width, height }, field]) {
  const paper = { refuse: undefined, open: [], photos: 0 };
  globalThis.paper = paper;
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const wanted = ({ video }) => typeof video === 'object' && video.facingMode !== undefined;
  const draw = (canvas) => {
    const context = canvas.getContext('2d');
    bits.forEach((bit, n) => {
      context.fillStyle = bit ? '#000' : '#fff';
      context.fillRect((n % (width / field)) * field, Math.floor(n / (width / field)) * field, field, field);
    });
    context.fillStyle = '#fff';
    context.fillRect(0, 0, field * 4, field);
    context.fillStyle = '#000';
    for (let x = 0; x < field * 4; x += 4) context.fillRect(x, 0, 2, field);
  };
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    if (!wanted(constraints)) return real(constraints);
    if (paper.refuse) throw new DOMException('refused by the test', paper.refuse);
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    draw(canvas);
    const timer = setInterval(() => draw(canvas), 500);
    const stream = canvas.captureStream(2);
    const [track] = stream.getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => {
      clearInterval(timer);
      paper.open = paper.open.filter((one) => one !== track);
      stop();
    };
    paper.open.push(track);
    paper.asked = constraints.video;
    return stream;
  };
}

export const paperArguments = () => [fields(), PAPER, FIELD];

// What is in a picture of the page: its size, how many fields are not as they were, and whether the lines are still apart.
export function readPaper(page, selector) {
  return page.eval(
    async (wanted, bits, field, { width }) => {
      const img = document.querySelector(wanted);
      if (!img?.complete || !img.naturalWidth) return { size: [0, 0] };
      const canvas = Object.assign(document.createElement('canvas'), { width: img.naturalWidth, height: img.naturalHeight });
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(img, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const light = (x, y) => data[(y * canvas.width + x) * 4 + 1];
      const columns = width / field;
      const wrong = bits.filter((bit, n) => n > 4 && light((n % columns) * field + field / 2, Math.floor(n / columns) * field + field / 2) > 127 === Boolean(bit)).length;
      let apart = 0;
      for (let x = 0; x < field * 3; x += 4) if (light(x + 3, field / 2) - light(x + 1, field / 2) > 100) apart += 1;
      return { size: [canvas.width, canvas.height], wrong, apart: apart / ((field * 3) / 4) };
    },
    selector,
    fields(),
    FIELD,
    PAPER,
  );
}
