import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Float64, Int64, Schema } from 'apache-arrow';
import { z } from 'zod';
import { openEmbeddedLog } from '../../connectors/embedded/log.ts';
import { arrow } from '../../connectors/formats/arrow.ts';
import { COLUMNS, field, timestampNs } from '../../graph/contract/columns.ts';
import type { Block, Connector, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import type { Log } from '../../graph/contract/log.ts';
import { defineOperator, type Operator } from '../../graph/contract/operator.ts';
import type { Plan, PlanInput, PlanNode, PlanOutput, PlanSink } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import type { Environment } from '../../graph/run/environment.ts';

/** Rows of the test source. */
export const TRADES = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  field('size', new Float64(), false, 'size'),
  field('n', new Int64(), false, 'position'),
]);

/** Output of the running sum. */
export const SUMS = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  field('total', new Float64(), false, 'sum of sizes so far'),
  field('n', new Int64(), false, 'position'),
]);

/** Output of the window count. */
export const WINDOWS = new Schema([
  field('ts_event', timestampNs(), false, 'end of the window'),
  COLUMNS.symbol,
  field('count', new Int64(), false, 'rows of the window'),
]);

export const WINDOW_NS = 1_000_000_000n;
const START_NS = 1_700_000_000_000_000_000n;

/** Row `n` of partition `p`: a plain formula, so that every expectation can be computed apart. */
export function rowAt(partition: number, n: number): Row & { ts_event: bigint; symbol: string; size: number; n: bigint } {
  const jitter = BigInt((n * 7919) % 13) * 1_000_000n;
  return {
    ts_event: START_NS + BigInt(n) * 10_000_000n + jitter,
    symbol: `S${partition}_${(n * 31) % 5}`,
    size: ((n * 17) % 100) + 1,
    n: BigInt(n),
  };
}

/** A finite, replayable source of `rows` rows in each of `partitions` partitions. */
export const formula: Connector = {
  name: 'formula',
  summary: 'rows of a formula',
  connection: null,
  source: {
    params: z.any(),
    formats: [],
    schema: () => TRADES,
    finite: () => true,
    async open(params: { rows: number; partitions: number; chunk: number; slow: boolean }) {
      let pause = false;
      return {
        partitions: Array.from({ length: params.partitions }, (_, p) => `formula/${p}`),
        start: async () => 0,
        async read(partition, from, maxRows) {
          pause = params.slow && !pause;
          if (pause) return null;
          const to = Math.min(params.rows, from + Math.min(maxRows, params.chunk));
          if (to <= from) return null;
          const rows = Array.from({ length: to - from }, (_, i) => rowAt(partition, from + i));
          return { partition, from, to, batch: batchOf(TRADES, rows) };
        },
        ended: (_, from) => from >= params.rows,
        close: async () => {},
      };
    },
  },
};

/** What the test sink holds, outside the process's own memory of it: a table keyed by nothing, so that a repeat shows. */
export class Table {
  readonly rows: Row[] = [];
  readonly tokens = new Set<string>();
  down = false;
  /** Writes that land but answer with an error. */
  lieNext = 0;
}

export function tableConnector(tables: Map<string, Table>): Connector {
  return {
    name: 'memory',
    summary: 'a table in memory',
    connection: null,
    sink: {
      params: z.any(),
      accepts: () => null,
      target: () => null,
      block: { rows: 5_000, bytes: 1 << 20, ms: 50 },
      describe: (params: { table: string }) => `table ${params.table}`,
      async open(params: { table: string }): Promise<SinkWriter> {
        const table = tables.get(params.table) as Table;
        const gone = (): MillraceError =>
          new MillraceError('the table is down', { code: 'table-down', domain: 'external', retry: 'backoff' });
        const within = (row: Row, range: { src: string; fromSeq: bigint; toSeq: bigint }): boolean =>
          row._src === range.src && (row._seq as bigint) >= range.fromSeq && (row._seq as bigint) <= range.toSeq;
        return {
          async ensure() {
            if (table.down) throw gone();
          },
          async write(block: Block) {
            if (table.down) throw gone();
            for (const batch of block.batches) table.rows.push(...rowsOf(batch));
            if (table.lieNext > 0) {
              table.lieNext--;
              throw gone();
            }
          },
          async has(range) {
            if (table.down) throw gone();
            const found = table.rows.filter((row) => within(row, range)).length;
            return found === 0 ? 'none' : found === range.rows ? 'all' : 'partial';
          },
          async remove(range) {
            const keep = table.rows.filter((row) => !within(row, range));
            table.rows.splice(0, table.rows.length, ...keep);
          },
          finish: async () => {},
          close: async () => {},
        };
      },
    },
  };
}

