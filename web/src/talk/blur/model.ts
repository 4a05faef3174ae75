/**
 * Reads a TensorFlow Lite model: a FlatBuffer of tables, whose fields have the numbers of its schema
 * (tensorflow/compiler/mlir/lite/schema/schema.fbs). As much of it as the model that finds persons needs; a file that
 * holds anything else is refused as a whole, so that nothing is drawn by half a network.
 */

export interface Tensor {
  readonly shape: readonly [rows: number, columns: number, channels: number];
  /** Undefined for what is computed. */
  readonly values: Float32Array | undefined;
}

interface Window {
  readonly kind: "conv" | "depthwise";
  readonly stride: number;
  readonly kernel: readonly [rows: number, columns: number];
}

type Plain = "add" | "multiply" | "relu" | "hardSwish" | "logistic" | "mean" | "double" | "spread";

export type Step = (Window | { readonly kind: Plain }) & {
  readonly inputs: readonly number[];
  readonly output: number;
};

export interface Model {
  readonly tensors: readonly Tensor[];
  readonly steps: readonly Step[];
  readonly input: number;
  readonly output: number;
}

/** BuiltinOperator of the schema; its custom ones have names instead. */
const operators: Readonly<Record<string, Plain | "conv" | "depthwise" | "unpack">> = {
  0: "add",
  3: "conv",
  4: "depthwise",
  6: "unpack",
  14: "logistic",
  18: "multiply",
  19: "relu",
  23: "double",
  40: "mean",
  117: "hardSwish",
  Convolution2DTransposeBias: "spread",
};

const float32 = 0;
const float16 = 1;
const int32 = 2;

export class UnknownModel extends Error {}

/** Addresses in the file: of a table, and of a field in it; 0 where a field is not there. */
class Tables {
  readonly view: DataView;

  constructor(private readonly bytes: ArrayBuffer) {
    this.view = new DataView(bytes);
  }

  get root(): number {
    return this.view.getUint32(0, true);
  }

  field(table: number, number: number): number {
    const names = table - this.view.getInt32(table, true);
    const at = 4 + 2 * number;
    if (at >= this.view.getUint16(names, true)) return 0;
    const offset = this.view.getUint16(names + at, true);
    return offset === 0 ? 0 : table + offset;
  }

  table(field: number): number {
    return field + this.view.getUint32(field, true);
  }

  tables(field: number): number[] {
    return this.list(field, (at) => this.table(at));
  }

  numbers(field: number): number[] {
    return this.list(field, (at) => this.view.getInt32(at, true));
  }

  /** A small number; fields that are not written have their default. */
  small(field: number, instead = 0): number {
    return field === 0 ? instead : this.view.getInt8(field);
  }

  long(field: number, instead = 0): number {
    return field === 0 ? instead : this.view.getInt32(field, true);
  }

  raw(field: number): Uint8Array {
    if (field === 0) return new Uint8Array();
    const at = this.table(field);
    return new Uint8Array(this.bytes, at + 4, this.view.getUint32(at, true));
  }

  private list(field: number, one: (at: number) => number): number[] {
    if (field === 0) return [];
    const at = this.table(field);
    return Array.from({ length: this.view.getUint32(at, true) }, (_, i) => one(at + 4 + 4 * i));
  }
}

interface Stored {
  shape: number[];
  type: number;
  bytes: Uint8Array;
}

