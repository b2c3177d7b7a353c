import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { RecordBatch } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { capture } from '../../connectors/formats/capture.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { normalize } from '../../operators/normalize/operator.ts';
import { payloadsOf } from '../formats/payloads.ts';

const DATA = process.env.MILLRACE_DATA ?? new URL('../../../shared/data', import.meta.url).pathname;
const VECTORS: Record<string, { rows: number; sums: object; last: object; sha256: string }> = JSON.parse(
  readFileSync(new URL('vectors/quotes.json', import.meta.url), 'utf8'),
);
const TABLE = `venue,symbol,tick_size,lot_size
binance_usdm,BTCUSDT,0.10,0.001
binance_coinm,BTCUSD_PERP,0.1,1
binance_spot,BTCUSDT,0.01,0.00001
`;

const SCHEMA = capture.ownSchema?.({});

/** The native and the reference kernel. */
function kernels(venue: string, params: object = {}): readonly Kernel[] {
  if (!SCHEMA) throw new TypeError('capture brings its own schema');
  const given = { kind: 'quotes', venue, instruments: 'instruments.csv', ...params };
  const { create, reference } = subjectOf(normalize, given, { in: SCHEMA }, new Map([['instruments.csv', TABLE]]));
  if (!reference) throw new TypeError('normalize has a reference kernel');
  return [create(), reference()];
}

function decode(lines: readonly string[]): RecordBatch {
  const { batch } = capture.decoder(SCHEMA as never, {}).decode(payloadsOf(lines));
  if (!batch) throw new TypeError('no line could be read');
  return batch;
}

function push(kernel: Kernel, batch: RecordBatch): { out: Row[]; ignored: Row[]; rejected: Row[] } {
  const ports = { out: [] as Row[], ignored: [] as Row[], rejected: [] as Row[] };
  kernel.push(batch, 'in', (port, rows) => ports[port as 'out'].push(...rowsOf(rows)), 0n);
  return ports;
}

// what SOURCES.md says of the rows: usdm 66,089 quotes; all receive clocks behind the event clocks; the other counts are the script's
describe.each([
  { file: 'usdm-btcusdt-20240808', venue: 'binance_usdm', rows: 66_089, flags: 1, tick: 10, lot: 1000 },
  { file: 'cm-btcusd_perp-20240808', venue: 'binance_coinm', rows: 19_136, flags: 1, tick: 10, lot: 1 },
  { file: 'spot-btcusdt-20240808', venue: 'binance_spot', rows: 28_040, flags: 16, tick: 100, lot: 100_000 },
])('$file', ({ file, venue, rows, flags, tick, lot }) => {
  const path = `${DATA}/binance/${file}.ndjson.gz`;

  test.skipIf(!existsSync(path))(`quotes are those that Python reads (skipped without ${path})`, () => {
    const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
    const { out, ignored, rejected } = push(kernels(venue)[0] as Kernel, decode(lines));
    const vector = VECTORS[file];
    const names = ['ts_event', 'ts_recv', 'sequence', 'bid_ticks', 'bid_lots', 'ask_ticks', 'ask_lots'] as const;
    const text = out.map((row) => `${names.map((name) => row[name]).join(',')}\n`).join('');
    const sum = (name: string) => out.reduce((total, row) => total + (row[name] as bigint), 0n).toString();
    expect(rejected).toEqual([]);
    expect([out.length, vector?.rows]).toEqual([rows, rows]);
    expect(Object.fromEntries(names.slice(3).map((name) => [name, sum(name)]))).toEqual(vector?.sums);
    expect(Object.fromEntries(names.map((name) => [name, String(out.at(-1)?.[name])]))).toEqual(vector?.last);
    expect(createHash('sha256').update(text).digest('hex')).toBe(vector?.sha256);
    expect(out.every((row) => row.flags === flags)).toBe(true);
    for (const [price, ticks] of [
      ['bid', 'bid_ticks'],
      ['ask', 'ask_ticks'],
    ] as const)
      expect(out.every((row) => Number(row[ticks]) / tick === row[price])).toBe(true);
    for (const [size, lots] of [
      ['bid_size', 'bid_lots'],
      ['ask_size', 'ask_lots'],
    ] as const)
      expect(out.every((row) => Number(row[lots]) / lot === row[size])).toBe(true);
    expect(ignored).toHaveLength(lines.length - rows);
    expect(new Set(ignored.map((row) => row.kind))).toEqual(new Set(['trade', 'depthUpdate', 'snapshot']));
  });
});

