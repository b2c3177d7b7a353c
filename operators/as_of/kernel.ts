import type { Schema } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Cell, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { stateChunks, stateOf } from '../money/state.ts';
import { addedFields, keysOf, LEFT_PORT, RIGHT_PORT, takenOf, UNMATCHED_PORT } from './layout.ts';
import type { AsOfParams } from './operator.ts';

interface Right {
  readonly ns: bigint;
  readonly cells: readonly Cell[];
}

interface State {
  /** Right rows of a key in ascending order of time, all of them. */
  readonly keys: Map<string, Right[]>;
  now: bigint;
}

const MAX_INT64 = 2n ** 63n - 1n;

/** Looks through all right rows of the key for each left row: the oracle of the native kernel. */
export function referenceAsOf({ params, inputs, outputs }: KernelContext<AsOfParams>): Kernel {
  const [left, right] = [inputs[LEFT_PORT] as Schema, inputs[RIGHT_PORT] as Schema];
  const by = keysOf(params, left, right);
  const taken = takenOf(params, left, right);
  const added = addedFields(params, left, right).map((field) => field.name);
  let state: State = { keys: new Map(), now: MIN_NS };

  const expired = (ns: bigint, now: bigint): boolean => params.tolerance !== undefined && now - ns > params.tolerance;
  const keyOf = (row: Row): string => JSON.stringify(by.map((name) => String(row[name])));

  const takeRight = (row: Row, floorNs: bigint): [code: string, reason: string] | null => {
    const ns = row.ts_event as bigint | null;
    if (ns === null) return ['ts-missing', 'ts_event is null'];
    const missing = by.find((name) => row[name] === null);
    if (missing !== undefined) return ['key-missing', `${missing} is null`];
    state.now = later(later(state.now, ns), floorNs);
    for (const [key, rows] of state.keys) if (expired((rows.at(-1) as Right).ns, state.now)) state.keys.delete(key);
    const rows = state.keys.get(keyOf(row)) ?? [];
    if (rows.length === 0 && state.keys.size >= params.max_keys) return ['keys-full', `there are ${params.max_keys} keys already`];
    if (rows.length === 0 || ns >= (rows.at(-1) as Right).ns) rows.push({ ns, cells: taken.map((name) => row[name] ?? null) });
    state.keys.set(keyOf(row), rows);
    return null;
  };

  /** The partner; null for none, undefined for one that the kernel is not to know any more. */
  const partnerOf = (row: Row, floorNs: bigint): Right | null | undefined => {
    const ns = row.ts_event as bigint | null;
    if (ns === null) return null;
    state.now = later(later(state.now, ns), floorNs);
    const rows = by.some((name) => row[name] === null) ? [] : (state.keys.get(keyOf(row)) ?? []);
    const last = rows.at(-1);
    const now = later(ns, floorNs);
    if (!last || expired(last.ns, now)) return null;
    if (ns < last.ns) return undefined;
    const found = rows.filter((some) => (params.ties === 'exclude' ? some.ns < ns : some.ns <= ns)).at(-1);
    return !found || expired(found.ns, now) ? null : found;
  };

  const joined = (row: Row, partner: Right | null): Row => {
    const age = partner && (row.ts_event as bigint) - partner.ns;
    const cells = [...taken.map((_, i) => partner?.cells[i] ?? null), age !== null && age > MAX_INT64 ? MAX_INT64 : age];
    return { ...row, ...Object.fromEntries(added.map((name, i) => [name, cells[i] ?? null])) };
  };

  return {
    push(batch, port, emit, floorNs) {
      const out: Row[] = [];
      const alone: number[] = [];
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        if (port === RIGHT_PORT) {
          const refused = takeRight(row, floorNs);
          if (refused) rejected.push({ row: i, code: refused[0], reason: refused[1], raw: Buffer.from(rowText(batch, i)) });
          return;
        }
        const partner = partnerOf(row, floorNs);
        if (partner === undefined || (partner === null && params.unmatched === 'port')) alone.push(i);
        else out.push(joined(row, partner));
      });
      if (out.length > 0) emit(MAIN_PORT, batchOf(outputs[MAIN_PORT] as Schema, out));
      if (alone.length > 0) emit(UNMATCHED_PORT, gather(left, [batch], null, Int32Array.from(alone)));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => stateChunks(state),
    restore(chunks) {
      if (chunks.length > 0) state = stateOf<State>(chunks);
    },
  };
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
