import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { beforeAll, describe, expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { gather } from '../../graph/contract/batch.ts';
import type { Connector, SourceDeclaration } from '../../graph/contract/connector.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';
import type { HistoryPart } from '../../graph/run/history.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { closeCells, rowText } from '../../graph/test-kit/canonical.ts';
import { expectVector } from '../order_flow/vector.ts';
import { environmentOf, freshFolder, openLog, Table, tableConnector } from '../run/fixture.ts';
import { batchesOf, DATA, FOLDER, historyOf, planOf } from './pipeline.ts';
import { capturedIn, changesOf, quotedTrades, windowsOf } from './whole.ts';

const PATH = join(DATA, 'binance/usdm-btcusdt-20240808.ndjson.gz');
const NODES = ['flow', 'paid', 'windows', 'changes'];

const YAML = `version: 1
pipelines:
  features:
    sources:
      lines: { file: { path: "\${MILLRACE_DATA}/binance/usdm-btcusdt-20240808.ndjson.gz" }, format: capture, time: { column: ts_recv, lateness: 1s } }
    operators:
      quotes: { use: normalize, from: lines, with: { kind: quotes, venue: binance_usdm, instruments: instruments.csv } }
      trades: { use: normalize, from: lines, with: { venue: binance_usdm, instruments: instruments.csv } }
      flow: { use: order_flow, from: { quotes: quotes, trades: trades } }
      quoted: { use: as_of, from: { left: trades, right: quotes }, with: { columns: [bid, ask] } }
      paid: { use: derive, from: quoted, with: { columns: { paid: "price - (bid + ask) / 2" } } }
      windows:
        use: aggregate
        from: paid
        with:
          every: 1s
          size: 5s
          by: [symbol]
          columns: { trades: count, volume: { sum: size }, paid: { mean: paid }, paid_var: { var: paid }, lowest: { min: price }, first: { first: price }, last: { last: price } }
      bars: { use: bars, from: trades, with: { every: 1s } }
      changes: { use: derive, from: bars, with: { columns: { change: "log(close / close[1])", range_of_3: "(high - low) / close[3]", gap: "open - vwap[1]" } } }
    sinks:
      flow_rows: { from: flow, memory: { table: flow } }
      paid_rows: { from: paid, memory: { table: paid } }
      windows_rows: { from: windows, memory: { table: windows } }
      changes_rows: { from: changes, memory: { table: changes } }
`;

/** How a file is read: so many rows at a time, and while `held` up to `at`, which is then `reached`. */
interface Gate {
  readonly rows: number;
  readonly at: number;
  held: boolean;
  reached: boolean;
}

/** Declarations, a sink in memory, and files that are read as a gate has it. */
function registryOf(tables: Map<string, Table>, gate: Gate): Registry {
  const file = declarations.connectors.get('file') as Connector;
  const source = file.source as SourceDeclaration;
  const slow: SourceDeclaration = {
    ...source,
    async open(...given) {
      const reader = await source.open(...given);
      return {
        partitions: reader.partitions,
        start: (...start) => reader.start(...start),
        async read(partition, from, rows, bytes) {
          gate.reached ||= from >= gate.at;
          return gate.held && gate.reached ? null : reader.read(partition, from, Math.min(rows, gate.rows), bytes);
        },
        ended: (...ended) => reader.ended(...ended),
        close: () => reader.close(),
      };
    },
  };
  const connectors: [string, Connector][] = [
    ['file', { ...file, source: slow }],
    ['memory', tableConnector(tables)],
  ];
  return { ...declarations, connectors: new Map([...declarations.connectors, ...connectors]) };
}

/** The same rows in batches of so many. */
function inBatches(history: readonly HistoryPart[], rows: number): readonly HistoryPart[] {
  return history.map((part) => {
    const [first] = part.batches;
    if (!first) return part;
    const each = part.batches.flatMap((batch, i) => Array.from({ length: batch.numRows }, (_, row) => [i, row] as const));
    const source = Int32Array.from(each, ([i]) => i);
    const row = Int32Array.from(each, ([, at]) => at);
    const cuts = Array.from({ length: Math.ceil(row.length / rows) }, (_, i) => i * rows);
    const cut = (from: number) => gather(first.schema, part.batches, source.subarray(from, from + rows), row.subarray(from, from + rows));
    return { ...part, batches: cuts.map(cut) };
  });
}

/** Texts of rows without what a sink adds of the run. */
const textsOf = (rows: readonly Row[]): string[] => rows.map(({ _src, _seq, _task, _epoch, ...row }) => rowText(row));

describe.skipIf(!existsSync(PATH))(`features of a capture (skipped without ${PATH})`, () => {
  const gate: Gate = { rows: 12_000, at: 48_000, held: false, reached: false };
  const tables = new Map(NODES.map((node) => [node, new Table()]));
  const registry = registryOf(tables, gate);
  const plan = planOf(YAML, registry);
  let history: readonly HistoryPart[];
  let whole: ReadonlyMap<string, Row[]>;
  let wanted: ReadonlyMap<string, string[]>;

  const run = async (parts: readonly HistoryPart[]): Promise<ReadonlyMap<string, Row[]>> => {
    const found = await batchesOf(plan, parts, NODES);
    return new Map([...found].map(([node, batches]) => [node, batches.flatMap((batch: RecordBatch) => rowsOf(batch))]));
  };

  beforeAll(async () => {
    history = await historyOf(plan);
    whole = await run(inBatches(history, 1_000_000));
    wanted = new Map([...whole].map(([node, rows]) => [node, textsOf(rows)]));
  });

  const expectRows = (node: string, wanted: readonly Row[]) => {
    const rows = whole.get(node) ?? [];
    expect(rows.length).toBe(wanted.length);
    const wrong = wanted.flatMap((row, i) =>
      Object.entries(row)
        .filter(([name, cell]) => {
          const found = rows[i]?.[name] ?? null;
          return !closeCells(found, cell, 1e-9) && !(Math.abs(Number(found) - Number(cell)) < 1e-11);
        })
        .map(([name, cell]) => `row ${i}, ${name}: ${String(rows[i]?.[name])}, not ${String(cell)}`),
    );
    expect(wrong.slice(0, 5)).toEqual([]);
  };

  test('are those of whole arrays: as_of, aggregate, bars and derive', () => {
    const { quotes, trades } = capturedIn(PATH);
    const quoted = quotedTrades(quotes, trades);
    const changes = changesOf(trades);
    expect([trades.length, changes.length]).toEqual([21_313, 344]); // as the contract has them
    expectRows('paid', quoted);
    expectRows('windows', windowsOf(quoted));
    expectRows('changes', changes);
  });

  test('are those of pandas: order_flow', () => expectVector(whole.get('flow') ?? []));

  test('are the same in batches of 997 rows as in one of 93,954', async () => {
    const found = await run(inBatches(history, 997));
    for (const node of NODES) expect(textsOf(found.get(node) ?? [])).toEqual(wanted.get(node));
  });

  test('are the same across a restart', async () => {
    const log = await openLog(await freshFolder());
    gate.held = true;
    gate.reached = false;
    try {
      const environment = { ...environmentOf(log, registry, await freshFolder()), folder: FOLDER };
      const first = runPipeline(plan, environment);
      const rows = () => tables.get('paid')?.rows.length ?? 0;
      while (!gate.reached) await new Promise((resolve) => setTimeout(resolve, 5));
      await first.drain();
      expect((await first.done).state).toBe('done');
      const before = rows();
      expect(before).toBeGreaterThan(5_000);
      expect(before).toBeLessThan(15_000);
      gate.held = false;
      expect(await runPipeline(plan, environment).done).toEqual({ state: 'done', error: null });
      for (const node of NODES) expect(textsOf(tables.get(node)?.rows ?? [])).toEqual(wanted.get(node));
    } finally {
      await log.close();
    }
  });
});