/** A kernel whose state is one JSON document. */
function jsonKernel<S>(
  start: S,
  push: (state: S, rows: Row[], emit: (rows: Row[]) => void, floorNs: bigint) => void,
  advance: (state: S, watermarkNs: bigint, emit: (rows: Row[]) => void) => void,
  schema: Schema,
): Kernel {
  let state = start;
  return {
    push: (batch, _, emit, floorNs) => push(state, rowsOf(batch), (rows) => emit('out', batchOf(schema, rows)), floorNs),
    advance: (watermarkNs, _, emit) => advance(state, watermarkNs, (rows) => emit('out', batchOf(schema, rows))),
    nextTimer: () => null,
    snapshot: () => [Buffer.from(JSON.stringify(state))],
    restore: (chunks) => {
      state = JSON.parse(Buffer.concat(chunks).toString());
    },
  };
}

const shared = {
  semantics: 1,
  determinism: 'exact' as const,
  params: z.any(),
  inputs: { in: { description: 'rows' } },
  outputs: { out: { description: 'rows' } },
  groups: () => ['symbol'],
};

/** While set, the running sum throws on rows of that partition. */
export const poison: { partition: number | null } = { partition: null };

/** Running sum of sizes by symbol. */
const sums: Operator = defineOperator({
  ...shared,
  name: 'sums',
  summary: 'running sums',
  schema: () => ({ out: SUMS }),
  create: () =>
    jsonKernel<Record<string, number>>(
      {},
      (state, rows, emit) =>
        emit(
          rows.map((row) => {
            if (poison.partition !== null && String(row.symbol).startsWith(`S${poison.partition}_`)) throw new Error('poison');
            const symbol = String(row.symbol);
            state[symbol] = (state[symbol] ?? 0) + Number(row.size);
            return { ts_event: row.ts_event ?? null, symbol, total: state[symbol] ?? 0, n: row.n ?? null };
          }),
        ),
      () => {},
      SUMS,
    ),
});

/** Rows by symbol and second, when the second is over. */
const windows: Operator = defineOperator({
  ...shared,
  name: 'windows',
  summary: 'rows a second',
  schema: () => ({ out: WINDOWS }),
  create: () =>
    jsonKernel<Record<string, number>>(
      {},
      (state, rows) => {
        for (const row of rows) {
          const key = `${(row.ts_event as bigint) / WINDOW_NS} ${row.symbol}`;
          state[key] = (state[key] ?? 0) + 1;
        }
      },
      (state, watermarkNs, emit) => {
        const over = Object.keys(state)
          .map((key) => ({ key, end: (BigInt(key.split(' ')[0] ?? '0') + 1n) * WINDOW_NS }))
          .filter(({ end }) => end <= watermarkNs)
          .sort((a, b) => Number(a.end - b.end) || a.key.localeCompare(b.key));
        if (over.length === 0) return;
        emit(over.map(({ key, end }) => ({ ts_event: end, symbol: key.split(' ')[1] ?? '', count: BigInt(state[key] ?? 0) })));
        for (const { key } of over) delete state[key];
      },
      WINDOWS,
    ),
});

