import type { RecordBatch } from 'apache-arrow';
import type { Kernel } from '../../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../../graph/contract/rows.ts';
import { cellText } from '../../../graph/test-kit/canonical.ts';
import { INPUTS, type InputPort, type KernelKind, kernelsOf } from '../ports.ts';
import { Audit } from './audit.ts';
import type { Episode, Step } from './episode.ts';
import { Broken } from './orders-audit.ts';

/** Rows by port that one step gave; `row` of `rejected` is the place of its operation in the step. */
export type Given = Readonly<Record<string, readonly Row[]>>;

/** Runs a kernel of a kind through an episode, step by step. */
export function* running(kind: KernelKind, { params, steps }: Episode): Generator<Given, void> {
  const create = kernelsOf(kind, params);
  let kernel = create();
  for (const step of steps) {
    const given: Record<string, Row[]> = {};
    const take = (port: string, batch: RecordBatch, places: readonly number[]): void => {
      const rows = rowsOf(batch);
      const placed = port === 'rejected' ? rows.map((row) => ({ ...row, row: places[Number(row.row)] ?? -1 })) : rows;
      given[port] = [...(given[port] ?? []), ...placed];
    };
    if (step.kind === 'push') {
      push(kernel, step, take);
      given.rejected?.sort((a, b) => Number(a.row) - Number(b.row));
    } else if (step.kind === 'advance') kernel.advance(step.watermarkNs, 0n, (port, batch) => take(port, batch, []));
    else {
      const state = kernel.snapshot();
      kernel = create();
      kernel.restore(state);
    }
    yield given;
  }
}

type Push = Extract<Step, { kind: 'push' }>;

/** Neighbouring rows of one port are a run; a kernel that can takes all runs at once. */
function push(
  kernel: Kernel,
  { operations, floorNs }: Push,
  take: (port: string, batch: RecordBatch, places: readonly number[]) => void,
): void {
  const runs: { readonly port: InputPort; readonly places: number[] }[] = [];
  operations.forEach(({ port }, place) => {
    const last = runs.at(-1);
    if (last?.port === port) last.places.push(place);
    else runs.push({ port, places: [place] });
  });
  const batch = (port: InputPort, places: readonly number[]): RecordBatch =>
    batchOf(
      INPUTS[port],
      places.map((place) => operations[place]?.row ?? {}),
    );
  if (runs.length === 1 || !kernel.pushMerged) {
    for (const { port, places } of runs) kernel.push(batch(port, places), port, (to, rows) => take(to, rows, places), floorNs);
    return;
  }
  const ports = [...new Set(runs.map(({ port }) => port))];
  const placesOf = (from: string | undefined): number[] => runs.flatMap(({ port, places }) => (port === from ? places : []));
  const parts = ports.map((port) => ({ port, batch: batch(port, placesOf(port)) }));
  const order = Int32Array.from(runs.flatMap(({ port, places }) => [ports.indexOf(port), places.length]));
  kernel.pushMerged(parts, order, (to, rows, from) => take(to, rows, placesOf(from)), floorNs);
}

/** Where two kernels differ. */
export interface Difference {
  /** Number of the step. */
  readonly step: number;
  readonly message: string;
}

/** What is wrong first: two kernels give other rows, one throws, or what they give breaks a promise of the exchange; null: nothing. */
export function difference(episode: Episode, kinds: readonly [KernelKind, KernelKind]): Difference | null {
  const audit = new Audit(episode.params);
  const others = running(kinds[1], episode);
  let i = 0;
  try {
    for (const is of running(kinds[0], episode)) {
      const expected = others.next();
      const message = expected.done ? 'the second run ended early' : differing(is, expected.value, kinds);
      if (message !== null) return { step: i, message };
      audit.after(episode.steps[i] as Step, is);
      i += 1;
    }
  } catch (error) {
    return { step: i, message: error instanceof Broken ? `both break a promise: ${error.message}` : String(error) };
  }
  return null;
}

function differing(a: Given, b: Given, kinds: readonly [KernelKind, KernelKind]): string | null {
  for (const port of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [bySymbol(a[port] ?? []), bySymbol(b[port] ?? [])];
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
      if (sameRow(left[i], right[i])) continue;
      return `port ${port}: ${kinds[0]} gives\n    ${text(left[i])}\n  ${kinds[1]} gives\n    ${text(right[i])}`;
    }
  }
  return null;
}

/** Rows of one symbol together: only their order is promised. */
function bySymbol(rows: readonly Row[]): readonly Row[] {
  if (rows[0]?.symbol === undefined) return rows;
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const symbol = String(row.symbol);
    const group = groups.get(symbol);
    if (group) group.push(row);
    else groups.set(symbol, [row]);
  }
  return [...groups.keys()].sort().flatMap((symbol) => groups.get(symbol) ?? []);
}

function sameRow(a: Row | undefined, b: Row | undefined): boolean {
  if (!a || !b) return false;
  for (const name in a) if (name !== 'raw' && a[name] !== b[name]) return false;
  return true;
}

function text(row: Row | undefined): string {
  if (!row) return 'nothing';
  return `{ ${Object.entries(row)
    .filter(([name]) => name !== 'raw')
    .map(([name, value]) => `${name}: ${cellText(value)}`)
    .join(', ')} }`;
}
