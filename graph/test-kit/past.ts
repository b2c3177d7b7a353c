import { type RecordBatch, Type } from 'apache-arrow';
import { type Column, column, columnIndex, isValid } from '../contract/batch.ts';
import type { Plan } from '../contract/plan.ts';

/** Column that tells when what a row says was known. */
export const KNOWN_AT = 'ts_event';

/** A row that happened by a cut and reached us after it: what rows from then on say may honestly depend on it. */
export interface Straddler {
  /** The column by which its source is timed. */
  readonly column: string;
  readonly happenedNs: bigint;
  readonly reachedNs: bigint;
}

/** Columns besides `ts_event` by which the sources of a plan are timed, as `ts_recv`: behind each node, by its name. */
export function timedBy(plan: Pick<Plan, 'inputs' | 'nodes' | 'outputs'>): ReadonlyMap<string, readonly string[]> {
  return new Map(plan.nodes.map(({ name }) => [name, [...behind(plan, name, new Set())].filter((one) => one !== KNOWN_AT)]));
}

function behind(plan: Pick<Plan, 'inputs' | 'nodes' | 'outputs'>, name: string, seen: Set<string>): ReadonlySet<string> {
  if (seen.has(name)) return new Set();
  seen.add(name);
  const time = plan.inputs.find((input) => input.name === name && input.from.kind !== 'exchange')?.time;
  const node = plan.nodes.find((one) => one.name === name);
  const edges = [
    ...(node?.inputs.flatMap((input) => input.edges) ?? []),
    ...(plan.outputs.find((output) => output.name === name)?.from ?? []),
  ];
  return new Set([...(time ? [time.column] : []), ...edges.flatMap((edge) => [...behind(plan, edge.node, seen)])]);
}

/** A column of times, or null where a batch has none of that name. */
export function timesOf(batch: RecordBatch, name: string): Column | null {
  const index = columnIndex(batch.schema, name);
  return index >= 0 && batch.schema.fields[index]?.type.typeId === Type.Timestamp ? column(batch, name) : null;
}

/** The latest time of a row by several columns; null where it has none. */
export function latest(columns: readonly (Column | null)[], row: number): bigint | null {
  let most: bigint | null = null;
  for (const values of columns) {
    if (!values || !isValid(values, row)) continue;
    const at = values.values[row] as bigint;
    if (most === null || at > most) most = at;
  }
  return most;
}

/** For each cut and time column, the earliest straddler. */
export class Straddlers {
  readonly #cutsNs: readonly bigint[];
  readonly #columns: readonly string[];
  readonly #earliest = new Map<string, Straddler>();

  constructor(cutsNs: readonly bigint[], columns: Iterable<string>) {
    this.#cutsNs = cutsNs;
    this.#columns = [...new Set(columns)];
  }

  add(batch: RecordBatch): void {
    const known = timesOf(batch, KNOWN_AT);
    if (!known) return;
    for (const name of this.#columns) {
      const reached = timesOf(batch, name);
      if (!reached) continue;
      for (let row = 0; row < batch.numRows; row++) {
        if (!isValid(known, row) || !isValid(reached, row)) continue;
        const [happenedNs, reachedNs] = [known.values[row] as bigint, reached.values[row] as bigint];
        if (happenedNs >= reachedNs) continue;
        for (const cutNs of this.#cutsNs) {
          if (happenedNs > cutNs || cutNs >= reachedNs) continue;
          const key = `${name} ${cutNs}`;
          const before = this.#earliest.get(key);
          if (!before || happenedNs < before.happenedNs) this.#earliest.set(key, { column: name, happenedNs, reachedNs });
        }
      }
    }
  }

  /** The earliest over the cut by any of the columns; null where nothing straddles it. */
  over(cutNs: bigint, columns: readonly string[]): Straddler | null {
    const found = columns.flatMap((name) => this.#earliest.get(`${name} ${cutNs}`) ?? []);
    return found.reduce<Straddler | null>((first, one) => (first && first.happenedNs <= one.happenedNs ? first : one), null);
  }
}
