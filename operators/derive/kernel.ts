import { type RecordBatch, Schema, Type } from 'apache-arrow';
import { column } from '../../graph/contract/batch.ts';
import { type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { batchOf, cell, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { evaluate, type Value } from '../expression/evaluate.ts';
import { inputSchema } from '../expression/stateless.ts';
import { MAX_LAG } from '../expression/syntax.ts';
import { type DeriveParams, derivedColumns, keysOf } from './layout.ts';

type Values = Readonly<Record<string, Value>>;

/** `derive`, a row at a time: every key keeps its rows whole. */
export function referenceDerive(context: KernelContext<DeriveParams>): Kernel {
  const input = inputSchema(context);
  const derived = derivedColumns(context.params, input);
  const by = keysOf(context.params, input);
  const schema = new Schema([...input.fields, ...derived.map(({ field }) => field)]);
  let past = new Map<string, Values[]>();

  const valuesOf = (batch: RecordBatch, row: number): Values =>
    Object.fromEntries(
      input.fields.flatMap(({ name, type }) => {
        const value = cell(column(batch, name), row);
        if (value instanceof Uint8Array) return [];
        return [[name, type.typeId === Type.Int && typeof value === 'number' ? BigInt(value) : value]];
      }),
    );

  const derive = (given: Values): Values => {
    const key = JSON.stringify(by.map((name) => String(given[name])) ?? []);
    const before = past.get(key) ?? [];
    const values: Record<string, Value> = { ...given };
    for (const { field, checked } of derived) {
      const names = checked.columns;
      const row = names.map((name) => values[name] ?? null);
      values[field.name] = evaluate(checked.typed, row, (index, rows) => before.at(-rows)?.[names[index] ?? ''] ?? null);
    }
    past.delete(key); // a map is in order of insertion: the longest unused is its first
    past.set(key, [...before, values].slice(-MAX_LAG));
    if (past.size > context.params.max_keys) past.delete(past.keys().next().value as string);
    return values;
  };

  return {
    push(batch, _port, emit) {
      if (batch.numRows === 0) return;
      const rows = rowsOf(batch).map((row, i): Row => {
        const values = derive(valuesOf(batch, i));
        return { ...row, ...Object.fromEntries(derived.map(({ field }) => [field.name, values[field.name] ?? null])) };
      });
      emit(MAIN_PORT, batchOf(schema, rows));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot() {
      const bytes = Buffer.from(JSON.stringify([...past], exactly));
      const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
      return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
    },
    restore(chunks) {
      if (chunks.length > 0) past = new Map(JSON.parse(Buffer.concat(chunks).toString(), back) as [string, Values[]][]);
    },
  };
}

/** JSON has neither bigint nor all floats. */
const exactly = (_name: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return { int: value.toString() };
  return typeof value === 'number' ? { float: Object.is(value, -0) ? '-0' : String(value) } : value;
};
const back = (_name: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if ('int' in value) return BigInt(String(value.int));
  return 'float' in value ? Number(value.float) : value;
};
