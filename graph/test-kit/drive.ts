import type { RecordBatch } from 'apache-arrow';
import { columnAt, columnIndex, gather } from '../contract/batch.ts';
import { MIN_NS } from '../contract/frame.ts';
import { type Emit, type Kernel, SNAPSHOT_CHUNK_BYTES } from '../contract/kernel.ts';
import { MAIN_PORT, REJECTED_PORT } from '../contract/operator.ts';
import { type Row, rowsOf } from '../contract/rows.ts';
import { batchText, rowText, sameTexts } from './canonical.ts';
import type { Epoch, Push } from './epochs.ts';
import { schemaFault } from './schema-fault.ts';
import type { Subject } from './subject.ts';
import { carriesKey, keyText } from './tape.ts';

/** What is promised of every operator. */
export type LawName =
  | 'totality'
  | 'schema truth'
  | 'split invariance'
  | 'restart invariance'
  | 'determinism'
  | 'no look-ahead'
  | 'key independence'
  | 'watermark safety'
  | 'native = reference'
  | 'merged = pushed'
  | 'inputs unchanged'
  | 'outputs unchanged';

export interface Violation {
  readonly law: LawName;
  readonly message: string;
}

/** A row that a kernel emitted. */
export interface EmittedRow {
  readonly port: string;
  /** On `rejected`, `row` is the row's place in the tape. */
  readonly row: Row;
  readonly text: string;
  /** Values it is grouped by; null where the port does not tell. */
  readonly key: string | null;
  readonly epoch: number;
}

/** All that came out of a kernel, and what was wrong with it whatever the values. */
export interface Output {
  readonly rows: readonly EmittedRow[];
  readonly violations: readonly Violation[];
  /** The state after each epoch, where asked for. */
  readonly snapshots: readonly (readonly Uint8Array[])[];
}

export interface DriveOptions {
  /** Epochs after which a fresh kernel goes on from a snapshot. */
  restartAfter?(epoch: number): boolean;
  /** Whether to take a snapshot after each epoch. */
  readonly snapshots?: boolean;
  /** Laws to look for in the run itself, besides `totality`; each costs time. */
  readonly watch?: readonly LawName[];
  /** Whether neighbours of several ports are pushed together, where the kernel takes them so. */
  readonly merged?: boolean;
  /** First epoch to run, from this state. */
  readonly from?: { readonly epoch: number; readonly state: readonly Uint8Array[] };
}

/** Runs a kernel over epochs as the engine would: every batch pushed, then advanced once. */
export function drive(subject: Subject, create: () => Kernel, epochs: readonly Epoch[], options: DriveOptions = {}): Output {
  const rows: EmittedRow[] = [];
  const violations: Violation[] = [];
  const snapshots: (readonly Uint8Array[])[] = [];
  const watching = new Set(options.watch ?? []);
  const emitted: { readonly port: string; readonly batch: RecordBatch; readonly text: readonly string[] }[] = [];
  const violate = (law: LawName, message: string): void => {
    violations.push({ law, message });
  };
  let forwarded = MIN_NS;
  let epoch = options.from?.epoch ?? 0;
  let current: Push | null = null;

  const emit = (port: string, batch: RecordBatch): void => {
    if (watching.has('schema truth')) {
      const fault = schemaFault(subject, port, batch, current);
      if (fault) {
        violate('schema truth', `epoch ${epoch}, port "${port}": ${fault}`);
        return;
      }
    }
    if (watching.has('outputs unchanged')) emitted.push({ port, batch, text: batchText(batch) });
    for (const row of rowsOf(batch)) rows.push(emittedRow(subject, port, row, current, epoch));
    const early = watching.has('watermark safety') ? watermarkFault(subject, port, batch, current, forwarded) : null;
    if (early) violate('watermark safety', `epoch ${epoch}: ${early}`);
  };

  try {
    let kernel = create();
    if (options.from) kernel.restore(options.from.state);
    for (; epoch < epochs.length; epoch++) {
      const { pushes, watermarkNs, clockNs } = epochs[epoch] as Epoch;
      const together = options.merged && kernel.pushMerged ? mergedPushes(pushes) : null;
      for (const { parts, runs, floorNs } of together ?? []) {
        const emitFrom: Emit = (port, batch, from) => {
          current = parts.find((part) => part.port === from) ?? null;
          emit(port, batch);
          current = null;
        };
        kernel.pushMerged?.(parts, runs, emitFrom, floorNs);
      }
      for (const push of together ? [] : pushes) {
        const before = watching.has('inputs unchanged') ? batchText(push.batch) : null;
        current = push;
        kernel.push(push.batch, push.port, emit, push.floorNs);
        current = null;
        if (before && !sameTexts(batchText(push.batch), before)) violate('inputs unchanged', `epoch ${epoch}: a pushed batch was changed`);
      }
      kernel.advance(watermarkNs, clockNs, emit);
      forwarded = watermarkNs;
      if (options.snapshots || options.restartAfter?.(epoch)) {
        const chunks = kernel.snapshot();
        snapshots.push(chunks);
        const large = chunks.find((chunk) => chunk.length > SNAPSHOT_CHUNK_BYTES);
        if (large) violate('restart invariance', `epoch ${epoch}: a chunk of ${large.length} bytes`);
        if (options.restartAfter?.(epoch)) {
          const due = kernel.nextTimer();
          kernel = create();
          kernel.restore(chunks);
          const restored = kernel.nextTimer();
          if (restored !== due) violate('restart invariance', `epoch ${epoch}: the timer was ${due}, restored it is ${restored}`);
        }
      }
    }
  } catch (error) {
    violate('totality', `epoch ${epoch}: threw ${error instanceof Error ? error.stack : String(error)}`);
  }
  for (const { port, batch, text } of emitted) {
    if (!sameTexts(batchText(batch), text)) violate('outputs unchanged', `a batch on port "${port}" changed after it was emitted`);
  }
  return { rows, violations, snapshots };
}

