import type { RecordBatch, Schema } from 'apache-arrow';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { type Subject, subjectOf } from '../../graph/test-kit/subject.ts';
import { positions } from '../../operators/positions/operator.ts';

export const INSTRUMENTS = 'instruments.csv';

/** `positions` with these parameters over the instrument table. */
export function positionsOf(params: object, table: string, inputs: Readonly<Record<string, Schema>>): Subject {
  return subjectOf(positions, { instruments: INSTRUMENTS, ...params }, inputs, new Map([[INSTRUMENTS, table]]));
}

/** Rows by output port. */
export type Outputs = Record<string, Row[]>;

/** Pushes batches in turn, each to its port, ends the input, and collects what comes out. */
export function run(kernel: Kernel, pushes: readonly (readonly [port: string, batch: RecordBatch])[]): Outputs {
  const out: Outputs = { out: [], equity: [], balances: [], rejected: [] };
  const emit = (port: string, batch: RecordBatch) => void out[port]?.push(...rowsOf(batch));
  for (const [port, batch] of pushes) kernel.push(batch, port, emit, MIN_NS);
  kernel.advance(MAX_NS, 0n, emit);
  return out;
}

/** Rows of one port as one batch. */
export function batch(subject: Subject, port: string, rows: readonly Row[]): RecordBatch {
  return batchOf(subject.inputs[port] as Schema, rows);
}
