import { Writable } from 'node:stream';
import { Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { PrintWriter, printConnector } from '../../connectors/print/connector.ts';
import { isoNs } from '../../connectors/print/text.ts';
import { COLUMNS, LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { Block } from '../../graph/contract/connector.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.trade_id, COLUMNS.price]);
const LINEAGE: Row = { _src: 'i/t/0', _seq: 0n, _task: 0, _epoch: 0n };

function block(rows: readonly Row[]): Block {
  const batch = batchOf(
    new Schema([...SCHEMA.fields, ...LINEAGE_FIELDS]),
    rows.map((row) => ({ ...row, ...LINEAGE })),
  );
  return { src: 'i/t/0', fromSeq: 0n, toSeq: 0n, batches: [batch], rows: rows.length, bytes: 0 };
}

function writer(params: unknown): { readonly print: PrintWriter; readonly clock: { ms: number }; text(): string } {
  let text = '';
  const clock = { ms: 0 };
  const out = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      done();
    },
  });
  const given = printConnector.sink?.params.parse(params);
  return { print: new PrintWriter(SCHEMA, given, { out, now: () => clock.ms }), clock, text: () => text };
}

const rowAt = (i: number): Row => ({
  ts_event: 1_723_161_255_030_314_667n,
  symbol: i % 2 ? 'ETH' : 'BTCUSDT',
  trade_id: i ? BigInt(i) : null,
  price: i / 3,
});

test('aligned text: heading, times to the nanosecond, nothing for null, no lineage', async () => {
  const { print, text } = writer({});
  await print.write(block([rowAt(0), rowAt(1)]));
  expect(text().split('\n')).toEqual([
    'ts_event                        symbol   trade_id           price',
    '2024-08-08T23:54:15.030314667Z  BTCUSDT                         0',
    '2024-08-08T23:54:15.030314667Z  ETH             1  0.333333333333',
    '',
  ]);
});

test('shows so many rows a second and counts the others', async () => {
  const { print, clock, text } = writer({ limit: 2 });
  await print.write(block([rowAt(0), rowAt(1), rowAt(2)]));
  await print.write(block([rowAt(3)]));
  clock.ms = 1000;
  await print.write(block([rowAt(4)]));
  await print.finish();
  const lines = text().trimEnd().split('\n').slice(1);
  expect(lines.map((line) => line.startsWith('…'))).toEqual([false, false, true, false]);
  expect(lines[2]).toBe('… and 2 more');
});

test('JSON keeps every digit, and what a terminal would obey does not reach it', async () => {
  const { print, text } = writer({ as: 'ndjson', limit: 0 });
  await print.write(block([{ ...rowAt(0), trade_id: 9_007_199_254_740_993n }]));
  expect(text()).toMatch(
    /^\{"ts_event":"2024-08-08T23:54:15\.030314667Z","symbol":"BTCUSDT","trade_id":"?9007199254740993"?,"price":0(\.0)?\}\n$/,
  );
  const plain = writer({});
  await plain.print.write(block([{ ...rowAt(0), symbol: 'a\u001b[31mb\nc' }]));
  expect(plain.text()).toContain('a [31mb c');
});

test('may write again, and takes no other parameters', async () => {
  expect(await writer({}).print.has()).toBe('keyed');
  expect(printConnector.sink?.params.safeParse({ limits: 1 }).success).toBe(false);
  expect(isoNs(-1n)).toBe('1969-12-31T23:59:59.999999999Z');
});