export function registryOf(tables: Map<string, Table>): Registry {
  return {
    operators: new Map([
      ['sums', sums],
      ['windows', windows],
    ]),
    connectors: new Map([
      ['formula', formula],
      ['memory', tableConnector(tables)],
    ]),
    formats: new Map([['arrow', arrow]]),
  };
}

const ARROW = { name: 'arrow', params: {} };

export interface PlanShape {
  readonly rows: number;
  readonly partitions: number;
  readonly tasks: number;
  readonly chunk?: number;
  /** The source gives one chunk at a time, with a pause between. */
  readonly slow?: boolean;
  /** Rows move to the task of their symbol before the windows. */
  readonly exchange?: boolean;
}

/** formula -> sums -> table sums, formula (-> exchange) -> windows -> table windows. */
export function planOf({ rows, partitions, tasks, chunk = 777, exchange = false, slow = false }: PlanShape): Plan {
  const time = { column: 'ts_event', latenessNs: 50_000_000n, idleNs: null };
  const base = { key: ['symbol'], start: 'earliest' as const, broadcast: false };
  const inputs: PlanInput[] = [
    {
      ...base,
      name: 'trades',
      from: { kind: 'connector', connector: 'formula', params: { rows, partitions, chunk, slow }, connection: null },
      format: null,
      schema: TRADES,
      time,
      partitions: null,
    },
  ];
  const x = '_millrace.p.x.trades.out';
  if (exchange) {
    inputs.push({ ...base, name: 'x', from: { kind: 'exchange', topic: x }, format: ARROW, schema: TRADES, time, partitions: tasks });
  }
  const node = (name: string, from: string, schema: Schema): PlanNode => ({
    name,
    operator: name,
    params: {},
    inputs: [{ port: 'in', edges: [{ node: from, port: 'out' }], schema: TRADES }],
    outputs: { out: schema },
    order: 'event_time',
    time: { in: 'ts_event' },
    groups: ['symbol'],
    signature: name,
    files: {},
  });
  const feed = (name: string, schema: Schema): PlanOutput => ({
    name: `feed.${name}`,
    kind: 'feed',
    from: [{ node: name, port: 'out' }],
    topic: `_millrace.p.feed.${name}.out`,
    partitions: 1,
    format: ARROW,
    schema,
    key: [],
    time: 'ts_event',
  });
  const outputs = [feed('sums', SUMS), feed('windows', WINDOWS)];
  if (exchange) {
    outputs.push({
      name: 'x',
      kind: 'exchange',
      from: [{ node: 'trades', port: 'out' }],
      topic: x,
      partitions: tasks,
      format: ARROW,
      schema: TRADES,
      key: ['symbol'],
      time: 'ts_event',
    });
  }
  const sink = (name: string, schema: Schema): PlanSink => ({
    name: `${name}_table`,
    connector: 'memory',
    params: { table: name },
    connection: null,
    from: [{ node: name, port: 'out' }],
    topic: `_millrace.p.feed.${name}.out`,
    partitions: 1,
    format: ARROW,
    schema,
    group: `millrace.p.sink.${name}`,
  });
  return {
    pipeline: 'p',
    hash: 'h1',
    tasks,
    latencyMs: 20,
    delivery: 'exactly_once',
    inputs,
    nodes: [node('sums', 'trades', SUMS), node('windows', exchange ? 'x' : 'trades', WINDOWS)],
    outputs,
    sinks: [sink('sums', SUMS), sink('windows', WINDOWS)],
    topics: [
      { topic: '_millrace.p.tasks', partitions: tasks, kind: 'journal', retentionMs: null },
      ...outputs.map((o) => ({ topic: o.topic, partitions: o.partitions, kind: o.kind as 'feed', retentionMs: null })),
    ],
    journal: '_millrace.p.tasks',
    skipped: [],
  };
}

export async function freshFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'millrace-run-'));
}

