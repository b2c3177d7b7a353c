import type { Schema } from 'apache-arrow';
import { columnIndex } from '../contract/batch.ts';
import { MAIN_PORT, REJECTED_PORT } from '../contract/operator.ts';
import type { Row } from '../contract/rows.ts';
import { closeCells } from './canonical.ts';
import { commonTime, type DriveOptions, drive, type EmittedRow, type LawName, type Output, type Violation } from './drive.ts';
import { build, type CutOptions, cut, type EpochPlan } from './epochs.ts';
import { cellOf } from './generate.ts';
import { grouped } from './grouped.ts';
import type { Random } from './random.ts';
import type { Subject } from './subject.ts';
import { type DraftRow, type Tape, type TapeOptions, type TapeRow, tapeOf, watermarksAfter } from './tape.ts';

/** What is violated for one operator, one tape and the choices a seed makes; `[]` when nothing is. */
export type Law = (subject: Subject, tape: Tape, random: Random, options: TapeOptions) => Violation[];

/** Largest relative difference between numbers of a native kernel and its reference. */
export const TOLERANCE = 1e-9;

const RANDOM_CUT: CutOptions = { style: 'random', clock: 'moving' };
const STILL_CUT: CutOptions = { style: 'random', clock: 'still' };
const WHOLE: CutOptions = { style: 'whole', clock: 'still' };

/** Promises that hold for every run, whatever it is compared to; `drive` finds them. */
const WATCHED = ['totality', 'schema truth', 'watermark safety', 'inputs unchanged', 'outputs unchanged'] as const;

export function isWatched(law: LawName): law is (typeof WATCHED)[number] {
  return WATCHED.some((name) => name === law);
}

/** What some of the watched laws find in the same runs. */
export function watchAll(subject: Subject, tape: Tape, random: Random, laws: readonly LawName[]): Violation[] {
  if (laws.length === 0) return [];
  const run = (style: CutOptions): Output =>
    drive(subject, subject.create, build(random, subject, cut(random, tape, style)), { watch: laws });
  return [run(WHOLE), run(RANDOM_CUT)].flatMap((output) => output.violations.filter(({ law }) => laws.includes(law)));
}

const always =
  (law: LawName): Law =>
  (subject, tape, random) =>
    watchAll(subject, tape, random, [law]);

/** Any cut into batches and epochs gives the same rows: in order per port and key, the same set overall. */
const splitInvariance: Law = (subject, tape, random) => {
  const run = (style: CutOptions): Output => drive(subject, subject.create, build(random, subject, cut(random, tape, style)));
  const whole = run(WHOLE);
  return [
    ...differences('split invariance', 'cut row by row', whole, run({ style: 'rows', clock: 'still' })),
    ...differences('split invariance', 'cut at random', whole, run(STILL_CUT)),
    ...differences('split invariance', 'cut at random', whole, run(STILL_CUT)),
  ];
};

/** A snapshot restored into a fresh kernel, at one boundary or at all, goes on as if nothing had happened. */
const restartInvariance: Law = (subject, tape, random) => {
  const epochs = build(random, subject, cut(random, tape, RANDOM_CUT));
  const run = (options: DriveOptions): Output => drive(subject, subject.create, epochs, options);
  const plain = run({});
  const watched = run({ snapshots: true });
  const at = random.int(0, epochs.length - 2);
  const tail: Output = { ...plain, rows: plain.rows.filter((row) => row.epoch > at) };
  const restarted = run({ restartAfter: () => true });
  const state = watched.snapshots[at];
  return [
    ...[watched, restarted].flatMap((output) => output.violations.filter((violation) => violation.law === 'restart invariance')),
    ...differences('restart invariance', 'with a snapshot after every epoch', plain, watched),
    ...differences('restart invariance', 'restarted after every epoch', plain, restarted),
    ...(state ? differences('restart invariance', `from the state after epoch ${at}`, tail, run({ from: { epoch: at + 1, state } })) : []),
  ];
};

/** The same input gives the same output, batch for batch. */
const determinism: Law = (subject, tape, random) => {
  const epochs = build(random, subject, cut(random, tape, RANDOM_CUT));
  const once = drive(subject, subject.create, epochs);
  const twice = drive(subject, subject.create, epochs);
  const a = once.rows.map(placed);
  const b = twice.rows.map(placed);
  const i = a.findIndex((text, index) => text !== b[index]);
  if (i < 0 && a.length === b.length) return [];
  const at = i < 0 ? Math.min(a.length, b.length) : i;
  return [{ law: 'determinism', message: `row ${at} was ${a[at] ?? 'absent'}, then ${b[at] ?? 'absent'}` }];
};

/** Main-port rows before a watermark do not change when the rows read after it do, even in the same batch. */
const noLookAhead: Law = (subject, tape, random, options) => {
  const time = commonTime(subject);
  if (time === null) return [];
  const at = random.int(0, tape.rows.length);
  const watermark = watermarksAfter(tape, tape.rows)[at] as bigint;
  const kept = tape.rows.slice(0, at);
  const later = tape.rows.slice(at).filter((row) => !row.late);
  const change = (row: DraftRow): DraftRow => changed(random, subject, row, options);
  const before = (drafts: readonly DraftRow[]): Output => {
    const epochs = build(random, subject, cut(random, tapeOf(subject, drafts, tape), WHOLE));
    const output = drive(subject, subject.create, epochs);
    return {
      ...output,
      rows: output.rows.filter(({ port, row }) => port === MAIN_PORT && ((row[time] as bigint | undefined) ?? watermark) < watermark),
    };
  };
  const original = before([...kept, ...later]);
  return [
    ...differences('no look-ahead', `without the rows after row ${at}`, original, before(kept)),
    ...differences('no look-ahead', `with other rows after row ${at}`, original, before([...kept, ...later.map(change)])),
  ];
};

