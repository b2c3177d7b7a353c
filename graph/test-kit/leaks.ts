import { type RecordBatch, Type } from 'apache-arrow';
import { batchOfData, columnIndex, gather, int64 } from '../contract/batch.ts';
import type { Plan, PortRef } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { type HistoryPart, runHistory } from '../run/history.ts';
import type { Refused } from '../run/refused.ts';
import { batchText } from './canonical.ts';
import { KNOWN_AT, latest, type Straddler, Straddlers, timedBy, timesOf } from './past.ts';
import { Random } from './random.ts';

/** A port whose rows of the past changed with the future. */
export interface Leak extends PortRef {
  /** Rows up to this time, ns since 1970 UTC, must not depend on what comes after it. */
  readonly cutNs: bigint;
  /** Rows that differ. */
  readonly rows: number;
  /** The first of them, as it was and as it became; null where there is none on that side. */
  readonly before: string | null;
  readonly after: string | null;
}

/** A port of which nothing could be compared, since of every cut too early a row came after it. */
export interface Unseen extends PortRef, Straddler {
  /** Its rows up to the last cut. */
  readonly rows: number;
}

export interface LeakReport {
  readonly leaks: readonly Leak[];
  readonly unseen: readonly Unseen[];
  /** What was looked at: ports with the rows that were compared, all cuts together. */
  readonly ports: readonly (PortRef & { readonly rows: number })[];
  readonly cutsNs: readonly bigint[];
  /** Rows of the sources. */
  readonly rows: number;
}

export interface LeakOptions {
  readonly plan: Plan;
  readonly registry: Registry;
  readonly history: readonly HistoryPart[];
  readonly seed: number;
  /** How many times the future is shuffled, each from another time on. */
  readonly cuts: number;
  /** Counts what nodes refuse while nothing is shuffled yet. */
  readonly refused?: Refused;
  progress?(line: string): void;
}

/**
 * Looks for nodes that see the future: rows of the sources after a time change places among each other, and what every port said up to
 * that time must stay as it was. Where sources are timed by when rows reached us, a row that happened before the time may have come after it:
 * then only what was said of the time before the first such row is compared.
 */
export async function findLeaks({ plan, registry, history, seed, cuts, refused, progress }: LeakOptions): Promise<LeakReport> {
  const ports = plan.nodes.flatMap(({ name, operator, outputs }) =>
    Object.entries(outputs)
      .filter(([port]) => !registry.operators.get(operator)?.hindsight?.includes(port))
      .filter(([, { fields }]) => fields.some((field) => field.name === KNOWN_AT && field.type.typeId === Type.Timestamp))
      .map(([port]) => ({ node: name, port })),
  );
  const random = new Random(seed);
  const times = history.flatMap(({ input, batches }) =>
    input.time ? batches.flatMap((batch) => [...int64(batch, input.time?.column ?? '')]) : [],
  );
  const sorted = BigInt64Array.from(times).sort();
  const cutsNs =
    sorted.length < 2 ? [] : Array.from({ length: cuts }, (_, i) => sorted[Math.floor((sorted.length * (i + 1)) / (cuts + 1))] as bigint);
  const columns = timedBy(plan);
  const straddlers = new Straddlers(cutsNs, [...columns.values()].flat());
  for (const batch of history.flatMap(({ batches }) => batches)) straddlers.add(batch);
  const run = (parts: readonly HistoryPart[], untilNs: bigint, take?: (batch: RecordBatch) => void, counts?: Refused) =>
    saidBy({ plan, registry, parts, ports, columns, untilNs, ...(take ? { take } : {}) }, counts);
  progress?.(`${times.length} rows, ${ports.length} ports`);
  const lastNs = cutsNs.at(-1) ?? 0n;
  const whole = await run(history, lastNs, (batch) => straddlers.add(batch), refused);
  const leaks: Leak[] = [];
  const compared = new Map<string, number>();
  for (const [i, cutNs] of cutsNs.entries()) {
    progress?.(`future ${i + 1} of ${cutsNs.length} shuffled`);
    const other = await run(
      history.map((part) => shuffledAfter(part, cutNs, random)),
      cutNs,
    );
    for (const port of ports) {
      const key = `${port.node}.${port.port}`;
      const straddler = straddlers.over(cutNs, columns.get(port.node) ?? []);
      const [before, after] = [pastOf(whole.get(key), cutNs, straddler), pastOf(other.get(key), cutNs, straddler)];
      compared.set(key, (compared.get(key) ?? 0) + before.length);
      const leak = difference(before, after);
      if (leak) leaks.push({ ...port, cutNs, ...leak });
    }
  }
  const unseen = ports.flatMap((port): Unseen[] => {
    const key = `${port.node}.${port.port}`;
    const straddler = straddlers.over(lastNs, columns.get(port.node) ?? []);
    const rows = pastOf(whole.get(key), lastNs, null).length;
    return rows > 0 && straddler && compared.get(key) === 0 ? [{ ...port, ...straddler, rows }] : [];
  });
  return {
    leaks,
    unseen,
    ports: ports.map((port) => ({ ...port, rows: compared.get(`${port.node}.${port.port}`) ?? 0 })),
    cutsNs,
    rows: times.length,
  };
}

