import { type Model, type Step, type Tensor, UnknownModel } from "./model";

type Values = Float32Array<ArrayBufferLike>;
type Work = () => void;

interface Layer {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly values: Values;
}

/**
 * Computes a model, in plain code: thirty million multiplications a picture take some tens of milliseconds in a worker,
 * and no WebAssembly has to be allowed for them (docs/decisions/0021). All memory is taken at the beginning.
 */
export class Network {
  readonly input: Layer;
  readonly output: Layer;
  private readonly works: readonly Work[];

  constructor(model: Model) {
    const layers = model.tensors.map(layerOf);
    const at = (index: number | undefined): Layer => {
      const layer = layers[index ?? -1];
      if (!layer) throw new UnknownModel(`tensor ${index}`);
      return layer;
    };
    this.input = at(model.input);
    this.output = at(model.output);
    this.works = model.steps.map((step) => workOf(step, step.inputs.slice(0, 3).map(at), at(step.output)));
  }

  run(): void {
    for (const work of this.works) work();
  }
}

function layerOf({ shape: [rows, columns, channels], values }: Tensor): Layer {
  return { rows, columns, channels, values: values ?? new Float32Array(rows * columns * channels) };
}

function workOf(step: Step, [a, b, c]: Layer[], out: Layer): Work {
  if (!a) throw new UnknownModel(`a ${step.kind} of nothing`);
  switch (step.kind) {
    case "relu":
      return each(a, out, (x) => (x > 0 ? x : 0));
    case "hardSwish":
      return each(a, out, (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6);
    case "logistic":
      return each(a, out, (x) => 1 / (1 + Math.exp(-x)));
    case "mean":
      return mean(a, out);
    case "double":
      return double(a, out);
    case "add":
    case "multiply":
    case "spread":
    case "conv":
    case "depthwise":
      return b ? workOfTwo(step, a, b, c, out) : refuse(`a ${step.kind} of one`);
  }
}

function workOfTwo(step: Step, a: Layer, b: Layer, c: Layer | undefined, out: Layer): Work {
  if (step.kind === "add") return add(a, b, out);
  if (step.kind === "multiply") return multiply(a, b, out);
  if (!c) throw new UnknownModel(`a ${step.kind} without bias`);
  if (step.kind === "spread") return spread(a, b.values, c.values, out);
  if (!("kernel" in step)) throw new UnknownModel(step.kind);
  const { kernel, stride } = step;
  if (step.kind === "depthwise") return depthwise(a, b.values, c.values, out, kernel, stride);
  if (kernel[0] === 1 && kernel[1] === 1 && stride === 1) return points(a, b.values, c.values, out);
  return conv(a, b.values, c.values, out, kernel, stride);
}

function refuse(what: string): never {
  throw new UnknownModel(what);
}

function each(a: Layer, { values: out }: Layer, what: (x: number) => number): Work {
  const from = a.values;
  return () => {
    for (let i = 0; i < out.length; i++) out[i] = what(from[i] as number);
  };
}

function add({ values: a }: Layer, { values: b }: Layer, { values: out }: Layer): Work {
  return () => {
    for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) + (b[i] as number);
  };
}

/** One of the two may be a single number for each channel. */
function multiply(one: Layer, other: Layer, { values: out, channels }: Layer): Work {
  const [a, b] =
    one.values.length < other.values.length ? [other.values, one.values] : [one.values, other.values];
  const whole = b.length === a.length;
  return () => {
    for (let i = 0; i < out.length; i++) out[i] = (a[i] as number) * (b[whole ? i : i % channels] as number);
  };
}

function mean({ values: a, rows, columns, channels }: Layer, { values: out }: Layer): Work {
  const places = rows * columns;
  return () => {
    out.fill(0);
    for (let i = 0; i < a.length; i += channels)
      for (let c = 0; c < channels; c++) out[c] = (out[c] as number) + (a[i + c] as number);
    for (let c = 0; c < channels; c++) out[c] = (out[c] as number) / places;
  };
}

/** A convolution of single points, which most are: four outputs at a time share what was read. */
function points(a: Layer, weights: Values, bias: Values, out: Layer): Work {
  const { values: from, channels: depth } = a;
  const { values: to, channels } = out;
  if (channels % 4 !== 0) throw new UnknownModel(`${channels} channels`);
  return () => {
    for (let i = 0, o = 0; o < to.length; i += depth, o += channels) {
      for (let c = 0; c < channels; c += 4) {
        let [w0, s0, s1, s2, s3] = [c * depth, bias[c], bias[c + 1], bias[c + 2], bias[c + 3]] as [
          number,
          number,
          number,
          number,
          number,
        ];
        for (let d = 0; d < depth; d++, w0++) {
          const x = from[i + d] as number;
          s0 += x * (weights[w0] as number);
          s1 += x * (weights[w0 + depth] as number);
          s2 += x * (weights[w0 + 2 * depth] as number);
          s3 += x * (weights[w0 + 3 * depth] as number);
        }
        to[o + c] = s0;
        to[o + c + 1] = s1;
        to[o + c + 2] = s2;
        to[o + c + 3] = s3;
      }
    }
  };
}

