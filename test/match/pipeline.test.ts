import { describe, expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compileText } from '../compiler/compiling.ts';

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

  test('one node is not enough: the diagnostic shows the map, without what is optional', () => {
    const { errors } = compiled('instructions', 'exchange.fills');
    expect(errors).toMatchObject([{ code: 'port-map-needed', hint: 'Write from: { orders: instructions }.' }]);
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
