import type { RecordBatch, Schema } from 'apache-arrow';
import { gather } from '../contract/batch.ts';
import { MAX_NS } from '../contract/frame.ts';
import { batchOf } from '../contract/rows.ts';
import { grouped } from './grouped.ts';
import { LAYOUTS, layOut } from './layout.ts';
import type { Random } from './random.ts';
import type { Subject } from './subject.ts';
import { type Tape, type TapeRow, watermarksAfter } from './tape.ts';

/** Rows of one batch: neighbours of one partition, all on time or all late. */
export type Run = readonly TapeRow[];

/** Which rows were read together, and what time it was. */
export interface EpochPlan {
  readonly runs: readonly Run[];
  /** Watermark of the node after its rows. */
  readonly watermarkNs: bigint;
  readonly clockNs: bigint;
}

/** A batch to push, with the rows it was made of. */
export interface Push {
  readonly port: string;
  readonly rows: Run;
  readonly batch: RecordBatch;
  readonly floorNs: bigint;
}

export interface Epoch {
  readonly pushes: readonly Push[];
  readonly watermarkNs: bigint;
  readonly clockNs: bigint;
}

export interface CutOptions {
  /** `whole`: all rows in one epoch and as few batches as can be; `rows`: one row a batch and epoch; `random`: anything between. */
  readonly style: 'whole' | 'rows' | 'random';
  /** Whether the clock goes on between epochs. A clock that stands still keeps timers from firing. */
  readonly clock: 'still' | 'moving';
}

const CLOCK_NS = 1_723_200_000_000_000_000n;

/** A way to cut a tape into epochs and batches; the last epoch ends the input (`MAX_NS`). */
export function cut(random: Random, tape: Tape, options: CutOptions): EpochPlan[] {
  const order = tape.free && options.style === 'random' ? interleaved(random, tape.rows) : tape.rows;
  const watermarks = watermarksAfter(tape, order);
  const breaks = options.style === 'random' ? random.pick([0.05, 0.3, 0.8]) : options.style === 'rows' ? 1 : 0;
  let clockNs = CLOCK_NS;
  const tick = (): bigint => {
    if (options.clock === 'moving') clockNs += random.bigint(0n, 3_000_000_000n);
    return clockNs;
  };
  const epochs: EpochPlan[] = [];
  let from = 0;
  for (let to = 1; to <= order.length; to++) {
    if (to < order.length && !random.chance(breaks)) continue;
    if (options.style === 'random' && random.chance(0.1))
      epochs.push({ runs: [], watermarkNs: watermarks[from] as bigint, clockNs: tick() });
    epochs.push({ runs: runsOf(random, order.slice(from, to), breaks), watermarkNs: watermarks[to] as bigint, clockNs: tick() });
    from = to;
  }
  epochs.push({ runs: [], watermarkNs: MAX_NS, clockNs: tick() });
  return epochs;
}

/** The rows of every partition in order, the partitions in any. */
function interleaved(random: Random, rows: readonly TapeRow[]): TapeRow[] {
  const queues = [...grouped(rows, (row) => `${row.port} ${row.partition}`).values()].map((queue) => [...queue]);
  const order: TapeRow[] = [];
  while (order.length < rows.length) {
    const queue = random.pick(queues.filter((some) => some.length > 0));
    order.push(...queue.splice(0, random.int(1, 6)));
  }
  return order;
}

function runsOf(random: Random, rows: readonly TapeRow[], breaks: number): Run[] {
  const runs: TapeRow[][] = [];
  for (const row of rows) {
    const last = runs.at(-1)?.at(-1);
    const joins = last && last.port === row.port && last.partition === row.partition && last.late === row.late && !random.chance(breaks);
    if (joins) runs.at(-1)?.push(row);
    else runs.push([row]);
  }
  return runs;
}

/** The batches of a plan. Rows of a port share one dictionary, or every batch is laid out in its own way. */
export function build(random: Random, subject: Subject, plans: readonly EpochPlan[]): Epoch[] {
  const pools = random.chance(0.5) ? poolsOf(subject, plans) : null;
  const push = (rows: Run): Push => {
    const [first] = rows;
    if (!first) throw new RangeError('a batch without rows');
    const schema = subject.inputs[first.port] as Schema;
    const batch =
      pools?.(first.port, rows) ??
      layOut(
        random,
        random.pick(LAYOUTS),
        schema,
        rows.map((row) => row.row),
      );
    return { port: first.port, rows, batch, floorNs: first.floorNs };
  };
  return plans.map(({ runs, watermarkNs, clockNs }) => ({ pushes: runs.filter((run) => run.length > 0).map(push), watermarkNs, clockNs }));
}

function poolsOf(subject: Subject, plans: readonly EpochPlan[]): (port: string, rows: Run) => RecordBatch {
  const all = plans.flatMap((plan) => plan.runs.flat());
  const pools = new Map<string, { readonly batch: RecordBatch; readonly index: ReadonlyMap<TapeRow, number> }>();
  for (const [port, schema] of Object.entries(subject.inputs)) {
    const rows = all.filter((row) => row.port === port);
    pools.set(port, {
      batch: batchOf(
        schema,
        rows.map((row) => row.row),
      ),
      index: new Map(rows.map((row, i) => [row, i])),
    });
  }
  return (port, rows) => {
    const { batch, index } = pools.get(port) as { batch: RecordBatch; index: ReadonlyMap<TapeRow, number> };
    return gather(
      subject.inputs[port] as Schema,
      [batch],
      null,
      Int32Array.from(rows, (row) => index.get(row) ?? 0),
    );
  };
}
