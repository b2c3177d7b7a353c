import proto from 'onnx-proto';
import { Random } from '../graph/test-kit/random.ts';

const { onnx } = proto;
const FLOAT = onnx.TensorProto.DataType.FLOAT;
const { AttributeType } = onnx.AttributeProto;

type Values = readonly number[];

const tensor = (name: string, dims: Values, values: Values) => ({ name, dims: [...dims], dataType: FLOAT, floatData: [...values] });
const value = (name: string, columns: number) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimParam: 'n' }, { dimValue: columns }] } } },
});

function encoded(graph: object, domains: readonly string[]): Uint8Array {
  const opsetImport = domains.map((domain) => ({ domain, version: domain === '' ? 13 : 1 }));
  return onnx.ModelProto.encode(onnx.ModelProto.create({ irVersion: 8, opsetImport, graph } as never)).finish();
}

/** A network of one hidden layer: `x` [n, features] to `y` [n, 1]. */
export function network(features: number, hidden: number): Uint8Array {
  const random = new Random(1);
  const weights = (count: number): number[] => Array.from({ length: count }, () => random.next() - 0.5);
  const node = (opType: string, input: string[], output: string) => ({ opType, input, output: [output], name: output });
  const graph = {
    name: 'network',
    node: [
      node('MatMul', ['x', 'w1'], 'a'),
      node('Add', ['a', 'b1'], 'b'),
      node('Relu', ['b'], 'c'),
      node('MatMul', ['c', 'w2'], 'd'),
      node('Add', ['d', 'b2'], 'y'),
    ],
    initializer: [
      tensor('w1', [features, hidden], weights(features * hidden)),
      tensor('b1', [hidden], weights(hidden)),
      tensor('w2', [hidden, 1], weights(hidden)),
      tensor('b2', [1], weights(1)),
    ],
    input: [value('x', features)],
    output: [value('y', 1)],
  };
  return encoded(graph, ['']);
}

/** Boosted trees, all of them full: `x` [n, features] to `y` [n, 1]. Source of the layout: ONNX, ai.onnx.ml, TreeEnsembleRegressor. */
export function trees(features: number, count: number, depth: number): Uint8Array {
  const random = new Random(2);
  const inner = 2 ** depth - 1;
  const nodes = 2 ** (depth + 1) - 1;
  const all = Array.from({ length: count * nodes }, (_, i) => ({ tree: Math.floor(i / nodes), node: i % nodes }));
  const leaves = all.filter(({ node }) => node >= inner);
  const ints = (name: string, values: Values) => ({ name, type: AttributeType.INTS, ints: [...values] });
  const floats = (name: string, values: Values) => ({ name, type: AttributeType.FLOATS, floats: [...values] });
  const text = (word: string) => Buffer.from(word);
  const isInner = ({ node }: { node: number }) => node < inner;
  const attribute = [
    ints(
      'nodes_treeids',
      all.map(({ tree }) => tree),
    ),
    ints(
      'nodes_nodeids',
      all.map(({ node }) => node),
    ),
    ints(
      'nodes_featureids',
      all.map((at) => (isInner(at) ? random.int(0, features - 1) : 0)),
    ),
    floats(
      'nodes_values',
      all.map((at) => (isInner(at) ? random.next() : 0)),
    ),
    { name: 'nodes_modes', type: AttributeType.STRINGS, strings: all.map((at) => text(isInner(at) ? 'BRANCH_LEQ' : 'LEAF')) },
    ints(
      'nodes_truenodeids',
      all.map((at) => (isInner(at) ? 2 * at.node + 1 : 0)),
    ),
    ints(
      'nodes_falsenodeids',
      all.map((at) => (isInner(at) ? 2 * at.node + 2 : 0)),
    ),
    ints(
      'target_treeids',
      leaves.map(({ tree }) => tree),
    ),
    ints(
      'target_nodeids',
      leaves.map(({ node }) => node),
    ),
    ints(
      'target_ids',
      leaves.map(() => 0),
    ),
    floats(
      'target_weights',
      leaves.map(() => random.next() - 0.5),
    ),
    { name: 'n_targets', type: AttributeType.INT, i: 1 },
  ];
  const node = [{ opType: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml', input: ['x'], output: ['y'], name: 'trees', attribute }];
  return encoded({ name: 'trees', node, input: [value('x', features)], output: [value('y', 1)] }, ['', 'ai.onnx.ml']);
}