/** The rows of a key are the same with all other keys removed; rows of a port without the key's columns belong to every key. */
const keyIndependence: Law = (subject, tape, random) => {
  if (subject.groups === null || subject.groups.length === 0) return [];
  const keyed = tape.rows.filter(({ port }) => hasKey(subject, port));
  if (keyed.length === 0) return [];
  const plans = cut(random, tape, RANDOM_CUT);
  const { key } = random.pick(keyed);
  const only = (keep: (key: string) => boolean): Output =>
    drive(
      subject,
      subject.create,
      build(
        random,
        subject,
        plans.map((plan) => filtered(plan, (row) => !hasKey(subject, row.port) || keep(row.key))),
      ),
    );
  const all = drive(subject, subject.create, build(random, subject, plans));
  const [one, others] = [only((other) => other === key), only((other) => other !== key)];
  const shared = new Set(tape.rows.filter(({ port }) => !hasKey(subject, port)).map(({ id }) => id));
  const once = others.rows.filter(({ port, row }) => port !== REJECTED_PORT || !shared.has(Number(row.row))); // both runs refused it
  const together = { ...all, rows: [...one.rows, ...once], violations: [...one.violations, ...others.violations] };
  return differences('key independence', `with key ${key} on its own`, all, together);
};

/** The native kernel gives what the small reference gives. */
const nativeIsReference: Law = (subject, tape, random) => {
  if (!subject.reference) return [];
  const epochs = build(random, subject, cut(random, tape, RANDOM_CUT));
  const reference = drive(subject, subject.reference, epochs);
  return differences('native = reference', 'by the native kernel', reference, drive(subject, subject.create, epochs), TOLERANCE);
};

/** Rows of several ports pushed together give what they give pushed one batch after the other. */
const mergedIsPushed: Law = (subject, tape, random) => {
  const epochs = build(random, subject, cut(random, tape, RANDOM_CUT));
  const apart = drive(subject, subject.create, epochs);
  return differences('merged = pushed', 'pushed together', apart, drive(subject, subject.create, epochs, { merged: true }), TOLERANCE);
};

/** Every promise of the kernel contract, by name. */
export const LAWS: Readonly<Record<LawName, Law>> = {
  totality: always('totality'),
  'schema truth': always('schema truth'),
  'split invariance': splitInvariance,
  'restart invariance': restartInvariance,
  determinism,
  'no look-ahead': noLookAhead,
  'key independence': keyIndependence,
  'watermark safety': always('watermark safety'),
  'native = reference': nativeIsReference,
  'merged = pushed': mergedIsPushed,
  'inputs unchanged': always('inputs unchanged'),
  'outputs unchanged': always('outputs unchanged'),
};

function filtered(plan: EpochPlan, keep: (row: TapeRow) => boolean): EpochPlan {
  return { ...plan, runs: plan.runs.map((run) => run.filter(keep)) };
}

/** Whether rows of an input port say their key; others are in every task. */
function hasKey(subject: Subject, port: string): boolean {
  return (subject.groups ?? []).every((name) => columnIndex(subject.inputs[port] as Schema, name) >= 0);
}

/** The row with other values in all columns but those of time and key. */
function changed(random: Random, subject: Subject, draft: DraftRow, options: TapeOptions): DraftRow {
  const fixed = new Set([subject.time[draft.port] ?? null, ...(subject.groups ?? [])]);
  const fields = subject.inputs[draft.port]?.fields ?? [];
  const row: Row = Object.fromEntries(
    fields.map((f) => [f.name, fixed.has(f.name) ? (draft.row[f.name] ?? null) : cellOf(random, f, options.ranges)]),
  );
  return { ...draft, row };
}

function placed(row: EmittedRow): string {
  return `${row.port} of epoch ${row.epoch}: ${row.text}`;
}

/**
 * Where two runs of the same rows differ: in the rows of a port and key, in order; where a port does not tell the key, in their set.
 * A run that threw is not compared: that is a violation of its own.
 */
function differences(law: LawName, how: string, expected: Output, actual: Output, tolerance = 0): Violation[] {
  if ([expected, actual].some((output) => output.violations.some((violation) => violation.law === 'totality'))) return [];
  const a = streams(expected.rows, tolerance);
  const b = streams(actual.rows, tolerance);
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [was, is] = [a.get(name) ?? [], b.get(name) ?? []];
    for (let i = 0; i < Math.max(was.length, is.length); i++) {
      if (sameRow(was[i], is[i], tolerance)) continue;
      return [{ law, message: `${how}: row ${i} of ${name} is\n    ${is[i]?.text ?? 'absent'}, expected\n    ${was[i]?.text ?? 'none'}` }];
    }
  }
  return [];
}

function sameRow(a: EmittedRow | undefined, b: EmittedRow | undefined, tolerance: number): boolean {
  if (!a || !b) return false;
  if (a.text === b.text) return true;
  if (tolerance === 0) return false;
  return Object.keys(a.row).every((name) => closeCells(a.row[name] ?? null, b.row[name] ?? null, tolerance));
}

function streams(rows: readonly EmittedRow[], tolerance: number): Map<string, EmittedRow[]> {
  const byKey = grouped(rows, (row) => `port "${row.port}"${row.key === null ? '' : `, key (${row.key})`}`);
  for (const some of byKey.values())
    if (some[0]?.key === null && tolerance === 0) some.sort((x, y) => (x.text < y.text ? -1 : x.text > y.text ? 1 : 0));
  return byKey;
}
