import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RecordBatch, Schema } from 'apache-arrow';
import { OrderBook, Side } from 'nodejs-order-book';
import type { Subject } from 'rxjs';
import { dictionaryVector, makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { type Frame, MIN_NS } from '../graph/contract/frame.ts';
import type { PlanNode } from '../graph/contract/plan.ts';
import { NodeMetrics } from '../graph/run/metrics.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { wire } from '../graph/wire/wire.ts';
import { match } from '../operators/match/operator.ts';
import { atLeast, atMost, type Bench, type Figure, figure } from './figure.ts';
import { costOf } from './measure.ts';

const MESSAGES = 300_000;
const ROWS = 10_000;
const REPEATS = 5;
const RESTING = 1_000_000;
const MIXES = ['steady', 'static_far_book', 'swing_25', 'swing_40', 'flash_crash', 'heavy_cancels'];
/** From `dist-bench/bench`, where a bench runs. */
const NATIVE = fileURLToPath(new URL('../../native', import.meta.url));

/** What `native/match/examples/mixes.rs` prints of a mix. */
interface Printed {
  readonly messages_per_second: number;
  readonly messages_per_cpu_second: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
  readonly p999_ns: number;
  readonly clock_ns: number;
  /** Messages that fill the book before the clock starts. */
  readonly before?: number;
  readonly bytes_per_order?: number;
}

/** Messages of a mix, a column each; `what`: 0 limit, 1 immediate or cancel, 2 market, 3 amend, 4 cancel. */
interface Messages {
  readonly rows: number;
  readonly what: Int32Array;
  readonly id: BigInt64Array;
  readonly account: Int32Array;
  readonly side: Int32Array;
  readonly price: BigInt64Array;
  readonly size: BigInt64Array;
}

/** The bare core on a mix, in Rust; with `file` its messages are written there. */
function core(messages: number, resting: number, mix: string, file: string | null): Printed {
  const mixes = ['--example', 'mixes', '--', String(messages), String(resting), mix, ...(file === null ? [] : [file])];
  const run = spawnSync('cargo', ['run', '--release', '--quiet', '-p', 'millrace-match', ...mixes], { cwd: NATIVE, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`cargo run of the mixes failed: ${run.error?.message ?? run.stderr}`);
  return JSON.parse(run.stdout) as Printed;
}

function messagesOf(file: string): Messages {
  const bytes = readFileSync(file);
  const all = new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  const rows = all.length / 6;
  const column = (at: number) => BigInt64Array.from({ length: rows }, (_, row) => all[6 * row + at] as bigint);
  const small = (at: number) => Int32Array.from({ length: rows }, (_, row) => Number(all[6 * row + at]));
  return { rows, what: small(0), id: column(1), account: small(2), side: small(3), price: column(4), size: column(5) };
}

/** The peer exports the type of its words, not the words. */
const IOC = 'IOC' as NonNullable<Parameters<OrderBook['limit']>[0]['timeInForce']>;

/** The same messages as calls of the peer: its ids are strings, its numbers doubles. Made before the clock starts. */
function peerCalls({ rows, what, id, side, price, size }: Messages): ((book: OrderBook) => void)[] {
  return Array.from({ length: rows }, (_, row) => {
    const of = { id: String(id[row]), side: side[row] === 0 ? Side.BUY : Side.SELL, size: Number(size[row]), price: Number(price[row]) };
    switch (what[row]) {
      case 0:
        return (book) => void book.limit(of);
      case 1:
        return (book) => void book.limit({ ...of, timeInForce: IOC });
      case 2:
        return (book) => void book.market({ side: of.side, size: of.size });
      case 3:
        return (book) => void book.modify(of.id, { price: of.price, size: of.size });
      default:
        return (book) => void book.cancel(of.id);
    }
  });
}

/** Messages a second of the peer. */
function peer(messages: Messages, before: number): number {
  const calls = peerCalls(messages);
  return rate(2, () => {
    const book = new OrderBook();
    for (let row = 0; row < before; row++) calls[row]?.(book);
    return () => {
      for (let row = before; row < calls.length; row++) calls[row]?.(book);
    };
  });
}

/** Most messages a second of CPU of several runs, garbage collection in it, what prepares them not. */
function rate(repeats: number, prepared: () => () => void): number {
  let best = 0;
  for (let repeat = 0; repeat < repeats; repeat++) best = Math.max(best, MESSAGES / costOf(prepared()).cpu);
  return best;
}

const WORDS = ['ts_event', 'action', 'symbol', 'account', 'order_id', 'side', 'type', 'time_in_force', 'price_ticks', 'size_lots'] as const;
const SCHEMA = new Schema(WORDS.map((name) => COLUMNS[name]));

function batches({ rows, what, id, account, side, price, size }: Messages): RecordBatch[] {
  const action = dictionaryVector(['new', 'amend', 'cancel']);
  const symbol = dictionaryVector(['BTCUSDT']);
  const accounts = dictionaryVector(Array.from({ length: 64 }, (_, i) => `account-${i}`));
  const sides = dictionaryVector(['buy', 'sell']);
  const type = dictionaryVector(['limit', 'market']);
  const force = dictionaryVector(['gtc', 'ioc']);
  return Array.from({ length: Math.ceil(rows / ROWS) }, (_, b) => {
    const from = b * ROWS;
    const n = Math.min(ROWS, rows - from);
    const of = (row: number): number => what[from + row] as number;
    const codes = (code: (what: number) => number) => Int32Array.from({ length: n }, (_, row) => code(of(row)));
    const valid = (given: (what: number) => boolean) => {
      const bits = new Uint8Array((n + 7) >> 3);
      for (let row = 0; row < n; row++) if (given(of(row))) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7));
      return bits;
    };
    const isNew = valid((w) => w <= 2);
    return makeBatch(SCHEMA, n, [
      { values: BigInt64Array.from({ length: n }, (_, row) => BigInt(from + row) * 1000n) },
      { values: codes((w) => Math.max(0, w - 2)), dictionary: action },
      { values: new Int32Array(n), dictionary: symbol },
      { values: account.slice(from, from + n), dictionary: accounts },
      { values: id.slice(from, from + n) },
      { values: side.slice(from, from + n), dictionary: sides, valid: isNew },
      { values: codes((w) => (w === 2 ? 1 : 0)), dictionary: type, valid: isNew },
      { values: codes((w) => (w === 1 ? 1 : 0)), dictionary: force, valid: isNew },
      { values: price.slice(from, from + n), valid: valid((w) => w !== 2 && w !== 4) },
      { values: size.slice(from, from + n), valid: valid((w) => w !== 4) },
    ]);
  });
}

