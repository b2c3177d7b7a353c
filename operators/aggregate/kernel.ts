import { type Schema, Type } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Cell, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { stateChunks, stateOf } from '../money/state.ts';
import { type Aggregated, aggregatedOf, LATE_PORT, takesFinite } from './layout.ts';
import type { AggregateParams } from './operator.ts';

interface Key {
  readonly cells: Row;
  /** Rows that are in a window to come, in order of arrival, each with the number of rows before it. */
  rows: { readonly row: Row; readonly order: number }[];
}

interface State {
  readonly kept: Map<string, Key>;
  watermark: bigint;
  rows: number;
}

/** Every window computed anew from all rows that are kept: the oracle of the native kernel. */
export function referenceAggregate({ params, inputs, outputs }: KernelContext<AggregateParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const { every, size = every, by } = params;
  const aggregated = aggregatedOf(params);
  const finite = aggregated.flatMap((one) => (one.column !== null && takesFinite(one.function) ? [one.column] : []));
  const whole = new Set(schema.fields.filter(({ type }) => type.typeId === Type.Int).map(({ name }) => name));
  let state: State = { kept: new Map(), watermark: MIN_NS, rows: 0 };

  const startOf = (ns: bigint) => ns - (((ns % every) + every) % every);

  const refusal = (row: Row): [code: string, reason: string] | null => {
    const ns = row.ts_event as bigint | null;
    if (ns === null) return ['ts-missing', 'ts_event is null'];
    for (const name of finite) {
      const value = row[name];
      if (typeof value === 'number' && !Number.isFinite(value)) return ['value-not-finite', `${name} is ${shown(value)}`];
    }
    const start = startOf(ns);
    if (start + every - size < MIN_NS || start + size > MAX_NS)
      return ['ts-out-of-range', `ts_event ${ns} has no whole windows of ${size} ns`];
    return null;
  };

  /** Rows of the windows that end in (from, to], in order of (end, first row to come). */
  const windows = (from: bigint, to: bigint): Row[] => {
    const rows: { readonly end: bigint; readonly order: number; readonly row: Row }[] = [];
    for (const key of state.kept.values()) {
      const ends = new Set<bigint>();
      for (const { row } of key.rows) {
        const start = startOf(row.ts_event as bigint);
        for (let end = start + every; end <= start + size; end += every) if (end > from && end <= to) ends.add(end);
      }
      for (const end of ends) {
        const inside = key.rows.filter(({ row }) => (row.ts_event as bigint) >= end - size && (row.ts_event as bigint) < end);
        const given = inside.map(({ row }) => row);
        const values = aggregated.map((one): [string, Cell] => [one.name, valueIn(one, given, whole)]);
        rows.push({
          end,
          order: inside[0]?.order ?? 0,
          row: { ...key.cells, ts_open: end - size, ts_event: end, ...Object.fromEntries(values) },
        });
      }
    }
    return rows.sort((a, b) => (a.end === b.end ? a.order - b.order : a.end < b.end ? -1 : 1)).map(({ row }) => row);
  };

  return {
    push(batch, _port, emit, floorNs) {
      const late: number[] = [];
      const rejected: Row[] = [];
      const over = floorNs > state.watermark ? floorNs : state.watermark;
      rowsOf(batch).forEach((row, i) => {
        const refused = refusal(row);
        if (refused) rejected.push({ row: i, code: refused[0], reason: refused[1], raw: Buffer.from(rowText(batch, i)) });
        else if (startOf(row.ts_event as bigint) + every <= over) late.push(i);
        else {
          const cells = Object.fromEntries(by.map((name) => [name, row[name] ?? null]));
          const text = JSON.stringify(Object.values(cells).map((cell) => (typeof cell === 'bigint' ? `${cell}n` : cell)));
          const key = state.kept.get(text) ?? { cells, rows: [] };
          key.rows.push({ row, order: state.rows });
          state.rows += 1;
          state.kept.set(text, key);
        }
      });
      if (late.length > 0) emit(LATE_PORT, gather(schema, [batch], null, Int32Array.from(late)));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance(watermarkNs, _clockNs, emit) {
      if (watermarkNs <= state.watermark) return;
      const rows = windows(state.watermark, watermarkNs);
      state.watermark = watermarkNs;
      for (const key of state.kept.values()) key.rows = key.rows.filter(({ row }) => startOf(row.ts_event as bigint) + size > watermarkNs);
      if (rows.length > 0) emit(MAIN_PORT, batchOf(outputs[MAIN_PORT] as Schema, rows));
    },
    nextTimer: () => null,
    snapshot: () => stateChunks(state),
    restore(chunks) {
      if (chunks.length > 0) state = stateOf<State>(chunks);
    },
  };
}

/** By the definition, over the values that are not null. */
function valueIn({ function: name, column }: Aggregated, rows: readonly Row[], whole: ReadonlySet<string>): Cell {
  if (column === null) return BigInt(rows.length);
  const present = rows.filter((row) => row[column] !== null);
  const values = present.map((row) => row[column] as number | bigint);
  const numbers = values.map(Number);
  const sum = sumOf(numbers);
  const byTime = present.toSorted((a, b) => ((a.ts_event as bigint) < (b.ts_event as bigint) ? -1 : a.ts_event === b.ts_event ? 0 : 1));
  switch (name) {
    case 'count':
      return BigInt(values.length);
    case 'sum':
      if (values.length === 0) return null;
      return whole.has(column) ? inInt64(values.map(BigInt).reduce((a, b) => a + b)) : finite(sum);
    case 'mean':
      return values.length === 0 ? null : finite(sum / values.length);
    case 'var': {
      const mean = sum / values.length;
      return values.length < 2 ? null : finite(sumOf(numbers.map((x) => (x - mean) ** 2)) / (values.length - 1));
    }
    case 'min':
      return values.length === 0 ? null : values.reduce((a, b) => (b < a ? b : a));
    case 'max':
      return values.length === 0 ? null : values.reduce((a, b) => (b > a ? b : a));
    case 'first':
      return byTime[0]?.[column] ?? null;
    case 'last':
      return byTime.at(-1)?.[column] ?? null;
  }
}

/** Without any loss but the last rounding: partial sums that do not overlap. Source: J. Shewchuk (1997), Discrete & Computational Geometry 18. */
function sumOf(values: readonly number[]): number {
  let parts: number[] = [];
  for (const value of values) {
    const next: number[] = [];
    let x = value;
    for (const part of parts) {
      const [large, small] = Math.abs(x) < Math.abs(part) ? [part, x] : [x, part];
      x = large + small;
      const lost = small - (x - large);
      if (lost !== 0) next.push(lost);
    }
    parts = [...next, x];
  }
  return parts.reduceRight((all, part) => all + part, 0);
}

const inInt64 = (value: bigint): bigint | null => (BigInt.asIntN(64, value) === value ? value : null);
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function shown(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}