/** How far a window begins before the first place, so that all are covered evenly (padding "SAME"). */
function before(from: number, to: number, kernel: number, stride: number): number {
  return Math.floor(Math.max(0, (to - 1) * stride + kernel - from) / 2);
}

/** Calls for each place of the output and each place of its window that lies in the input. */
function overWindows(
  a: Layer,
  out: Layer,
  [rows, columns]: readonly [number, number],
  stride: number,
  visit: (from: number, to: number, weight: number) => void,
): void {
  const up = before(a.rows, out.rows, rows, stride);
  const left = before(a.columns, out.columns, columns, stride);
  for (let y = 0; y < out.rows; y++)
    for (let x = 0; x < out.columns; x++)
      for (let ky = 0; ky < rows; ky++) {
        const iy = y * stride + ky - up;
        if (iy < 0 || iy >= a.rows) continue;
        for (let kx = 0; kx < columns; kx++) {
          const ix = x * stride + kx - left;
          if (ix < 0 || ix >= a.columns) continue;
          visit((iy * a.columns + ix) * a.channels, (y * out.columns + x) * out.channels, ky * columns + kx);
        }
      }
}

type Kernel = readonly [rows: number, columns: number];

function fill(to: Values, bias: Values): void {
  for (let o = 0; o < to.length; o += bias.length) to.set(bias, o);
}

function conv(a: Layer, weights: Values, bias: Values, out: Layer, kernel: Kernel, stride: number): Work {
  const { values: from, channels: depth } = a;
  const { values: to, channels } = out;
  const size = kernel[0] * kernel[1] * depth;
  return () => {
    fill(to, bias);
    overWindows(a, out, kernel, stride, (i, o, place) => {
      for (let c = 0; c < channels; c++) {
        let sum = to[o + c] as number;
        const w = c * size + place * depth;
        for (let d = 0; d < depth; d++) sum += (from[i + d] as number) * (weights[w + d] as number);
        to[o + c] = sum;
      }
    });
  };
}

function depthwise(
  a: Layer,
  weights: Values,
  bias: Values,
  out: Layer,
  kernel: Kernel,
  stride: number,
): Work {
  const { values: from, channels } = a;
  const { values: to } = out;
  if (out.channels !== channels) throw new UnknownModel("more than one filter for each channel");
  return () => {
    fill(to, bias);
    overWindows(a, out, kernel, stride, (i, o, place) => {
      const w = place * channels;
      for (let c = 0; c < channels; c++)
        to[o + c] = (to[o + c] as number) + (from[i + c] as number) * (weights[w + c] as number);
    });
  };
}

/** Twice as large, between the middles of neighbouring points. */
function double(a: Layer, out: Layer): Work {
  if (out.rows !== 2 * a.rows || out.columns !== 2 * a.columns) throw new UnknownModel("another size");
  const [ys, xs] = [between(out.rows, a.rows), between(out.columns, a.columns)];
  const { values: from, columns, channels } = a;
  const to = out.values;
  return () => {
    let o = 0;
    for (const [y0, y1, fy] of ys)
      for (const [x0, x1, fx] of xs) {
        const [tl, tr] = [(y0 * columns + x0) * channels, (y0 * columns + x1) * channels];
        const [bl, br] = [(y1 * columns + x0) * channels, (y1 * columns + x1) * channels];
        for (let c = 0; c < channels; c++, o++) {
          const top = (from[tl + c] as number) * (1 - fx) + (from[tr + c] as number) * fx;
          const bottom = (from[bl + c] as number) * (1 - fx) + (from[br + c] as number) * fx;
          to[o] = top * (1 - fy) + bottom * fy;
        }
      }
  };
}

function between(large: number, small: number): [low: number, high: number, share: number][] {
  return Array.from({ length: large }, (_, i) => {
    const at = Math.max(0, (i + 0.5) / 2 - 0.5);
    const low = Math.floor(at);
    return [low, Math.min(small - 1, low + 1), at - low];
  });
}

/** Each point becomes two by two (a transposed convolution whose windows do not overlap). */
function spread(a: Layer, weights: Values, bias: Values, out: Layer): Work {
  if (out.rows !== 2 * a.rows || out.columns !== 2 * a.columns || out.channels !== 1)
    throw new UnknownModel("another spread");
  const { values: from, columns, rows, channels: depth } = a;
  const to = out.values;
  const [base = 0] = bias;
  return () => {
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++)
        for (let place = 0; place < 4; place++) {
          let sum = base;
          const i = (y * columns + x) * depth;
          for (let d = 0; d < depth; d++)
            sum += (from[i + d] as number) * (weights[place * depth + d] as number);
          to[(2 * y + (place >> 1)) * out.columns + 2 * x + (place & 1)] = sum;
        }
  };
}
