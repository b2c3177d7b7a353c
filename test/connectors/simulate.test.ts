import type { RecordBatch } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSimulate, simulateConnector } from '../../connectors/simulate/connector.ts';
import { instrumentsCsv } from '../../connectors/simulate/instruments.ts';
import { simulateParams } from '../../connectors/simulate/params.ts';
import { SIMULATE_SCHEMA } from '../../connectors/simulate/rows.ts';
import { column } from '../../graph/contract/batch.ts';
import type { SourceReader } from '../../graph/contract/connector.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';

const open = (params: unknown, nowNs = 0n): SourceReader => openSimulate(simulateParams.parse(params), () => nowNs);

async function read(reader: SourceReader, partition: number, from: number, rows: number): Promise<Row[]> {
  const out: Row[] = [];
  while (out.length < rows) {
    const chunk = await reader.read(partition, from + out.length, Math.min(10_000, rows - out.length), 1e9);
    if (!chunk) break;
    out.push(...rowsOf(chunk.batch as RecordBatch));
  }
  return out;
}

async function all(params: unknown): Promise<Row[]> {
  const reader = open(params);
  return (await Promise.all(reader.partitions.map((_, partition) => read(reader, partition, 0, 1e9)))).flat();
}

describe('simulate', () => {
  test('any range, read by anyone in any order, has the same rows', async () => {
    const params = {
      seed: 7,
      symbols: 20,
      rate: 50_000,
      rows: 40_000,
      faults: { gaps: 0.01, duplicates: 0.01, disorder: 0.02, bad_rows: 0.02 },
    };
    const whole = await read(open(params), 2, 0, 1e9);
    const reader = open(params);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 6000 }), async (from, rows) => {
        expect(await read(reader, 2, from, rows)).toEqual(whole.slice(from, from + rows));
      }),
      { numRuns: 20 },
    );
  });

  test('another seed gives other rows', async () => {
    const first = await read(open({ seed: 1, rows: 100 }), 0, 0, 10);
    expect(await read(open({ seed: 2, rows: 100 }), 0, 0, 10)).not.toEqual(first);
  });

  test('has as many rows as asked for, each symbol in one partition, at the stated rate', async () => {
    const reader = open({ symbols: 30, rows: 12_345, rate: 1000, start: '2024-08-08T00:00:00Z', partitions: 3 });
    const parts = await Promise.all(reader.partitions.map((_, partition) => read(reader, partition, 0, 1e9)));
    expect(parts.flat()).toHaveLength(12_345);
    parts.forEach((part, partition) => {
      expect(reader.ended(partition, part.length)).toBe(true);
      expect(reader.ended(partition, part.length - 1)).toBe(false);
    });
    const symbols = parts.map((part) => new Set(part.map((row) => row.symbol)));
    expect(symbols.reduce((sum, some) => sum + some.size, 0)).toBe(new Set(symbols.flatMap((some) => [...some])).size);
    const times = parts.flat().map((row) => row.ts_event as bigint);
    const sorted = times.toSorted((a, b) => (a < b ? -1 : 1));
    expect(sorted[0]).toBe(1_723_075_200_000_000_000n);
    expect(Number((sorted.at(-1) as bigint) - (sorted[0] as bigint)) / 1e9).toBeCloseTo(12.344, 3);
    for (const part of parts)
      expect(part.map((row) => row.ts_event)).toEqual(part.map((row) => row.ts_event as bigint).toSorted((a, b) => (a < b ? -1 : 1)));
  });

  test('without faults: ids and sequences count up by one, prices lie on ticks and sizes on lots, quotes do not cross', async () => {
    const rows = await all({ symbols: 12, rows: 8192, rate: 5000, quotes: 0.4 });
    const grid = new Map(
      instrumentsCsv(12)
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => [line.split(',')[1] as string, line.split(',').map(Number)]),
    );
    const onGrid = (value: unknown, step: number): boolean => Math.abs(Number(value) / step - Math.round(Number(value) / step)) < 1e-6;
    const next = new Map<string, { id: bigint; sequence: bigint }>();
    let trades = 0;
    for (const row of rows) {
      const symbol = row.symbol as string;
      const [tick, lot] = [grid.get(symbol)?.[2] as number, grid.get(symbol)?.[3] as number];
      const due = next.get(symbol) ?? { id: 1n, sequence: 1n };
      expect(row.sequence).toBe(due.sequence);
      due.sequence += 1n;
      if (row.kind === 'trade') {
        trades++;
        expect(row.trade_id).toBe(due.id);
        due.id += 1n;
        expect(row.price as number).toBeGreaterThan(0);
        expect([symbol, row.price, onGrid(row.price, tick), onGrid(row.size, lot)]).toEqual([symbol, row.price, true, true]);
        expect([row.bid, row.bid_size, row.ask, row.ask_size]).toEqual([null, null, null, null]);
      } else {
        expect(row.ask as number).toBeGreaterThan(row.bid as number);
        expect([onGrid(row.bid, tick), onGrid(row.ask_size, lot)]).toEqual([true, true]);
        expect([row.trade_id, row.price, row.size, row.aggressor_side]).toEqual([null, null, null, null]);
      }
      expect((row.ts_recv as bigint) > (row.ts_event as bigint)).toBe(true);
      next.set(symbol, due);
    }
    expect(trades / rows.length).toBeCloseTo(0.6, 2);
    const perSymbol = new Map<unknown, number>();
    for (const row of rows) perSymbol.set(row.symbol, (perSymbol.get(row.symbol) ?? 0) + 1);
    const counts = [...perSymbol.values()].sort((a, b) => b - a);
    expect((counts[0] as number) / (counts[1] as number)).toBeCloseTo(2, 1); // Zipf with exponent 1
  });

  test('a path moves as a random walk does: four times the time, about twice the way', async () => {
    const rows = await all({ symbols: 1, rows: 120_000, rate: 100, quotes: 0, seed: 3 });
    const prices = rows.map((row) => Math.log(row.price as number));
    const spread = (step: number): number => {
      const moves = Array.from(
        { length: Math.floor(prices.length / step) - 1 },
        (_, i) => (prices[(i + 1) * step] as number) - (prices[i * step] as number),
      );
      return Math.sqrt(moves.reduce((sum, move) => sum + move * move, 0) / moves.length);
    };
    for (const step of [300, 1200]) expect(spread(4 * step) / spread(step)).toBeGreaterThan(1.4);
    for (const step of [300, 1200]) expect(spread(4 * step) / spread(step)).toBeLessThan(2.8);
  });

  test('faults come in the stated number: ids skipped, ids twice, rows out of order, rows to refuse', async () => {
    const rows = await all({
      symbols: 4,
      rows: 81_920,
      rate: 1000,
      quotes: 0,
      faults: { gaps: 0.01, duplicates: 0.02, disorder: 0.05, bad_rows: 0.03 },
    });
    const gone = { gaps: 0, duplicates: 0, disorder: 0, bad: 0 };
    const last = new Map<string, bigint>();
    let before = 0n;
    for (const row of rows) {
      const symbol = row.symbol as string;
      const price = row.price as number | null;
      if (
        symbol === 'UNKNOWN' ||
        price === null ||
        !(price > 0) ||
        Math.abs(price * 1e5 - Math.round(price * 1e5)) > 1e-3 ||
        offTick(symbol, price)
      )
        gone.bad++;
      if ((row.ts_event as bigint) < before) gone.disorder++;
      before = row.ts_event as bigint;
      if (symbol === 'UNKNOWN') continue;
      const id = row.trade_id as bigint;
      const known = last.get(symbol);
      if (known !== undefined && id === known) gone.duplicates++;
      last.set(symbol, id);
    }
    const highest = [...last.values()].reduce((sum, id) => sum + id, 0n);
    const distinct = new Set(rows.map((row) => `${row.ts_event}`)).size;
    expect(gone.duplicates / rows.length).toBeCloseTo(0.02, 2);
    expect((rows.length - distinct) / rows.length).toBeCloseTo(0.02, 2);
    expect((Number(highest) - rows.length * 0.98) / rows.length).toBeCloseTo(0.01, 2);
    expect(gone.bad / rows.length).toBeCloseTo(0.03, 1);
    expect(gone.disorder / rows.length).toBeGreaterThan(0.02);
  });

  test('live: starts now, shows a row once its time is past, and a start in the past catches up', async () => {
    const nowNs = 1_795_247_785_000_000_000n;
    const reader = open({ rate: 1000 }, nowNs);
    const start = await reader.start(0, 'latest');
    expect(await reader.start(0, 'earliest')).toBe(start);
    expect(await reader.read(0, start, 100, 1e9)).toBeNull();
    const later = open({ rate: 1000 }, nowNs + 2_000_000_000n);
    const chunk = await later.read(0, start, 1e6, 1e9);
    const times = column(chunk?.batch as RecordBatch, 'ts_event').values as BigInt64Array;
    expect(times.every((ns) => ns >= nowNs && ns < nowNs + 2_000_000_000n)).toBe(true);
    expect(await later.start(0, { instantNs: nowNs + 2_000_000_000n })).toBe(chunk?.to);
    expect(reader.ended(0, start)).toBe(false);
  });

  test('declares what it gives, and refuses nonsense', () => {
    const { source } = simulateConnector;
    expect(source?.finite(simulateParams.parse({}))).toBe(false);
    expect(source?.finite(simulateParams.parse({ rows: 10 }))).toBe(true);
    expect(source?.schema?.()).toBe(SIMULATE_SCHEMA);
    expect(simulateParams.safeParse({ symbols: 2, partitions: 3 }).error?.issues[0]?.path).toEqual(['partitions']);
    expect(simulateParams.safeParse({ symbols: ['A', 'A'] }).success).toBe(false);
    expect(simulateParams.safeParse({ sede: 1 }).success).toBe(false);
    expect(instrumentsCsv(['BTCUSDT'])).toBe('venue,symbol,tick_size,lot_size,contract_size,currency\nsim,BTCUSDT,0.1,0.001,1,USDT\n');
  });
});

const TICKS = new Map(
  instrumentsCsv(4)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => [line.split(',')[1], Number(line.split(',')[2])]),
);

function offTick(symbol: string, price: number): boolean {
  const ticks = price / (TICKS.get(symbol) ?? 1);
  return Math.abs(ticks - Math.round(ticks)) > 1e-3;
}
