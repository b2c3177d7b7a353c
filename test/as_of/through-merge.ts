import type { RecordBatch, Schema } from 'apache-arrow';
import { Subject } from 'rxjs';
import { type Frame, MIN_NS } from '../../graph/contract/frame.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { lift } from '../../graph/wire/lift.ts';
import { NO_PROBE } from '../../graph/wire/probe.ts';
import { asOf } from '../../operators/as_of/operator.ts';

/** What each side brings in an epoch, and its watermark after it. */
export interface Step {
  readonly right: RecordBatch | null;
  readonly left: RecordBatch | null;
  readonly watermarks: readonly [right: bigint, left: bigint];
  /** Watermark of the left rows' partition before them. */
  readonly floorNs?: bigint;
}

/** What leaves `as_of` on each port where the engine merges its sides. */
export function throughMerge(params: object, right: Schema, left: Schema, steps: readonly Step[]): Map<string, RecordBatch[]> {
  const { outputs, create } = subjectOf(asOf, params, { right, left });
  const [rights, lefts] = [new Subject<Frame>(), new Subject<Frame>()];
  const found = new Map<string, RecordBatch[]>(Object.keys(outputs).map((port) => [port, []]));
  const edge = (port: string, schema: Schema, frames: Subject<Frame>) => ({ port, schema, time: 'ts_event', frames });
  const options = { pipeline: 'test', node: 'joined', order: 'event_time' as const, outputs, probe: NO_PROBE, create };
  lift(options, [edge('right', right, rights), edge('left', left, lefts)]).subscribe({
    next: ({ port, frame }) => {
      if (frame.kind === 'batch' && port !== null) found.get(port)?.push(frame.batch);
    },
    error: (error) => {
      throw error;
    },
  });
  steps.forEach((step, epoch) => {
    const batches = [step.right, step.left];
    [rights, lefts].forEach((side, i) => {
      const batch = batches[i];
      if (batch) side.next({ kind: 'batch', batch, floorNs: i === 1 ? (step.floorNs ?? MIN_NS) : MIN_NS, origin: null });
      side.next({ kind: 'watermark', ns: step.watermarks[i] as bigint });
    });
    for (const side of [rights, lefts]) side.next({ kind: 'barrier', epoch, clockNs: BigInt(epoch) });
  });
  return found;
}