export function readModel(bytes: ArrayBuffer): Model {
  const file = new Tables(bytes);
  const [graph] = file.tables(file.field(file.root, 2));
  if (graph === undefined) throw new UnknownModel("no graph");
  const kept = file.tables(file.field(file.root, 4)).map((table) => file.raw(file.field(table, 0)));
  const stored = file.tables(file.field(graph, 0)).map((table): Stored => ({
    shape: file.numbers(file.field(table, 0)),
    type: file.small(file.field(table, 1)),
    bytes: kept[file.long(file.field(table, 2))] ?? new Uint8Array(),
  }));
  const tensors: Tensor[] = stored.map((one) => ({ shape: shapeOf(one.shape), values: valuesOf(one) }));
  const names = file.tables(file.field(file.root, 1)).map((table) => nameOf(file, table));
  const steps: Step[] = [];
  for (const table of file.tables(file.field(graph, 3))) {
    const name = names[file.long(file.field(table, 0))];
    const kind = operators[name ?? ""];
    const inputs = file.numbers(file.field(table, 1));
    const [output, ...more] = file.numbers(file.field(table, 2));
    if (!kind || output === undefined || more.length > 0) throw new UnknownModel(`operator ${name}`);
    const options = file.field(table, 4) && file.table(file.field(table, 4));
    const from = tensors[inputs[0] ?? -1];
    if (!from) throw new UnknownModel(`inputs of ${name}`);
    // Weights are stored in half the precision and computed with in the whole one.
    if (kind === "unpack") tensors[output] = from;
    else if (kind === "conv" || kind === "depthwise")
      steps.push(windowOf(file, options, kind, stored[inputs[1] ?? -1], inputs, output));
    else steps.push({ kind: plain(file, options, kind), inputs, output });
  }
  const [[input], [output]] = [file.numbers(file.field(graph, 1)), file.numbers(file.field(graph, 2))];
  if (input === undefined || output === undefined) throw new UnknownModel("no way in or out");
  return { tensors, steps, input, output };
}

function nameOf(file: Tables, table: number): string {
  const custom = file.field(table, 1);
  if (custom !== 0) return new TextDecoder().decode(file.raw(custom));
  return String(Math.max(file.small(file.field(table, 0)), file.long(file.field(table, 3))));
}

function windowOf(
  file: Tables,
  options: number,
  kind: Window["kind"],
  weights: Stored | undefined,
  inputs: readonly number[],
  output: number,
): Step {
  const padding = file.small(file.field(options, 0));
  const stride = file.long(file.field(options, 1), 1);
  const activation = file.small(file.field(options, kind === "conv" ? 3 : 4));
  const [, rows, columns] = weights?.shape ?? [];
  // What lies beyond the edge counts as nothing ("SAME"); a single point has no edge.
  const edges = padding === 0 || rows === 1;
  if (!edges || activation !== 0 || rows === undefined || columns === undefined)
    throw new UnknownModel(`a ${kind} of another kind`);
  return { kind, stride, kernel: [rows, columns], inputs, output };
}

function plain(file: Tables, options: number, kind: Plain): Plain {
  const activation =
    kind === "add" || kind === "multiply" ? file.small(options && file.field(options, 0)) : 0;
  const corners = kind === "double" ? file.small(options && file.field(options, 2)) : 0;
  if (activation !== 0 || corners !== 0) throw new UnknownModel(`a ${kind} of another kind`);
  if (kind === "double" && file.small(file.field(options, 3)) === 0) throw new UnknownModel("corners");
  return kind;
}

/** One picture at a time: rows, columns, channels; weights keep their order, which the steps know. */
function shapeOf(shape: readonly number[]): Tensor["shape"] {
  const [rows = 1, columns = 1, channels = 1] = shape.length === 4 ? shape.slice(1) : [1, 1, shape[0]];
  return [rows, columns, channels];
}

function valuesOf({ type, bytes }: Stored): Float32Array | undefined {
  if (bytes.length === 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (type === float32)
    return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  if (type === float16)
    return Float32Array.from({ length: bytes.length / 2 }, (_, i) => half(view.getUint16(2 * i, true)));
  if (type === int32) return undefined; // sizes and axes, which follow from the shapes
  throw new UnknownModel(`type ${type}`);
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 0) return sign * 2 ** -14 * fraction;
  return sign * (exponent === 31 ? Infinity : 2 ** (exponent - 15) * (1 + fraction));
}
