import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import proto from 'onnx-proto';
import type { ModelCard } from '../../operators/onnx/card.ts';

const { onnx } = proto;
const FLOAT = onnx.TensorProto.DataType.FLOAT;
const { AttributeType } = onnx.AttributeProto;

/** A size by axis; text names one that is open. */
export type Dims = readonly (number | string)[];

const tensor = (name: string, dims: readonly number[], values: readonly number[]) =>
  onnx.TensorProto.create({ name, dims: [...dims], dataType: FLOAT, floatData: [...values] });
export const value = (name: string, dims: Dims, elemType: number = FLOAT) =>
  onnx.ValueInfoProto.create({
    name,
    type: {
      tensorType: { elemType, shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) } },
    },
  });

/** Logistic regression: `probabilities` [n, 2] (down, up), and a linear `return` [n, 1]. */
export interface Linear {
  readonly weights: readonly number[];
  readonly bias: number;
  /** Size of the first axis of the input; open unless given. */
  readonly rows?: number;
  /** Leaves the number of probabilities open. */
  readonly open?: boolean;
}

/** A model that carries names of features, or any other text there. */
export function named(bytes: Uint8Array, features: string): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  model.metadataProps.push(onnx.StringStringEntryProto.create({ key: 'millrace.features', value: features }));
  return onnx.ModelProto.encode(model).finish();
}

/** The model as ONNX, by the protobuf definitions of the standard: an encoder that is not ours. */
export function linearModel({ weights, bias, rows, open }: Linear): Uint8Array {
  const k = weights.length;
  const n = rows ?? 'n';
  const node = (opType: string, input: string[], output: string[], axis?: number) => ({
    opType,
    input,
    output,
    name: output[0],
    attribute: axis === undefined ? [] : [{ name: 'axis', type: AttributeType.INT, i: axis }],
  });
  const graph = {
    name: 'linear',
    node: [
      node('MatMul', ['features', 'weights'], ['product']),
      node('Add', ['product', 'bias'], ['return']),
      node('Sigmoid', ['return'], ['up']),
      node('Sub', ['one', 'up'], ['down']),
      node('Concat', ['down', 'up'], ['probabilities'], 1),
    ],
    initializer: [tensor('weights', [k, 1], weights), tensor('bias', [1], [bias]), tensor('one', [1], [1])],
    input: [value('features', [n, k])],
    output: [value('probabilities', [n, open ? 'k' : 2]), value('return', [n, 1])],
  };
  const model = { irVersion: 8, producerName: 'test', opsetImport: [{ domain: '', version: 13 }], graph };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model as never)).finish();
}

/** A model that looks its one feature up in a table: `return` [n, 1]. It fails where the table has no such row. */
export function tableModel(table: readonly number[]): Uint8Array {
  const node = (opType: string, input: string[], output: string, attribute: object[] = []) => ({
    opType,
    input,
    output: [output],
    name: output,
    attribute,
  });
  const graph = {
    name: 'table',
    node: [
      node('Cast', ['features'], 'rows', [{ name: 'to', type: AttributeType.INT, i: onnx.TensorProto.DataType.INT64 }]),
      node('Gather', ['table', 'rows'], 'return'),
    ],
    initializer: [tensor('table', [table.length], table)],
    input: [value('features', ['n', 1])],
    output: [value('return', ['n', 1])],
  };
  const model = { irVersion: 8, producerName: 'test', opsetImport: [{ domain: '', version: 13 }], graph };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model as never)).finish();
}

/** The linear model, plainly. */
export function linearAnswer({ weights, bias }: Linear, row: readonly number[]): { p_up: number; expected_return: number } {
  const sum = weights.reduce((total, weight, i) => total + weight * (row[i] ?? 0), bias);
  return { p_up: 1 / (1 + Math.exp(-sum)), expected_return: sum };
}

export function cardOf(bytes: Uint8Array, given: Partial<ModelCard> = {}): ModelCard {
  return {
    format: 'millrace-model',
    version: 1,
    name: 'direction',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    features: ['spread', 'imbalance'],
    horizons: [{ horizon: '1s', p_up: 'probabilities[1]', expected_return: 'return' }],
    ...given,
  };
}

/** Writes models with their cards into a fresh folder; by file name. */
export function modelFolder(models: Readonly<Record<string, { readonly bytes: Uint8Array; readonly card?: Partial<ModelCard> }>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-predict-'));
  for (const [name, { bytes, card }] of Object.entries(models)) {
    writeFileSync(join(folder, name), bytes);
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(cardOf(bytes, card)));
  }
  return folder;
}
