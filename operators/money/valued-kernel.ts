import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { refusals } from './refused.ts';
import { stateChunks, stateOf } from './state.ts';
import { explainValued, type Valued, valuedOf } from './valued.ts';

/** A reference kernel over positions with their value: `take` gives the rows of port `out` that one causes; `state` is all it keeps. */
export function valuedKernel<S extends object>(out: Schema, state: S, take: (row: Valued) => readonly Row[]): Kernel {
  return {
    push(batch, _port, emit) {
      const rows: Row[] = [];
      const refused = refusals(
        batch,
        (row) => {
          const valued = valuedOf(row);
          if (typeof valued === 'string') return valued;
          rows.push(...take(valued));
          return null;
        },
        explainValued,
      );
      if (rows.length > 0) emit(MAIN_PORT, batchOf(out, rows));
      if (refused.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, refused));
    },
    advance() {},
    nextTimer: () => null,
    snapshot: () => stateChunks(state),
    restore(chunks) {
      if (chunks.length > 0) Object.assign(state, stateOf<S>(chunks));
    },
  };
}