export function openLog(dir: string): Promise<Log> {
  return openEmbeddedLog({ dir, clock: () => BigInt(Date.now()) * 1_000_000n, note: () => {} });
}

export function environmentOf(log: Log, registry: Registry, dir: string, notes: string[] = []): Environment {
  return {
    registry,
    log,
    folder: dir,
    dataDir: dir,
    loseState: false,
    clock: () => BigInt(Date.now()) * 1_000_000n,
    note: (line) => notes.push(line),
  };
}

/** What the two tables must hold, computed plainly. */
export function expected({ rows, partitions }: PlanShape): { sums: Map<string, number>; count: number; windows: Map<string, number> } {
  const totals = new Map<string, number>();
  const counts = new Map<string, number>();
  for (let p = 0; p < partitions; p++) {
    for (let n = 0; n < rows; n++) {
      const row = rowAt(p, n);
      totals.set(row.symbol, (totals.get(row.symbol) ?? 0) + row.size);
      const key = `${(row.ts_event / WINDOW_NS + 1n) * WINDOW_NS} ${row.symbol}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return { sums: totals, count: rows * partitions, windows: counts };
}

/** A log some of whose verbs are others. */
export function changedLog(log: Log, changes: Partial<Log>): Log {
  const plain: Log = {
    description: log.description,
    ensure: (topics) => log.ensure(topics),
    describe: (topic) => log.describe(topic),
    lease: (group, topic, listener) => log.lease(group, topic, listener),
    root: (pipeline, task) => log.root(pipeline, task),
    poll: (reader, positions, credit) => log.poll(reader, positions, credit),
    commit: (round) => log.commit(round),
    scan: (topic, partition, from, to) => log.scan(topic, partition, from, to),
    putState: (key, chunks) => log.putState(key, chunks),
    getState: (pipeline, task, reference) => log.getState(pipeline, task, reference),
    pending: (group, topic, partition) => log.pending(group, topic, partition),
    intent: (group, topic, partition, intent, outgoing) => log.intent(group, topic, partition, intent, outgoing),
    usage: () => log.usage(),
    close: () => log.close(),
  };
  return { ...plain, ...changes };
}

/** A registry whose test source goes through `read` first, which may throw. */
export function withReads(registry: Registry, read: (partition: number, from: number) => void): Registry {
  const { source } = formula;
  if (!source) throw new TypeError('the test source is a source');
  const changed: Connector = {
    ...formula,
    source: {
      ...source,
      async open(params, context) {
        const reader = await source.open(params, context);
        return {
          ...reader,
          async read(partition, from, maxRows, maxBytes) {
            read(partition, from);
            return reader.read(partition, from, maxRows, maxBytes);
          },
        };
      },
    },
  };
  return { ...registry, connectors: new Map([...registry.connectors, ['formula', changed]]) };
}

/** Every row once, every running sum and window right; else what differs. */
export function differences(tables: ReadonlyMap<string, Table>, shape: PlanShape): string[] {
  const want = expected(shape);
  const sums = tables.get('sums')?.rows ?? [];
  const windows = tables.get('windows')?.rows ?? [];
  const found: string[] = [];
  if (sums.length !== want.count) found.push(`${sums.length} sums, not ${want.count}`);
  const last = new Map<string, number>();
  for (const row of sums) last.set(String(row.symbol), Math.max(last.get(String(row.symbol)) ?? 0, Number(row.total)));
  for (const [symbol, total] of want.sums)
    if (last.get(symbol) !== total) found.push(`sum of ${symbol}: ${last.get(symbol)}, not ${total}`);
  if (windows.length !== want.windows.size) found.push(`${windows.length} windows, not ${want.windows.size}`);
  const counts = new Map(windows.map((row) => [`${row.ts_event} ${row.symbol}`, Number(row.count)]));
  for (const [key, count] of want.windows) if (counts.get(key) !== count) found.push(`window ${key}: ${counts.get(key)}, not ${count}`);
  return found;
}
