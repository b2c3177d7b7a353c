import { columnIndex } from '../contract/batch.ts';
import { MAX_NS, MIN_NS } from '../contract/frame.ts';
import type { Cell, Row } from '../contract/rows.ts';
import { cellText } from './canonical.ts';
import { slowest, watermarkOf } from './floors.ts';
import { cellOf, type RowShapes, rangedCell, type ValueRanges } from './generate.ts';
import type { Random } from './random.ts';
import type { Subject } from './subject.ts';

/** A row that was read, with all that does not depend on how the reading is cut. */
export interface TapeRow {
  /** Its place in the tape. */
  readonly id: number;
  readonly port: string;
  readonly partition: number;
  /** Values of the columns the operator groups by, as text. */
  readonly key: string;
  readonly row: Row;
  /** Event time, ns; null where its port has none. */
  readonly ns: bigint | null;
  /** Watermark of its own partition just before it was read. */
  readonly floorNs: bigint;
  readonly late: boolean;
}

/** What was read, in order. */
export interface Tape {
  readonly rows: readonly TapeRow[];
  readonly latenessNs: bigint;
  /** Whether rows of different partitions may be read in another order. */
  readonly free: boolean;
}

/** What generated input looks like, beyond the values. */
export interface TapeOptions {
  readonly ranges: ValueRanges;
  /** Most rows of a port that has some are of one of its shapes. */
  readonly shapes?: RowShapes;
  readonly maxRows: number;
  /** Typical time between two rows, ns. */
  readonly stepNs: bigint;
}

/** Time-ordered and disordered rows of few or many keys over one or several partitions. */
export function tapeFor(random: Random, subject: Subject, options: TapeOptions): Tape {
  const ports = Object.keys(subject.inputs);
  const keyed = subject.groups !== null && subject.groups.length > 0;
  const free = keyed && ports.length === 1;
  const partitions = free ? random.pick([1, 1, 2, 3]) : 1;
  const keys = keysFor(random, subject, random.pick([1, 2, 3, 20]), options.ranges);
  const latenessNs = ports.length > 1 ? 0n : options.stepNs * BigInt(random.pick([0, 1, 3, 20]));
  const disorder = ports.length > 1 ? 0 : random.pick([0, 0.1, 0.5]);
  const start = random.pick([1_723_161_255_000_000_000n, 0n, -1_000_000_000_000_000_000n]);
  const now = Array.from({ length: partitions }, () => start + random.bigint(0n, options.stepNs * 5n));
  const drafts = Array.from({ length: random.int(1, options.maxRows) }, () => {
    const port = random.pick(ports);
    const key = random.int(0, keys.length - 1);
    const partition = key % partitions;
    now[partition] = (now[partition] ?? start) + stepFor(random, options.stepNs);
    const back = random.chance(disorder) ? random.bigint(0n, options.stepNs * 30n) : 0n;
    return draft(random, subject, options, { port, partition, key: keys[key] as Row, ns: (now[partition] as bigint) - back });
  });
  return tapeOf(subject, drafts, { latenessNs, free });
}

/** A row before it has its place. */
export type DraftRow = Pick<TapeRow, 'port' | 'partition' | 'row'>;

/** A tape of given rows: floors, lateness and keys follow from the rows alone. */
export function tapeOf(
  subject: Subject,
  drafts: readonly DraftRow[],
  options: { readonly latenessNs: bigint; readonly free: boolean },
): Tape {
  const seen = new Map<string, bigint[]>();
  const rows = drafts.map((draft, id): TapeRow => {
    const time = subject.time[draft.port] ?? null;
    const ns = time === null ? null : (draft.row[time] as bigint);
    const before = seen.get(partitionOf(draft)) ?? [];
    const floorNs = ns === null ? MIN_NS : watermarkOf(before, options.latenessNs);
    if (ns !== null) seen.set(partitionOf(draft), [...before, ns]);
    return { ...draft, id, key: keyText(subject, draft.row), ns, floorNs, late: ns !== null && ns < floorNs };
  });
  return { rows, latenessNs: options.latenessNs, free: options.free };
}

/** The watermark of the node after each prefix of the reading order; partitions not read yet hold it back. */
export function watermarksAfter(tape: Tape, order: readonly TapeRow[]): bigint[] {
  const partitions = new Set(tape.rows.filter((row) => row.ns !== null).map(partitionOf));
  const times = new Map<string, bigint[]>([...partitions].map((partition) => [partition, []]));
  let high = MIN_NS;
  return [null, ...order].map((row) => {
    if (row?.ns != null) times.get(partitionOf(row))?.push(row.ns);
    const now = slowest([...times.values()].map((some) => watermarkOf(some, tape.latenessNs)));
    if (now !== MAX_NS && now > high) high = now;
    return high;
  });
}

function partitionOf(row: DraftRow): string {
  return `${row.port} ${row.partition}`;
}

/** The values a row is grouped by, as text; rows of another port may lack some. */
export function keyText(subject: Subject, row: Row): string {
  return (subject.groups ?? []).map((name) => (Object.hasOwn(row, name) ? cellText(row[name] ?? null) : '')).join(' ');
}

/** Mostly small steps, ties, and now and then a gap. */
function stepFor(random: Random, stepNs: bigint): bigint {
  if (random.chance(0.25)) return 0n;
  if (random.chance(0.04)) return stepNs * BigInt(random.int(20, 60));
  return random.bigint(1n, stepNs * 2n);
}

function keysFor(random: Random, subject: Subject, count: number, ranges: ValueRanges): Row[] {
  const groups = subject.groups ?? [];
  const fields = Object.values(subject.inputs).flatMap((schema) => schema.fields.filter((field) => groups.includes(field.name)));
  const keys = Array.from({ length: count }, () => Object.fromEntries(fields.map((field) => [field.name, cellOf(random, field, ranges)])));
  return [...new Map(keys.map((key) => [keyText(subject, key), key])).values()];
}

function draft(
  random: Random,
  subject: Subject,
  options: TapeOptions,
  place: { readonly port: string; readonly partition: number; readonly key: Row; readonly ns: bigint },
): DraftRow {
  const schema = subject.inputs[place.port];
  const time = subject.time[place.port] ?? null;
  const shapes = options.shapes?.[place.port] ?? [];
  const shape = shapes.length > 0 && random.chance(0.9) ? random.pick(shapes) : {};
  const cells = (schema?.fields ?? []).map((field): [string, Cell] => {
    if (field.name === time) return [field.name, place.ns];
    if (Object.hasOwn(place.key, field.name)) return [field.name, place.key[field.name] ?? null];
    const range = shape[field.name];
    return [field.name, range ? rangedCell(random, field.type, range, place.ns) : cellOf(random, field, options.ranges, place.ns)];
  });
  return { port: place.port, partition: place.partition, row: Object.fromEntries(cells) };
}

/** Whether a schema has all the columns a subject groups by. */
export function carriesKey(subject: Subject, port: string): boolean {
  const schema = subject.outputs[port];
  return schema !== undefined && (subject.groups ?? []).every((name) => columnIndex(schema, name) >= 0);
}