interface Said {
  readonly atNs: bigint;
  /** When it reached us, where the row still tells. */
  readonly reachedNs: bigint | null;
  readonly text: string;
}

interface SaidBy {
  readonly plan: Plan;
  readonly registry: Registry;
  readonly parts: readonly HistoryPart[];
  readonly ports: readonly PortRef[];
  /** Columns by which the sources behind a node are timed. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  readonly untilNs: bigint;
  /** Gets whole batches. */
  take?(batch: RecordBatch): void;
}

/** Rows up to a time by `node.port`. */
async function saidBy(
  { plan, registry, parts, ports, columns, untilNs, take }: SaidBy,
  refused: Refused | undefined,
): Promise<ReadonlyMap<string, readonly Said[]>> {
  const rows = new Map<string, Said[]>(ports.map(({ node, port }) => [`${node}.${port}`, []]));
  const keep = ({ node, port }: PortRef, batch: RecordBatch): void => {
    take?.(batch);
    const times = int64(batch, KNOWN_AT);
    const reached = (columns.get(node) ?? []).map((name) => timesOf(batch, name));
    const past = Int32Array.from(times.keys()).filter((row) => (times[row] as bigint) <= untilNs);
    const texts = batchText(gather(batch.schema, [batch], null, past));
    const said = rows.get(`${node}.${port}`);
    texts.forEach((text, i) => {
      const row = past[i] as number;
      said?.push({ atNs: times[row] as bigint, reachedNs: latest(reached, row), text });
    });
  };
  await runHistory(plan, parts, ports, keep, { registry }, refused);
  return rows;
}

/** What had been said by a cut, in an order of its own: keys may take turns in another way. */
const pastOf = (said: readonly Said[] = [], cutNs: bigint, straddler: Straddler | null): readonly string[] =>
  said
    .filter(
      ({ atNs, reachedNs }) => atNs <= cutNs && (reachedNs === null || reachedNs <= cutNs) && !(straddler && atNs >= straddler.happenedNs),
    )
    .map(({ text }) => text)
    .sort();

function difference(before: readonly string[], after: readonly string[]): Pick<Leak, 'rows' | 'before' | 'after'> | null {
  const [lost, come] = [without(before, after), without(after, before)];
  return lost.length + come.length === 0
    ? null
    : { rows: Math.max(lost.length, come.length), before: lost[0] ?? null, after: come[0] ?? null };
}

/** Texts of a sorted list that another lacks, each as often as it lacks it. */
function without(texts: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const text of others) left.set(text, (left.get(text) ?? 0) + 1);
  return texts.filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}

/** A part whose rows after a time have changed places; their times stay. A part without times stays as it is. */
function shuffledAfter(part: HistoryPart, cutNs: bigint, random: Random): HistoryPart {
  const { input, batches } = part;
  const { time } = input;
  const [first] = batches;
  if (!time || !first) return part;
  const { schema } = first;
  const whole = gather(schema, batches, ...everyRow(batches));
  const times = int64(whole, time.column);
  const places = Int32Array.from({ length: whole.numRows }, (_, row) => row);
  const future = places.filter((row) => (times[row] as bigint) > cutNs);
  const drawn = Int32Array.from(future);
  for (let i = drawn.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [drawn[i], drawn[j]] = [drawn[j] as number, drawn[i] as number];
  }
  future.forEach((row, i) => {
    places[row] = drawn[i] as number;
  });
  const moved = gather(schema, [whole], null, places);
  const children = [...moved.data.children];
  children[columnIndex(schema, time.column)] = whole.data.children[columnIndex(schema, time.column)] as (typeof children)[number];
  const all = batchOfData(schema, whole.numRows, children);
  let from = 0;
  return {
    ...part,
    batches: batches.map((batch): RecordBatch => {
      const next = all.slice(from, from + batch.numRows);
      from += batch.numRows;
      return next;
    }),
  };
}

/** Source and row of every row of several batches. */
function everyRow(batches: readonly RecordBatch[]): [Int32Array, Int32Array] {
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  const [source, row] = [new Int32Array(rows), new Int32Array(rows)];
  let at = 0;
  batches.forEach((batch, i) => {
    for (let r = 0; r < batch.numRows; r++, at++) {
      source[at] = i;
      row[at] = r;
    }
  });
  return [source, row];
}
