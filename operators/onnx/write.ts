/** Writes the few messages of ONNX that small models need. Source: onnx/onnx.proto3; Protocol Buffers, Encoding. */

const FLOAT = 1;

type Part = Uint8Array;

function varint(value: number): Part {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const number = (field: number, value: number): Part => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field: number, value: Uint8Array): Part => Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
const text = (field: number, value: string): Part => bytes(field, Buffer.from(value));
const message = (field: number, parts: readonly Part[]): Part => bytes(field, Buffer.concat(parts));

/** A tensor of constants. */
export interface Constant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: ArrayLike<number>;
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
}

/** A model over float32 rows: one input [n, width], outputs [n, 1], nodes of the default domain without attributes. */
export interface OnnxModel {
  readonly name: string;
  readonly input: { readonly name: string; readonly width: number };
  readonly outputs: readonly string[];
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly Constant[];
  /** What the file says of itself, by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Lowest version of the format and of the operators that has all that is used here. */
const IR_VERSION = 8;
const OPSET = 13;

export function writeOnnx({ name, input, outputs, nodes, constants, metadata }: OnnxModel): Uint8Array {
  const dims = (width: number): Part[] => [message(1, [text(2, 'n')]), message(1, [number(1, width)])];
  const tensor = (field: number, of: string, width: number): Part =>
    message(field, [text(1, of), message(2, [message(1, [number(1, FLOAT), message(2, dims(width))])])]);
  const graph = [
    ...nodes.map(({ op, inputs, output }) =>
      message(1, [...inputs.map((one) => text(1, one)), text(2, output), text(3, output), text(4, op)]),
    ),
    text(2, name),
    ...constants.map(({ name: of, dims: sizes, values }) =>
      message(5, [...sizes.map((size) => number(1, size)), number(2, FLOAT), text(8, of), bytes(9, littleEndian(values))]),
    ),
    tensor(11, input.name, input.width),
    ...outputs.map((output) => tensor(12, output, 1)),
  ];
  return Buffer.concat([
    number(1, IR_VERSION),
    text(2, 'millrace'),
    message(7, graph),
    message(8, [text(1, ''), number(2, OPSET)]),
    ...Object.entries(metadata).map(([key, value]) => message(14, [text(1, key), text(2, value)])),
  ]);
}

function littleEndian(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] as number, true);
  return new Uint8Array(view.buffer);
}
