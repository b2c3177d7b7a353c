import type { Schema } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { DUPLICATES_PORT, LATE_PORT } from './layout.ts';
import type { DeduplicateParams } from './operator.ts';
import { distance, type Print, printOf } from './simhash.ts';

interface Kept {
  readonly ns: bigint;
  readonly print: Print;
}

/** The kept rows of a key. */
interface Key {
  kept: Kept[];
  latest: bigint;
}

/** `deduplicate` by comparing every row with every kept one: the oracle of the native kernel. It is never stopped, so it keeps no snapshot. */
export function referenceDeduplicate({ params, inputs, outputs }: KernelContext<DeduplicateParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const { column, by, window, max_rows, near } = params;
  const keys = new Map<string, Key>();

  /** The row that one repeats; keeps it where there is none, unless it is late. */
  const repeats = (row: Row): { readonly ns: bigint; readonly distance: number } | 'late' | null => {
    const [ns, text] = [row.ts_event, row[column]];
    if (typeof ns !== 'bigint' || typeof text !== 'string') return null;
    const name = JSON.stringify(by.map((one) => [typeof row[one], String(row[one])]));
    const key = keys.get(name) ?? { kept: [], latest: ns };
    keys.set(name, key);
    if (ns > key.latest) key.latest = ns;
    const print = printOf(text);
    const found = key.kept
      .slice(-max_rows)
      .filter((kept) => key.latest - kept.ns <= window && kept.ns - ns <= window && ns - kept.ns <= window)
      .map((kept) => ({ ns: kept.ns, equal: kept.print.words === print.words, distance: distance(kept.print, print) }))
      .filter((one) => one.equal || (near > 0 && one.distance !== null && one.distance <= near))
      .sort((a, b) => (a.distance as number) - (b.distance as number) || Number(b.equal) - Number(a.equal));
    if (!found[0] && key.latest - ns > window) return 'late';
    if (!found[0]) key.kept.push({ ns, print });
    return found[0] ? { ns: found[0].ns, distance: found[0].distance as number } : null;
  };

  return {
    push(batch, _port, emit) {
      const kept: number[] = [];
      const late: number[] = [];
      const duplicates: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        const first = repeats(row);
        if (first === 'late') late.push(i);
        else if (first) duplicates.push({ ...row, duplicate_of_ts: first.ns, distance: first.distance });
        else kept.push(i);
      });
      if (kept.length > 0) emit(MAIN_PORT, gather(schema, [batch], null, Int32Array.from(kept)));
      if (late.length > 0) emit(LATE_PORT, gather(schema, [batch], null, Int32Array.from(late)));
      if (duplicates.length > 0) emit(DUPLICATES_PORT, batchOf(outputs[DUPLICATES_PORT] as Schema, duplicates));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => [],
    restore: () => undefined,
  };
}