/** The operator's kernel, all ports read, the ten best levels told. */
function throughKernel(all: readonly RecordBatch[], before: number): () => () => void {
  const subject = subjectOf(match, {}, { orders: SCHEMA });
  return () => {
    const kernel = subject.create();
    const push = (batch: RecordBatch): void => kernel.push(batch, 'orders', () => undefined, MIN_NS);
    all.slice(0, before / ROWS).forEach(push);
    return () => all.slice(before / ROWS).forEach(push);
  };
}

/** The operator in the engine's graph, between two subjects; fills and order changes are read. */
function throughGraph(all: readonly RecordBatch[], before: number): () => () => void {
  const outputs = subjectOf(match, {}, { orders: SCHEMA }).outputs;
  const node: PlanNode = {
    name: 'match',
    operator: match.name,
    params: match.params.parse({}),
    inputs: [{ port: 'orders', edges: [{ node: 'source', port: 'out' }], schema: SCHEMA }],
    outputs,
    order: 'event_time',
    time: { orders: 'ts_event' },
    groups: ['symbol'],
    signature: '',
    files: {},
  };
  return () => {
    const metrics = new NodeMetrics(node.name, 'operator', node.operator);
    const wired = wire(
      { pipeline: 'bench', inputs: [], nodes: [node] },
      {
        operators: new Map([[match.name, match]]),
        files: new Map(),
        read: ['fills', 'orders'].map((port) => ({ node: node.name, port })),
        probe: () => metrics,
        failed: (error) => {
          throw error;
        },
      },
    );
    let told = 0;
    for (const port of ['fills', 'orders']) {
      wired.port(node.name, port).subscribe((frame) => {
        if (frame.kind === 'batch') told += frame.batch.numRows;
      });
    }
    const source: Subject<Frame> = wired.source('source', 'out');
    const push = (batch: RecordBatch, epoch: number): void => {
      source.next({ kind: 'batch', batch, floorNs: MIN_NS, origin: null });
      source.next({ kind: 'watermark', ns: BigInt(epoch + 1) * BigInt(ROWS) * 1000n });
      source.next({ kind: 'barrier', epoch: epoch + 1, clockNs: 0n });
    };
    const first = before / ROWS;
    all.slice(0, first).forEach(push);
    return () => {
      told = 0;
      for (const [i, batch] of all.slice(first).entries()) push(batch, first + i);
      if (told < MESSAGES) throw new Error('the graph told less than a row an order');
    };
  };
}

/**
 * The exchange core on seeded mixes: bare in Rust, its kernel from Arrow to Arrow, the operator in the graph with fills and orders read; beside the npm package
 * nodejs-order-book on the same messages. Rates are messages a second of CPU, since other programs share the machine.
 */
export const matching: Bench = {
  name: 'match',
  summary: 'the exchange core on seeded mixes, beside nodejs-order-book',
  async run({ folder, note }) {
    // the peer last: its messages are objects, and a heap of them would cost the others every collection of garbage
    const ours = MIXES.map((mix) => {
      note(mix);
      const file = join(folder, mix);
      const bare = core(MESSAGES, 0, mix, file);
      const messages = messagesOf(file);
      const all = batches(messages);
      const before = bare.before ?? 0;
      if (before % ROWS !== 0) throw new Error(`${before} messages before are no whole batches of ${ROWS}`);
      const [kernel, graph] = [throughKernel(all, before), throughGraph(all, before)].map((run) => rate(REPEATS, run)) as [number, number];
      return { mix, messages, before, bare, kernel, graph };
    });
    const figures = ours.flatMap(({ mix, messages, before, bare, kernel, graph }): Figure[] => {
      note(`${mix}, nodejs-order-book`);
      const baseline = { name: 'nodejs-order-book', figure: peer(messages, before) };
      return [
        figure(`${mix}: the core`, bare.messages_per_cpu_second, 'messages/s', baseline, [atLeast(8e6), atLeast(50, 'ratio')]),
        figure(`${mix}: p99 of a message, clock of ${bare.clock_ns} ns in it`, bare.p99_ns, 'ns', null, [atMost(1000)]),
        figure(`${mix}: kernel, ten levels told`, kernel, 'orders/s', baseline),
        figure(`${mix}: in the graph`, graph, 'orders/s', baseline, [atLeast(2e6)]),
      ];
    });
    note(`${RESTING} resting orders`);
    const large = core(MESSAGES, RESTING, 'none', null);
    return [
      ...figures,
      figure(`steady with ${RESTING} resting: the core`, large.messages_per_cpu_second, 'messages/s', null, [atLeast(8e6)]),
      figure(`steady with ${RESTING} resting: p99 of a message`, large.p99_ns, 'ns', null, [atMost(1000)]),
      figure('memory of a resting order', large.bytes_per_order ?? Number.NaN, 'bytes'),
    ];
  },
};
