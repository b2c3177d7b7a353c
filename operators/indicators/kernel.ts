import type { Schema } from 'apache-arrow';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { DEFINITIONS } from './definitions.ts';
import { keysOf } from './layout.ts';
import type { IndicatorsParams } from './operator.ts';
import { resolveSeries, type Series } from './series.ts';

/** What a series has read of a key: one array an input column. */
type History = number[][];

/** Keeps everything and computes every series from its definition again for each row: the oracle of the native kernel. */
export function referenceIndicators({ params, inputs, outputs }: KernelContext<IndicatorsParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const out = outputs[MAIN_PORT] as Schema;
  const names = keysOf(params, schema);
  const all = params.series.map(resolveSeries);
  let histories = new Map<string, History>();

  const results = (row: Row, series: Series, index: number): (number | null)[] => {
    const values = series.inputs.map(({ column }) => row[column]);
    if (!values.every(Number.isFinite)) return series.outputs.map(() => null);
    const key = JSON.stringify([index, ...names.map((name) => row[name])], (_name, value) =>
      typeof value === 'bigint' ? `${value}n` : value,
    );
    const history = histories.get(key) ?? series.inputs.map(() => []);
    histories.set(key, history);
    history.forEach((column, i) => {
      column.push(values[i] as number);
    });
    const columns = DEFINITIONS[series.kind]?.(history, series.params) ?? [];
    return columns.map((column) => {
      const last = column.at(-1) ?? null;
      return Number.isFinite(last) ? last : null;
    });
  };

  return {
    push(batch, _port, emit: Emit) {
      if (batch.numRows === 0) return;
      const rows = rowsOf(batch).map((row) => {
        const added = all.flatMap((series, index) => {
          const values = results(row, series, index);
          return series.outputs.map((name, i): [string, number | null] => [name, values[i] ?? null]);
        });
        return { ...row, ...Object.fromEntries(added) };
      });
      emit(MAIN_PORT, batchOf(out, rows));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot() {
      const bytes = Buffer.from(JSON.stringify([...histories]));
      const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
      return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
    },
    restore(chunks) {
      if (chunks.length > 0) histories = new Map(JSON.parse(Buffer.concat(chunks).toString()) as [string, History][]);
    },
  };
}