/** Neighbours with one floor as one push: a part a port, and the order of their rows. */
function mergedPushes(pushes: readonly Push[]): { readonly parts: readonly Push[]; readonly runs: Int32Array; readonly floorNs: bigint }[] {
  const groups: Push[][] = [];
  for (const push of pushes) {
    const open = groups.at(-1);
    if (open?.[0]?.floorNs === push.floorNs) open.push(push);
    else groups.push([push]);
  }
  return groups.map((group) => {
    const ports = [...new Set(group.map(({ port }) => port))];
    const parts = ports.map((port): Push => {
      const own = group.filter((push) => push.port === port);
      const source = Int32Array.from(own.flatMap(({ batch }, i) => Array.from({ length: batch.numRows }, () => i)));
      const rows = Int32Array.from(own.flatMap(({ batch }) => Array.from({ length: batch.numRows }, (_, row) => row)));
      const [first] = own as [Push];
      const batch = gather(
        first.batch.schema,
        own.map((push) => push.batch),
        source,
        rows,
      );
      return { port, batch, rows: own.flatMap((push) => push.rows), floorNs: first.floorNs };
    });
    const runs = Int32Array.from(group.flatMap(({ port, batch }) => [ports.indexOf(port), batch.numRows]));
    return { parts, runs, floorNs: (group[0] as Push).floorNs };
  });
}

function emittedRow(subject: Subject, port: string, row: Row, push: Push | null, epoch: number): EmittedRow {
  if (port === REJECTED_PORT) {
    const origin = push?.rows[Number(row.row)];
    const named = { ...row, row: origin?.id ?? null };
    return { port, row: named, text: rowText(named), key: origin?.key ?? null, epoch };
  }
  return { port, row, text: rowText(row), key: carriesKey(subject, port) ? keyText(subject, row) : null, epoch };
}

/**
 * A main-port row behind the watermark that went on before it, or behind the floor its batch passes on (`BatchFrame.floorNs`), and that
 * no late row explains.
 */
function watermarkFault(subject: Subject, port: string, batch: RecordBatch, push: Push | null, forwarded: bigint): string | null {
  const time = commonTime(subject);
  if (port !== MAIN_PORT || time === null || push?.rows[0]?.late) return null;
  const index = columnIndex(batch.schema, time);
  if (index < 0) return null;
  const times = (columnAt(batch, index).values as BigInt64Array).subarray(0, batch.numRows);
  const early = times.find((ns) => ns < forwarded);
  if (early !== undefined) return `a row of ${time} ${early} after watermark ${forwarded}`;
  const behind = push && times.find((ns) => ns < push.floorNs);
  return push && behind != null ? `a row of ${time} ${behind} from rows on time, read after watermark ${push.floorNs}` : null;
}

/** The time column that every input port has; null when they differ. */
export function commonTime(subject: Subject): string | null {
  const [first = null, ...others] = new Set(Object.values(subject.time));
  return others.length > 0 ? null : first;
}
