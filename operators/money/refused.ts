import { Int32, type RecordBatch, Schema } from 'apache-arrow';
import { column } from '../../graph/contract/batch.ts';
import { field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Emit, Kernel, MergedPart } from '../../graph/contract/kernel.ts';
import { REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';

/** Port on which a native kernel names rows that it refuses, and the number of the reason. */
export const REFUSED_PORT = 'refused';

export const REFUSED_SCHEMA = new Schema([
  field('row', new Int32(), false, 'row of the pushed batch'),
  field('code', new Int32(), false, 'index of the reason'),
]);

/** Puts the refusals of a native kernel, which are rare, into words: `codes` as the kernel numbers them. */
export function explained<C extends string>(
  native: Required<Kernel>,
  codes: readonly C[],
  explain: (code: C, row: Row, port: string) => string,
): Kernel {
  const worded =
    (parts: readonly MergedPart[], emit: Emit): Emit =>
    (to, rows, from) => {
      const part = parts.find(({ port }) => port === from) ?? parts[0];
      if (to !== REFUSED_PORT || !part) emit(to, rows, from);
      else
        emit(
          REJECTED_PORT,
          rejected(rows, part.batch, codes, (code, row) => explain(code, row, part.port)),
          from,
        );
    };
  return {
    ...native,
    push(batch, port, emit, floorNs) {
      native.push(batch, port, worded([{ port, batch }], emit), floorNs);
    },
    pushMerged(parts, runs, emit, floorNs) {
      native.pushMerged(parts, runs, worded(parts, emit), floorNs);
    },
  };
}

function rejected<C extends string>(
  refused: RecordBatch,
  batch: RecordBatch,
  codes: readonly C[],
  explain: (code: C, row: Row) => string,
): RecordBatch {
  const rows = column(refused, 'row').values as Int32Array;
  const numbers = column(refused, 'code').values as Int32Array;
  return batchOf(
    REJECT_SCHEMA,
    Array.from(rows, (row, i) => {
      const code = codes[numbers[i] as number];
      const [cells] = rowsOf(batch.slice(row, row + 1));
      if (code === undefined || !cells) throw new MillraceError(`no refusal ${numbers[i]}`, { code: 'kernel-output', domain: 'internal' });
      return { row, code, reason: explain(code, cells), raw: Buffer.from(rowText(batch, row)) };
    }),
  );
}

/** The same in a reference kernel: what `take` refuses, as rows of `REJECT_SCHEMA`. */
export function refusals<C extends string>(
  batch: RecordBatch,
  take: (row: Row) => C | null,
  explain: (code: C, row: Row) => string,
): Row[] {
  return rowsOf(batch).flatMap((row, i) => {
    const code = take(row);
    return code === null ? [] : [{ row: i, code, reason: explain(code, row), raw: Buffer.from(rowText(batch, i)) }];
  });
}
