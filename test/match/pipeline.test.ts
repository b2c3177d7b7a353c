import { from } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { batches, batchOf, match, type Row, rowsOf, toFrames } from '../../index.ts';
import { compileText } from '../compiler/compiling.ts';
import { limit, market } from './play.ts';
import { INPUTS } from './ports.ts';

const COLUMNS = `{ ts_event: timestamp, action: dictionary, symbol: dictionary, account: dictionary, order_id: int64, side: dictionary, type: dictionary, price_ticks: int64, size_lots: int64 }`;

/** What the compiler says of a pipeline around one exchange. */
function compiled(from: string, reads: string, columns = COLUMNS, phases = 'broadcast: true') {
  const text = `version: 1
pipelines:
  p:
    sources:
      instructions:
        file: { path: orders.ndjson }
        format: json
        key: symbol
        schema: { columns: ${columns} }
      phases:
        file: { path: phases.ndjson }
        format: json
        ${phases}
        schema: { columns: { ts_event: timestamp, symbol: dictionary, phase: dictionary } }
    operators:
      exchange: { use: match, from: ${from} }
    sinks:
      a: { from: ${reads}, print: {} }
`;
  const disk = { '/work/orders.ndjson': '', '/work/phases.ndjson': '' };
  const { diagnostics, plans } = compileText(text, { registry: declarations, disk });
  return { plans, errors: diagnostics.filter(({ severity }) => severity === 'error') };
}

describe('match in a pipeline', () => {
  test.each(['fills', 'orders', 'book', 'auction', 'rejected'])(
    'its port %s can be read; columns that the input lacks are null',
    (port) => {
      const { plans, errors } = compiled('{ orders: instructions }', `exchange.${port}`);
      expect(errors).toEqual([]);
      expect(plans).toHaveLength(1);
    },
  );

  test.each(['broadcast: true', 'key: symbol'])('the source of symbols may have %s', (phases) => {
    expect(compiled('{ orders: instructions, symbols: phases }', 'exchange.fills', COLUMNS, phases).errors).toEqual([]);
  });

  test('there is no main port: the diagnostic names those that are there', () => {
    const { errors } = compiled('{ orders: instructions }', 'exchange');
    expect(errors).toMatchObject([
      {
        code: 'port-unknown',
        message: 'node "exchange" has no port "out"',
        hint: 'Name the port that is meant: "exchange.fills"; the others are orders, book, auction, rejected.',
      },
    ]);
  });

  test('one node is enough: it goes to the port that is needed', () => {
    const { errors, plans } = compiled('instructions', 'exchange.fills');
    expect(errors).toEqual([]);
    expect(plans[0]?.nodes[0]?.inputs.map(({ port }) => port)).toEqual(['orders']);
  });

  test('a column that is missing or of another type is said, an optional one too', () => {
    const { errors } = compiled(
      '{ orders: instructions }',
      'exchange.fills',
      COLUMNS.replace('account: dictionary, ', 'display_lots: float64, '),
    );
    expect(errors.map(({ code, message }) => `${code}: ${message}`).sort()).toEqual([
      'column-type: operator "match" needs column "display_lots" to be Int64, but "instructions" gives Float64',
      'column-unknown: operator "match" needs column "account", which "instructions" does not have',
    ]);
  });
});

test('match without a graph: instructions in, the rows of a port out', () => {
  const instructions = [limit(1, 'sell', 100), limit(2, 'sell', 101), market(3, 'buy', 7)];
  const rows = instructions.map((row, i): Row => ({ ts_event: BigInt(i), symbol: 'A', ...row }));
  const given = (port: string): Row[] => {
    const seen: Row[] = [];
    const input = from([batchOf(INPUTS.orders, rows.slice(0, 2)), batchOf(INPUTS.orders, rows.slice(2))]);
    const output = input.pipe(toFrames({ time: 'ts_event' }), match({ depth: 1 }).port(port), batches());
    output.subscribe((batch) => seen.push(...rowsOf(batch)));
    return seen;
  };
  expect(given('fills').map((row) => [row.order_id, row.size_lots, row.price_ticks])).toEqual([
    [1n, 5n, 100n],
    [3n, 5n, 100n],
    [2n, 2n, 101n],
    [3n, 2n, 101n],
  ]);
  expect(given('book').at(-1)).toMatchObject({ ask_ticks: 101n, ask_lots: 3n });
  expect(() => match({ depth: -1 })).toThrow(/depth/);
});
