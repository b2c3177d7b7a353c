import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { Subject } from 'rxjs';
import { DictionaryTable, int64, makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { type Frame, MIN_NS } from '../graph/contract/frame.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { lift } from '../graph/wire/lift.ts';
import { NO_PROBE } from '../graph/wire/probe.ts';
import { asOf } from '../operators/as_of/operator.ts';
import { atLeast, type Bench, figure } from './figure.ts';

const ROWS = 32_768;
const UNIT = 'M rows/s CPU';
const PUSHES = 40;
const QUOTES = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  new Field('bid', new Float64(), false),
  new Field('ask', new Float64(), false),
]);
const TRADES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price, COLUMNS.size]);

/** Rows of both sides in the order of their time: two quotes a trade, in runs of one to four quotes. */
interface Push {
  readonly parts: readonly { readonly port: string; readonly batch: RecordBatch }[];
  readonly runs: Int32Array;
}

function pushes(symbols: number): Push[] {
  let state = 7;
  const draw = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const table = new DictionaryTable();
  for (let i = 0; i < symbols; i++) table.code(`S${i}`);
  let now = 0n;
  const side = (schema: Schema, times: readonly bigint[]): RecordBatch =>
    makeBatch(schema, times.length, [
      { values: BigInt64Array.from(times) },
      { values: Int32Array.from(times, () => draw(symbols)), dictionary: table.vector },
      { values: Float64Array.from(times, () => 100 + draw(1000) / 100) },
      { values: Float64Array.from(times, () => 100 + draw(1000) / 100) },
    ]);
  return Array.from({ length: PUSHES }, () => {
    const times: [bigint[], bigint[]] = [[], []];
    const runs: number[] = [];
    while (times[0].length + times[1].length < ROWS) {
      [1 + draw(4), 1].forEach((count, port) => {
        runs.push(port, count);
        for (let i = 0; i < count; i++) times[port as 0 | 1].push(++now);
      });
    }
    const parts = [
      { port: 'right', batch: side(QUOTES, times[0]) },
      { port: 'left', batch: side(TRADES, times[1]) },
    ];
    return { parts, runs: Int32Array.from(runs) };
  });
}

/** Million rows of both sides a second of CPU time, since a busy machine makes any clock tell of others: the best of seven runs over all pushes. */
function rate(given: readonly Push[], make: () => (push: Push) => void): number {
  const rows = given.reduce((sum, { parts }) => sum + parts.reduce((all, { batch }) => all + batch.numRows, 0), 0);
  let best = 0;
  for (let repeat = 0; repeat < 7; repeat++) {
    const take = make();
    const from = process.cpuUsage();
    for (const push of given) take(push);
    const { user, system } = process.cpuUsage(from);
    best = Math.max(best, rows / (user + system));
  }
  return best;
}

/** A Map of the last quotes by symbol, and columns of what was found: what one would write by hand. */
function plainly(): (push: Push) => void {
  const last = new Map<string, { readonly ns: bigint; readonly bid: number; readonly ask: number }>();
  return ({ parts, runs }) => {
    const side = (port: number): Side => {
      const { batch } = parts[port] as Push['parts'][number];
      const [, symbol, a, b] = batch.data.children;
      return { ts: int64(batch, 'ts_event'), codes: symbol?.values, a: a?.values, b: b?.values, next: 0 };
    };
    const [right, left] = [side(0), side(1)];
    const [bid, ask, age] = [new Float64Array(left.ts.length), new Float64Array(left.ts.length), new BigInt64Array(left.ts.length)];
    for (let i = 0; i < runs.length; i += 2) {
      const from = runs[i] === 0 ? right : left;
      for (let k = 0; k < (runs[i + 1] as number); k++) {
        const row = from.next++;
        const symbol = `S${from.codes[row]}`;
        if (from === right) last.set(symbol, { ns: right.ts[row] as bigint, bid: right.a[row] as number, ask: right.b[row] as number });
        else {
          const found = last.get(symbol);
          bid[row] = found?.bid ?? Number.NaN;
          ask[row] = found?.ask ?? Number.NaN;
          age[row] = found === undefined ? -1n : (left.ts[row] as bigint) - found.ns;
        }
      }
    }
  };
}

interface Side {
  readonly ts: BigInt64Array;
  readonly codes: Int32Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
  next: number;
}

function kernel(params: object): () => (push: Push) => void {
  const subject = subjectOf(asOf, params, { right: QUOTES, left: TRADES });
  return () => {
    const made = subject.create();
    return ({ parts, runs }) => made.pushMerged?.(parts, runs, () => undefined, MIN_NS);
  };
}

/** The same rows of both sides, each push an epoch, which the engine merges by time before the kernel has them. */
function merged(): (push: Push) => void {
  const { outputs, create } = subjectOf(asOf, {}, { right: QUOTES, left: TRADES });
  const sides = [new Subject<Frame>(), new Subject<Frame>()];
  const edges = sides.map((frames, i) => ({
    port: i === 0 ? 'right' : 'left',
    schema: i === 0 ? QUOTES : TRADES,
    time: 'ts_event',
    frames,
  }));
  const options = { pipeline: 'bench', node: 'joined', order: 'event_time' as const, outputs, probe: NO_PROBE, create };
  lift(options, edges).subscribe();
  let epoch = 0;
  return ({ parts }) => {
    const ends = parts.map(({ batch }) => int64(batch, 'ts_event')[batch.numRows - 1] as bigint);
    const ns = ends.reduce((a, b) => (a > b ? a : b)) + 1n;
    sides.forEach((side, i) => {
      side.next({ kind: 'batch', batch: (parts[i] as Push['parts'][number]).batch, floorNs: MIN_NS, origin: null });
      side.next({ kind: 'watermark', ns });
    });
    for (const side of sides) side.next({ kind: 'barrier', epoch, clockNs: 0n });
    epoch++;
  };
}

/** `as_of` through its adapter, rows of both sides already merged, beside a Map that is written by hand. */
export const asOfJoin: Bench = {
  name: 'as-of',
  summary: 'trades joined to quotes as of their time, merged rows of both sides, by number of symbols',
  async run() {
    const figures = [];
    let few = 0;
    for (const symbols of [10, 1_000, 10_000]) {
      const given = pushes(symbols);
      const [native, plain] = [rate(given, kernel({})), rate(given, plainly)];
      figures.push(figure(`${symbols} symbols`, native, UNIT, { name: 'a Map of the last quotes', figure: plain }, [atLeast(5)]));
      if (symbols === 10) few = native;
      if (symbols < 10_000) continue;
      figures.push(figure('10,000 symbols to 10', native, UNIT, { name: '10 symbols', figure: few }, [atLeast(0.8, 'ratio')]));
      figures.push(figure('10,000 symbols, merged by the engine', rate(given, merged), UNIT));
      figures.push(figure('10,000 symbols, tolerance', rate(given, kernel({ tolerance: '1s', ties: 'exclude' })), UNIT));
    }
    return figures;
  },
};