const quote = (over: object = {}) => ({
  e: 'bookTicker',
  u: 1,
  s: 'BTCUSDT',
  b: '61800.20',
  B: '2.507',
  a: '61800.30',
  A: '2.504',
  T: 1000,
  ...over,
});
const line = (payload: unknown) => `1500000000 ${typeof payload === 'string' ? payload : JSON.stringify(payload)}`;
const absent = (key: string): [string, object] => ['field-missing', { [key]: undefined }];

const HOSTILE: readonly [string, object][] = [
  ...['T', 's', 'u', 'b', 'B', 'a', 'A'].map(absent),
  ['field-missing', { b: null }],
  ['field-type', { T: '1000' }],
  ['field-type', { T: 9223372036855 }],
  ['field-type', { u: '7' }],
  ['field-type', { u: 1.5 }],
  ['field-type', { s: 5 }],
  ['field-type', { b: 61800.2 }],
  ['field-type', { A: [] }],
  ['field-type', { b: '1e5' }],
  ['field-type', { A: '' }],
  ['instrument-unknown', { s: 'btcusdt' }],
  ['price-not-finite', { b: 'nan' }],
  ['price-not-finite', { a: 'Infinity' }],
  ['price-not-positive', { b: '0.00' }],
  ['price-not-positive', { a: '-1' }],
  ['price-off-tick', { b: '61800.15' }],
  ['price-off-tick', { a: '61800.35' }],
  ['price-too-large', { a: '922337203685477580.8' }],
  ['size-not-finite', { B: 'inf' }],
  ['size-not-positive', { A: '0' }],
  ['size-off-lot', { B: '0.0005' }],
  ['size-too-large', { A: '9'.repeat(30) }],
  ['quote-crossed', { a: '61800.20' }],
  ['quote-crossed', { a: '61800.10' }],
  ['quote-stale', { u: 1 }],
  ['quote-stale', { u: 0 }],
];

describe('refused quotes', () => {
  test.each(HOSTILE)('%s: %j', (code, over) => {
    const hostile = JSON.stringify(quote({ u: 2, ...over }));
    const said = kernels('binance_usdm').map((kernel) => {
      const { out, rejected } = push(kernel, decode([line(quote()), line(hostile), line(quote({ u: 3 }))]));
      expect(out.map((row) => row.sequence)).toEqual([1n, 3n]);
      expect(rejected).toMatchObject([{ row: 1, code }]);
      expect(Buffer.from(rejected[0]?.raw as Uint8Array).toString()).toBe(hostile);
      expect(String(rejected[0]?.reason)).not.toContain('undefined');
      return rejected[0]?.reason;
    });
    expect(said[0]).toBe(said[1]);
  });

  test.each([
    JSON.stringify(quote()).slice(0, -1),
    JSON.stringify(quote()).replace('"u":1', '"u":1,"u":2'),
    `${JSON.stringify(quote())} x`,
  ])('payload-unparsable: %s', (payload) => {
    for (const kernel of kernels('binance_usdm')) {
      expect(push(kernel, decode([line(payload)]))).toMatchObject({ out: [], ignored: [], rejected: [{ code: 'payload-unparsable' }] });
    }
  });
});

test('a venue that numbers anew is believed after as many stale quotes as the window says', () => {
  const numbers = [10, 3, 11, 3, 4, 5, 6, 7];
  for (const kernel of kernels('binance_usdm', { duplicate_window: 2 })) {
    const { out, rejected } = push(kernel, decode(numbers.map((u) => line(quote({ u })))));
    expect(out.map((row) => [Number(row.sequence), row.flags])).toEqual([
      [10, 0],
      [11, 0],
      [5, 2],
      [6, 0],
      [7, 0],
    ]);
    expect(rejected.map((row) => [row.row, row.code])).toEqual([1, 3, 4].map((row) => [row, 'quote-stale']));
  }
});

test('spot quotes are told by their stream, or by their fields', () => {
  const { e: _e, T: _t, ...bare } = quote({ b: '61837.63000000', a: '61837.64000000', B: '3.78826000', A: '1.54698000' });
  const combined = { stream: 'btcusdt@bookTicker', data: { ...bare, u: 2 } };
  const other = { stream: 'btcusdt@depth20', data: { ...bare, u: 3 } };
  for (const kernel of kernels('binance_spot')) {
    const { out, ignored } = push(kernel, decode([bare, combined, other, { stream: 'x@trade', data: {} }, { e: 'trade' }].map(line)));
    const ts = { ts_event: 1_500_000_000n, ts_recv: 1_500_000_000n, flags: 16 };
    expect(out).toMatchObject([
      { ...ts, sequence: 1n, bid_ticks: 6_183_763n, bid_lots: 378_826n },
      { ...ts, sequence: 2n, ask_ticks: 6_183_764n, ask_lots: 154_698n },
    ]);
    expect(ignored.map((row) => row.kind)).toEqual(['other', 'trade', 'trade']);
  }
});
