/** A tensor that a model takes or gives: sizes by axis, null where the model leaves them open; `dims` null: of any number of axes. */
export interface TensorShape {
  readonly name: string;
  /** ONNX's number of the element type (1 float32, 7 int64, 11 float64); null: no tensor but a sequence or a map. */
  readonly element: number | null;
  readonly dims: readonly (number | null)[] | null;
}

/** What an ONNX file says of itself. Weights are not looked at, but for where they lie. */
export interface ModelShape {
  readonly inputs: readonly TensorShape[];
  readonly outputs: readonly TensorShape[];
  /** What it carries about itself, by key: its `metadata_props`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** A fault in the bytes of a model, in words. */
export class ModelFault extends Error {}

/** Wire types of protobuf that ONNX uses. Source: Protocol Buffers, Encoding. */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Fields of `onnx.proto3`. */
const MODEL = { irVersion: 1, graph: 7, metadata: 14 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparse: 15 } as const;
const NODE_ATTRIBUTE = 5;
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparse: 22, sparses: 23 } as const;
/** Of a sparse tensor: two tensors. */
const SPARSE = { values: 1, indices: 2 } as const;
const NAMED = { name: 1, type: 2 } as const;
const WEIGHTS = { name: 8, location: 14 } as const;
/** What `location` says of a tensor whose values lie in another file. */
const EXTERNAL = 1;
/** Graphs in the nodes of a graph, as branches of a loop. */
const MOST_DEPTH = 64;
const TYPE = { tensor: 1 } as const;
const TENSOR = { element: 1, shape: 2 } as const;
const DIMENSION = { dim: 1, value: 1 } as const;

interface Field {
  readonly number: number;
  /** Of a varint. */
  readonly value: number;
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The fields of one message, in order. Throws `ModelFault` where they run beyond its end. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new ModelFault('it is cut short');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new ModelFault('it is no ONNX model');
  };
  const skip = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new ModelFault('it is cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (number === 0) throw new ModelFault('it is no ONNX model');
    if (wire === VARINT) yield { number, value: varint(), bytes: NOTHING };
    else if (wire === FIXED64) yield { number, value: 0, bytes: skip(8) };
    else if (wire === FIXED32) yield { number, value: 0, bytes: skip(4) };
    else if (wire === BYTES) yield { number, value: 0, bytes: skip(varint()) };
    else throw new ModelFault('it is no ONNX model');
  }
}

const one = (bytes: Uint8Array, number: number): Uint8Array | null =>
  [...fields(bytes)].findLast((field) => field.number === number)?.bytes ?? null;
const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? NOTHING).toString('utf8');

function tensorOf(bytes: Uint8Array): TensorShape {
  const name = text(one(bytes, NAMED.name));
  const tensor = one(one(bytes, NAMED.type) ?? NOTHING, TYPE.tensor);
  if (tensor === null) return { name, element: null, dims: null };
  const element = [...fields(tensor)].findLast((field) => field.number === TENSOR.element)?.value ?? 0;
  const shape = one(tensor, TENSOR.shape);
  const dims = shape && [...fields(shape)].filter(({ number }) => number === DIMENSION.dim).map(({ bytes: dim }) => sizeOf(dim));
  return { name, element, dims };
}

/** A size that the model says; null where it is open, or named only. */
function sizeOf(dim: Uint8Array): number | null {
  const value = [...fields(dim)].findLast((field) => field.number === DIMENSION.value && field.bytes === NOTHING)?.value;
  return value === undefined || value > Number.MAX_SAFE_INTEGER ? null : value;
}

/** Whether the values of a tensor lie in another file, one of those in a graph, or in a graph in one of its nodes. */
function isElsewhere(graph: Uint8Array, depth = 0): boolean {
  if (depth > MOST_DEPTH) throw new ModelFault('its graphs lie in each other deeper than is read');
  for (const { number, bytes } of fields(graph)) {
    if (number === GRAPH.initializer && isExternal(bytes)) return true;
    if (number === GRAPH.sparse && isSparseExternal(bytes)) return true;
    if (number !== GRAPH.node) continue;
    for (const attribute of fields(bytes))
      if (attribute.number === NODE_ATTRIBUTE && isAttributeElsewhere(attribute.bytes, depth)) return true;
  }
  return false;
}

function isAttributeElsewhere(attribute: Uint8Array, depth: number): boolean {
  for (const { number, bytes } of fields(attribute)) {
    if ((number === ATTRIBUTE.tensor || number === ATTRIBUTE.tensors) && isExternal(bytes)) return true;
    if ((number === ATTRIBUTE.sparse || number === ATTRIBUTE.sparses) && isSparseExternal(bytes)) return true;
    if ((number === ATTRIBUTE.graph || number === ATTRIBUTE.graphs) && isElsewhere(bytes, depth + 1)) return true;
  }
  return false;
}

function isExternal(tensor: Uint8Array): boolean {
  for (const { number, value } of fields(tensor)) if (number === WEIGHTS.location && value === EXTERNAL) return true;
  return false;
}

function isSparseExternal(sparse: Uint8Array): boolean {
  for (const { number, bytes } of fields(sparse))
    if ((number === SPARSE.values || number === SPARSE.indices) && isExternal(bytes)) return true;
  return false;
}

/** Reads what a model takes and gives. Throws `ModelFault` for bytes that are no whole ONNX model, as where weights lie in another file. Source: onnx/onnx.proto3. */
export function readShape(bytes: Uint8Array): ModelShape {
  if (bytes.length === 0) throw new ModelFault('it is empty');
  const whole = [...fields(bytes)];
  const graph = whole.findLast(({ number }) => number === MODEL.graph)?.bytes;
  if (!graph || !whole.some(({ number }) => number === MODEL.irVersion)) throw new ModelFault('it is no ONNX model');
  const inputs: TensorShape[] = [];
  const outputs: TensorShape[] = [];
  const given = new Set<string>();
  for (const field of fields(graph)) {
    if (field.number === GRAPH.input) inputs.push(tensorOf(field.bytes));
    else if (field.number === GRAPH.output) outputs.push(tensorOf(field.bytes));
    else if (field.number === GRAPH.initializer) given.add(text(one(field.bytes, WEIGHTS.name)));
  }
  if (isElsewhere(graph)) throw new ModelFault('its weights lie in another file; save it as one');
  const entries = whole.filter(({ number }) => number === MODEL.metadata);
  const metadata = new Map(entries.map(({ bytes: entry }) => [text(one(entry, ENTRY.key)), text(one(entry, ENTRY.value))]));
  return { inputs: inputs.filter(({ name }) => !given.has(name)), outputs, metadata };
}
