import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../contract/columns.ts';
import { MIN_NS } from '../contract/frame.ts';
import type { Kernel } from '../contract/kernel.ts';
import { type Operator, REJECTED_PORT } from '../contract/operator.ts';
import type { Row } from '../contract/rows.ts';
import { closeCells, rowText } from './canonical.ts';
import { type Case, typedCell } from './case-file.ts';
import { drive, type EmittedRow } from './drive.ts';
import { build, cut } from './epochs.ts';
import { grouped } from './grouped.ts';
import { TOLERANCE } from './laws.ts';
import { Random } from './random.ts';
import { type Subject, subjectOf } from './subject.ts';
import { type DraftRow, tapeOf } from './tape.ts';

/** What a case is tried on: the kernel and how its rows are cut. */
export interface Trial {
  readonly kernel: 'native' | 'reference';
  readonly style: 'whole' | 'rows';
}

export const TRIALS: readonly Trial[] = [
  { kernel: 'native', style: 'whole' },
  { kernel: 'native', style: 'rows' },
  { kernel: 'reference', style: 'whole' },
  { kernel: 'reference', style: 'rows' },
];

/** What a case expects and does not get; `[]` when all is as expected, null when the operator has no such kernel. */
export function runCase<P>(operator: Operator<P>, given: Case, trial: Trial): string[] | null {
  const subject = subjectOf(operator, given.params, given.inputs, given.files);
  const create: (() => Kernel) | null = trial.kernel === 'native' ? subject.create : subject.reference;
  if (!create) return null;
  const random = new Random(1);
  const tape = tapeOf(subject, inOrder(subject, given), { latenessNs: given.latenessNs ?? -MIN_NS, free: false });
  const plans = cut(random, tape, { style: trial.style, clock: 'still' }).map((plan, i, all) =>
    i === all.length - 1 && given.watermarkNs !== null ? { ...plan, watermarkNs: given.watermarkNs } : plan,
  );
  const output = drive(subject, create, build(random, subject, plans), { watch: ['schema truth'] });
  return [...output.violations.map((violation) => violation.message), ...mismatches(subject, given, output.rows)];
}

/** The rows of all ports as one sequence: by time, then port as listed, then as listed. */
function inOrder(subject: Subject, given: Case): DraftRow[] {
  const drafts = Object.entries(given.rows).flatMap(([port, rows]) => rows.map((row): DraftRow => ({ port, partition: 0, row })));
  if (Object.keys(given.rows).length < 2) return drafts;
  const at = ({ port, row }: DraftRow): bigint => {
    const time = subject.time[port] ?? null;
    return time === null ? MIN_NS : (row[time] as bigint);
  };
  return drafts.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0));
}

function mismatches(subject: Subject, given: Case, emitted: readonly EmittedRow[]): string[] {
  const unknown = Object.keys(given.outputs).filter((port) => !Object.hasOwn(subject.outputs, port));
  const found = Object.keys(subject.outputs).flatMap((port) =>
    portMismatches(
      subject,
      port,
      given.outputs[port] ?? [],
      emitted.filter((row) => row.port === port),
    ),
  );
  return [...unknown.map((port) => `there is no output port "${port}"`), ...found];
}

/**
 * Rows are compared in order per key where the expected rows name the key, in order overall where not; only the named
 * columns count. On `rejected`, `row` is the row's place in the input, whatever batch it came in.
 */
function portMismatches(
  subject: Subject,
  port: string,
  expected: readonly Readonly<Record<string, unknown>>[],
  actual: readonly EmittedRow[],
): string[] {
  const schema = port === REJECTED_PORT ? REJECT_SCHEMA : (subject.outputs[port] as Schema);
  const typed = expected.map((row) => expectedRow(schema, row));
  const keys = (subject.groups ?? []).filter((name) => typed.length > 0 && typed.every((row) => Object.hasOwn(row, name)));
  const keyOf = (row: Row): string => keys.map((name) => String(row[name])).join(' ');
  const wanted = grouped(typed, keyOf);
  const got = grouped(actual, ({ row }) => keyOf(row));
  return [...new Set([...wanted.keys(), ...got.keys()])].flatMap((key) => {
    const [want, have] = [wanted.get(key) ?? [], got.get(key) ?? []];
    return Array.from({ length: Math.max(want.length, have.length) }, (_, i) => {
      const [a, b] = [want[i], have[i]];
      if (a && b && Object.entries(a).every(([name, cell]) => closeCells(cell, b.row[name] ?? null, TOLERANCE))) return [];
      return [`port "${port}", row ${i}${key ? ` of ${key}` : ''}: expected ${a ? rowText(a) : 'none'}, got ${b?.text ?? 'none'}`];
    }).flat();
  });
}

function expectedRow(schema: Schema, row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const type = schema.fields.find((field) => field.name === name)?.type;
      if (!type) throw new TypeError(`a case expects column "${name}", which the port does not have`);
      return [name, typedCell(type, value)];
    }),
  );
}
