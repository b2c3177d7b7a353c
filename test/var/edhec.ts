import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import type { Operator } from '../../graph/contract/operator.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';

const DATA = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
export const EDHEC_PATH = join(DATA, 'risk', 'edhec.csv');
export const hasEdhec = existsSync(EDHEC_PATH);

/** The 13 series of monthly returns, by name in lower snake case. */
export function edhec(): Readonly<Record<string, Float64Array>> {
  const [head = '', ...lines] = readFileSync(EDHEC_PATH, 'utf8').trim().split('\n');
  const names = head
    .split(',')
    .slice(1)
    .map((name) => name.replaceAll('"', '').toLowerCase().replaceAll(/\W+/g, '_'));
  return Object.fromEntries(names.map((name, i) => [name, Float64Array.from(lines, (line) => Number(line.split(',')[i + 1]))]));
}

const MINUTE_NS = 60_000_000_000n;

/** A batch of columns, a row a minute, the first one in minute `from`. */
export function batchOfColumns(columns: Readonly<Record<string, Float64Array>>, from = 0): RecordBatch {
  const names = Object.keys(columns);
  const rows = columns[names[0] ?? '']?.length ?? 0;
  const schema = new Schema([COLUMNS.ts_event, ...names.map((name) => new Field(name, new Float64(), true))]);
  const times = BigInt64Array.from({ length: rows }, (_, i) => BigInt(from + i) * MINUTE_NS);
  return makeBatch(schema, rows, [{ values: times }, ...names.map((name) => ({ values: columns[name] as Float64Array }))]);
}

/** What a kernel emits on its main port for one batch. */
export function outOf(kernel: Kernel, batch: RecordBatch): Row[] {
  const rows: Row[] = [];
  kernel.push(batch, 'in', (port, out) => port === 'out' && rows.push(...rowsOf(out)), MIN_NS);
  return rows;
}

/** The rows that an operator makes of columns, by its native kernel and by its reference. */
// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
export function bothOf(operator: Operator<any>, params: unknown, columns: Readonly<Record<string, Float64Array>>): Row[][] {
  const batch = batchOfColumns(columns);
  const subject = subjectOf(operator, params, { in: batch.schema });
  const reference = subject.reference?.();
  return [outOf(subject.create(), batch), ...(reference ? [outOf(reference, batch)] : [])];
}

/** A number with as many decimals as `text` has. */
export function printed(value: unknown, text: string): string {
  return Number(value).toFixed(text.split('.')[1]?.length ?? 0);
}
