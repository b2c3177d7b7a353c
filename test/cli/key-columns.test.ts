import { expect, test } from 'vitest';
import { keyColumns } from '../../cli/key-columns.ts';
import { declarations } from '../../cli/registry.ts';
import { compile } from '../../graph/plan/compile.ts';

const FILES = { exists: () => true, read: () => '' };

/** Key columns of a model of rows that pass the given nodes; the last is `last`. */
function keysBehind(operators: string) {
  const text = `version: 1
pipelines:
  p:
    sources:
      prices:
        file: { path: prices.ndjson }
        format: json
        time: ts_event
        schema: { columns: { ts_event: timestamp, venue: dictionary, symbol: dictionary, desk: dictionary, mid: float64 } }
    operators:
${operators}
    sinks:
      m: { from: last, model: { path: m.onnx, features: [mid] } }
`;
  const { plans, diagnostics } = compile({
    text,
    file: 'p.yaml',
    registry: declarations,
    env: {},
    files: FILES,
    allowPaths: [],
    allowCode: false,
    tasks: 1,
    isHistory: true,
  });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [plan] = plans;
  const [sink] = plan?.sinks ?? [];
  return plan && sink ? keyColumns(plan, sink) : null;
}

test('a model tells keys apart as the label behind it does, and knows which columns its rows have lost', () => {
  const behind = (by: string) => `      known: { use: label, from: prices, with: { horizon: 1s${by} } }\n`;
  const filter = '      last: { use: filter, from: known, with: { where: "mid > 0" } }';
  expect(keysBehind(behind('') + filter)).toEqual({ by: ['venue', 'symbol'], lost: [] });
  expect(keysBehind(behind(', by: [desk]') + filter)).toEqual({ by: ['desk'], lost: [] });
  expect(keysBehind(behind(', by: []') + filter)).toEqual({ by: [], lost: [] });
  const columns = ['ts_event', 'ts_origin', 'horizon', 'symbol', 'mid', 'label_return', 'label_up'].map((name) => `${name}: ${name}`);
  const select = `      last: { use: select, from: known, with: { columns: { ${columns.join(', ')} } } }`;
  expect(keysBehind(behind('') + select)).toEqual({ by: ['symbol'], lost: ['venue'] });
});
