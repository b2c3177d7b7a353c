import { readFileSync } from 'node:fs';
import type { RecordBatch, Schema } from 'apache-arrow';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import type { Operator } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';

/** A row for a port of a kernel. */
export interface Fed {
  readonly port: string;
  readonly row: Row;
}

export function vectors<V>(name: string): V {
  return JSON.parse(readFileSync(new URL(`./vectors/${name}`, import.meta.url), 'utf8')) as V;
}

/** Rows that a kernel made of rows in their order, by port; neighbours of one port are pushed as one batch. */
export function fed(kernel: Kernel, inputs: Readonly<Record<string, Schema>>, rows: readonly Fed[]): Readonly<Record<string, Row[]>> {
  const out: Record<string, Row[]> = {};
  const emit = (port: string, batch: RecordBatch) => {
    out[port] ??= [];
    for (const row of rowsOf(batch)) out[port].push(row);
  };
  const runs: number[] = [];
  const ports = [...new Set(rows.map(({ port }) => port))];
  const some = (port: string, of: readonly Fed[]) =>
    batchOf(
      inputs[port] as Schema,
      of.filter((row) => row.port === port).map(({ row }) => row),
    );
  for (let from = 0; from < rows.length; ) {
    const port = rows[from]?.port as string;
    let to = from;
    while (rows[to]?.port === port) to++;
    runs.push(ports.indexOf(port), to - from);
    if (!kernel.pushMerged) kernel.push(some(port, rows.slice(from, to)), port, emit, MIN_NS);
    from = to;
  }
  kernel.pushMerged?.(
    ports.map((port) => ({ port, batch: some(port, rows) })),
    Int32Array.from(runs),
    emit,
    MIN_NS,
  );
  return out;
}

/** The same by the native kernel and by the reference. */
export function fedBoth(
  // biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
  operator: Operator<any>,
  params: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, Schema>>,
  rows: readonly Fed[],
): Readonly<Record<string, Row[]>>[] {
  const subject = subjectOf(operator, params, inputs);
  return [subject.create, subject.reference].flatMap((create) => (create ? [fed(create(), inputs, rows)] : []));
}
