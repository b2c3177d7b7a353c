import proto from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { modelFault } from '../../operators/onnx/card.ts';
import { ModelFault, readShape } from '../../operators/onnx/shape.ts';
import { cardOf, linearModel, value } from './models.ts';

const { onnx } = proto;
const WEIGHTS = { weights: [0.5, -2], bias: 0.25 };

/** A model without nodes that takes and gives what is said. */
function hollow(input: ReturnType<typeof value>[], output: ReturnType<typeof value>[]): Uint8Array {
  return onnx.ModelProto.encode(onnx.ModelProto.create({ irVersion: 8, graph: { name: 'g', input, output } } as never)).finish();
}

describe('the shape of a model', () => {
  test('is what the standard encoder wrote', () => {
    expect(readShape(linearModel(WEIGHTS))).toEqual({
      inputs: [{ name: 'features', element: 1, dims: [null, 2] }],
      outputs: [
        { name: 'probabilities', element: 1, dims: [null, 2] },
        { name: 'return', element: 1, dims: [null, 1] },
      ],
      metadata: new Map(),
    });
    expect(readShape(linearModel({ ...WEIGHTS, rows: 7 })).inputs[0]?.dims).toEqual([7, 2]);
  });

  test('leaves out inputs that have their values in the model', () => {
    const model = onnx.ModelProto.decode(linearModel(WEIGHTS));
    model.graph?.input?.push(value('bias', [1]));
    expect(readShape(onnx.ModelProto.encode(model).finish()).inputs.map(({ name }) => name)).toEqual(['features']);
  });

  test('is not had of any beginning of a model, nor of other bytes', () => {
    const whole = linearModel(WEIGHTS);
    for (let bytes = 0; bytes < whole.length; bytes++) {
      const begun = whole.subarray(0, bytes);
      let shape: ReturnType<typeof readShape> | null = null;
      try {
        shape = readShape(begun);
      } catch (error) {
        expect(error).toBeInstanceOf(ModelFault);
      }
      // what is cut between two fields may be read; its hash tells
      if (shape) expect(modelFault(begun, cardOf(whole))).toMatch(/SHA-256/);
    }
    expect(() => readShape(Buffer.from('this is text, and no model'))).toThrow(ModelFault);
    expect(() => readShape(new Uint8Array(100).fill(255))).toThrow(ModelFault);
  });
});

describe('a model whose weights lie in another file', () => {
  const tensor = { name: 'w', dims: [2, 1], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: 'w.bin' }] };
  const inner = { name: 'then', initializer: [tensor] };
  const attribute = (given: object) => ({ node: [{ opType: 'If', output: ['r'], attribute: [{ name: 'a', ...given }] }] });
  test.each<[string, object]>([
    ['a tensor of the graph', { initializer: [tensor] }],
    ['a sparse one', { sparseInitializer: [{ values: tensor, dims: [2] }] }],
    ['a constant of a node', attribute({ t: tensor })],
    ['a tensor of a graph in a node', attribute({ g: inner })],
  ])('%s', (_, graph) => {
    const whole = { name: 'g', input: [value('a', ['n', 2])], output: [value('r', ['n', 1])], ...graph };
    const bytes = onnx.ModelProto.encode(onnx.ModelProto.create({ irVersion: 8, graph: whole } as never)).finish();
    expect(modelFault(bytes, cardOf(bytes))).toBe('its weights lie in another file; save it as one');
  });
});

describe('a model that does not fit its card', () => {
  const whole = linearModel(WEIGHTS);
  const other = (change: (bytes: Uint8Array) => void) => {
    const bytes = Uint8Array.from(whole);
    change(bytes);
    return bytes;
  };
  const out = [value('p', ['n', 2])];
  test.each<[string, Uint8Array, Parameters<typeof cardOf>[1], RegExp]>([
    [
      'one byte of it changed',
      other((bytes) => (bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1)),
      { sha256: cardOf(whole).sha256 },
      /another SHA-256/,
    ],
    ['too few features', whole, { features: ['spread'] }, /takes 2 features, and its card names 1/],
    [
      'an unknown output',
      whole,
      { horizons: [{ horizon: '1s', p_up: 'proba[1]' }] },
      /gives no "proba" for p_up; it gives probabilities, return/,
    ],
    [
      'an output of two columns named without one',
      whole,
      { horizons: [{ horizon: '1s', p_up: 'probabilities' }] },
      /"probabilities" has 2 columns; its card has to say which one p_up is: probabilities\[0\] to \[1\]/,
    ],
    ['a column too many', whole, { horizons: [{ horizon: '1s', p_up: 'probabilities[2]' }] }, /has 2 columns, and no \[2\]/],
    ['no answers', whole, { horizons: [{ horizon: '1s' }] }, /says nothing of what it gives for 1s/],
    ['an unknown input', whole, { input: 'x' }, /no input "x"; it takes features/],
    ['a fixed number of rows', linearModel({ ...WEIGHTS, rows: 1 }), {}, /takes 1 rows at a time/],
    ['two inputs', hollow([value('a', ['n', 2]), value('b', ['n', 2])], out), {}, /takes the tensors a, b; its card has to say/],
    ['images', hollow([value('a', ['n', 3, 8, 8])], out), {}, /has 4 axes, not rows and features/],
    ['whole numbers', hollow([value('a', ['n', 2], 7)], out), {}, /does not take float32 but int64/],
    ['float64', hollow([value('a', ['n', 2], 11)], out), {}, /does not take float32 but float64/],
    [
      'an output of whole numbers',
      hollow([value('a', ['n', 2])], [value('probabilities', ['n', 2], 7)]),
      {},
      /no tensor of float32 or float64 but of int64/,
    ],
    [
      'an output that is a list of maps',
      hollow([value('a', ['n', 2])], [onnx.ValueInfoProto.create({ name: 'probabilities', type: { sequenceType: {} } })]),
      {},
      /no tensor of float32 or float64 but a list or a map: convert it with zipmap off/,
    ],
    ['nothing', new Uint8Array(0), {}, /it is empty/],
  ])('%s', (_, bytes, card, message) => {
    expect(modelFault(bytes, cardOf(bytes, card))).toMatch(message);
  });

  test('one that fits has no fault', () => {
    expect(modelFault(whole, cardOf(whole))).toBeNull();
  });
});
