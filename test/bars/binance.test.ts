import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { COLUMNS, timestampNs } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { bars } from '../../operators/bars/operator.ts';

const DATA = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const PATH = join(DATA, 'binance', 'usdm-btcusdt-20240808.ndjson.gz');

interface Trade {
  readonly ms: number;
  /** Decimal digits as in the capture. */
  readonly price: string;
  readonly size: string;
  readonly buy: boolean;
}

function trades(): Trade[] {
  const lines = gunzipSync(readFileSync(PATH)).toString().split('\n');
  return lines.flatMap((line) => {
    const text = line.slice(line.indexOf(' ') + 1);
    if (!text.includes('"e":"trade"')) return [];
    const { data } = JSON.parse(text) as { data: { e: string; T: number; p: string; q: string; m: boolean } };
    return [{ ms: data.T, price: data.p, size: data.q, buy: !data.m }];
  });
}

/** A decimal as an exact multiple of 10^-digits. */
function scaled(text: string, digits: number): bigint {
  const [whole = '0', part = ''] = text.split('.');
  return BigInt(whole + part.padEnd(digits, '0').slice(0, digits));
}

const SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  new Field('ts_recv', timestampNs(), true),
  new Field('price', new Float64(), false),
  new Field('size', new Float64(), false),
  COLUMNS.aggressor_side,
]);

/** Bars of the kernel, fed in batches of `rows` and advanced after each to a watermark `lagMs` behind. */
function computed(all: readonly Trade[], rows: number, lagMs: number): Row[] {
  const subject = subjectOf(bars, { every: '1s' }, { in: SCHEMA });
  const kernel = subject.create();
  const out: Row[] = [];
  const emit = (port: string, batch: RecordBatch) => out.push(...rowsOf(batch).map((row) => ({ ...row, port })));
  let newest = 0;
  for (let from = 0; from < all.length; from += rows) {
    const some = all.slice(from, from + rows);
    const batch = batchOf(
      SCHEMA,
      some.map(({ ms, price, size, buy }) => ({
        ts_event: BigInt(ms) * 1_000_000n,
        symbol: 'BTCUSDT',
        price: Number(price),
        size: Number(size),
        aggressor_side: buy ? 'buy' : 'sell',
      })),
    );
    kernel.push(batch, 'in', emit, MIN_NS);
    newest = some.reduce((most, { ms }) => Math.max(most, ms), newest);
    kernel.advance(BigInt(newest - lagMs) * 1_000_000n, 0n, emit);
  }
  kernel.advance(MAX_NS, 0n, emit);
  return out;
}

describe.skipIf(!existsSync(PATH))(`one-second bars of the Binance USD-M capture (skipped without ${PATH})`, () => {
  const all = existsSync(PATH) ? trades() : [];
  const rows = all.length > 0 ? computed(all, 1_000, 5_000) : [];

  it('sum up to what is known of the capture', () => {
    const sum = (name: string) => rows.reduce((total, row) => total + Number(row[name]), 0);
    expect(rows).toHaveLength(344);
    expect(rows.every((row) => row.port === 'out')).toBe(true);
    expect(sum('trades')).toBe(21_313);
    expect(sum('volume')).toBeCloseTo(2_429.366, 9);
    expect(sum('notional') / sum('volume')).toBeCloseTo(61_680.98215328609, 8);
    expect(all.filter(({ buy }) => buy)).toHaveLength(9_616);
  });

  it('have the bar of second 1723161428', () => {
    const bar = rows.find((row) => row.ts_open === 1_723_161_428_000_000_000n);
    expect(bar).toMatchObject({ open: 61_704.0, high: 61_704.1, low: 61_701.4, close: 61_701.4, trades: 50n, final: true });
    expect(bar?.volume).toBeCloseTo(3.175, 12);
    expect(bar?.ts_event).toBe(1_723_161_429_000_000_000n);
  });

  it('equal bars computed apart, in exact decimals', () => {
    const seconds = new Map<number, Trade[]>();
    for (const trade of all) {
      const second = Math.floor(trade.ms / 1000);
      seconds.set(second, [...(seconds.get(second) ?? []), trade]);
    }
    const expected = [...seconds].sort(([a], [b]) => a - b);
    expect(rows.map((row) => row.ts_open)).toEqual(expected.map(([second]) => BigInt(second) * 1_000_000_000n));
    expected.forEach(([second, group], i) => {
      const bar = rows[i] as Row;
      const inTime = group.toSorted((a, b) => a.ms - b.ms);
      const prices = group.map(({ price }) => Number(price));
      const total = (of: (trade: Trade) => bigint) => group.reduce((sum, trade) => sum + of(trade), 0n);
      const volume = total(({ size }) => scaled(size, 3));
      const notional = total(({ price, size }) => scaled(price, 2) * scaled(size, 3));
      const signed = total(({ size, buy }) => (buy ? scaled(size, 3) : -scaled(size, 3)));
      const label = `second ${second}`;
      expect([bar.open, bar.close], label).toEqual([Number(inTime[0]?.price), Number(inTime.at(-1)?.price)]);
      expect([bar.high, bar.low], label).toEqual([Math.max(...prices), Math.min(...prices)]);
      expect(bar.trades, label).toBe(BigInt(group.length));
      expect(bar.volume, label).toBeCloseTo(Number(volume) / 1e3, 9);
      expect(bar.signed_volume, label).toBeCloseTo(Number(signed) / 1e3, 9);
      expect(Math.abs(Number(bar.notional) / (Number(notional) / 1e5) - 1), label).toBeLessThan(1e-13);
      expect(Math.abs(Number(bar.vwap) / (Number(notional) / 1e2 / Number(volume)) - 1), label).toBeLessThan(1e-13);
    });
  });

  it('do not depend on the size of batches', () => {
    expect(computed(all, 37, 1_000)).toEqual(rows);
    expect(computed(all, all.length, 0)).toEqual(rows);
  });
});
