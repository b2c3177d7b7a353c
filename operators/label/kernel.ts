import type { Schema } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Cell, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { durationNs, showDuration } from '../../graph/contract/units.ts';
import { HORIZON, IGNORED_PORT, keysOf, UNLABELLED_PORT } from './layout.ts';
import type { LabelParams } from './operator.ts';

/** A row that came, kept for ever; `done` once it has left. */
interface Kept {
  readonly row: Row;
  readonly ns: bigint;
  readonly price: number;
  done: boolean;
}

/** Every row against all rows of its key: the oracle of the native kernel. */
export function referenceLabel({ params, inputs, outputs }: KernelContext<LabelParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const out = outputs[MAIN_PORT] as Schema;
  const names = keysOf(params, schema);
  const { horizon, max_age } = params;
  let keys = new Map<string, Kept[]>();
  let watermark = MIN_NS;

  const refusal = (row: Row, floorNs: bigint): readonly [string, string] | null => {
    const [ns, price] = [row.ts_event as bigint | null, row[params.price] as number | null];
    if (ns === null) return ['ts-missing', 'ts_event is null'];
    if (price === null) return ['price-missing', `${params.price} is null`];
    if (!Number.isFinite(price)) return ['price-not-finite', `${params.price} is ${shown(price)}`];
    if (price <= 0) return ['price-not-positive', `${params.price} is not above 0`];
    if (ns + horizon >= MAX_NS) return ['ts-out-of-range', `ts_event ${ns} has no time ${horizon} ns later`];
    return ns < floorNs || ns < watermark ? ['late', `ts_event ${ns} is behind the watermark`] : null;
  };

  const isOther = (row: Row): boolean => typeof row[HORIZON] === 'string' && durationNs(row[HORIZON]) !== horizon;

  /** The price of the last of the rows at or before a time; null when that is too old. */
  const priceAt = (rows: readonly Kept[], time: bigint): number | null => {
    const last = rows.filter((row) => row.ns <= time).reduce<Kept | null>((best, row) => (!best || row.ns >= best.ns ? row : best), null);
    return last && time - last.ns <= max_age ? last.price : null;
  };

  return {
    push(batch, _port, emit, floorNs) {
      const rejected: Row[] = [];
      const ignored: number[] = [];
      rowsOf(batch).forEach((row, i) => {
        if (isOther(row)) {
          ignored.push(i);
          return;
        }
        const refused = refusal(row, floorNs);
        if (refused) {
          rejected.push({ row: i, code: refused[0], reason: refused[1], raw: Buffer.from(rowText(batch, i)) });
          return;
        }
        const key = JSON.stringify(names.map((name) => row[name] ?? null), asText); // biome-ignore format: one step
        if (!keys.has(key) && keys.size >= params.max_keys) {
          const reason = `there are ${params.max_keys} keys already`;
          rejected.push({ row: i, code: 'keys-full', reason, raw: Buffer.from(rowText(batch, i)) });
          return;
        }
        const kept = { row, ns: row.ts_event as bigint, price: row[params.price] as number, done: false };
        keys.set(key, [...(keys.get(key) ?? []), kept]);
      });
      if (ignored.length > 0) emit(IGNORED_PORT, gather(schema, [batch], null, Int32Array.from(ignored)));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance(watermarkNs, _clockNs, emit) {
      if (watermarkNs > watermark) watermark = watermarkNs;
      const due = [...keys.values()].flatMap((rows, order) =>
        rows
          .filter((kept) => !kept.done && kept.ns + horizon < watermark)
          .map((kept) => ({ kept, order, price: priceAt(rows, kept.ns + horizon) })),
      );
      due.sort((a, b) => (a.kept.ns === b.kept.ns ? a.order - b.order : a.kept.ns < b.kept.ns ? -1 : 1));
      for (const { kept } of due) kept.done = true;
      const labelled = due.flatMap(({ kept, price }) =>
        price === null
          ? []
          : [
              {
                ...kept.row,
                ts_event: kept.ns + horizon,
                ts_origin: kept.ns,
                horizon: (kept.row[HORIZON] as string | null | undefined) ?? showDuration(horizon),
                label_return: Math.log(price / kept.price),
                label_up: price === kept.price ? null : price > kept.price,
              },
            ],
      );
      const others = due.filter(({ price }) => price === null).map(({ kept }) => kept.row);
      if (labelled.length > 0) emit(MAIN_PORT, batchOf(out, labelled));
      if (others.length > 0) emit(UNLABELLED_PORT, batchOf(schema, others));
    },
    nextTimer: () => null,
    snapshot() {
      const bytes = Buffer.from(JSON.stringify({ watermark, keys: [...keys] }, asText));
      const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
      return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
    },
    restore(chunks) {
      if (chunks.length === 0) return;
      const state = JSON.parse(Buffer.concat(chunks).toString(), asValue) as { watermark: bigint; keys: [string, Kept[]][] };
      watermark = state.watermark;
      keys = new Map(state.keys);
    },
  };
}

function shown(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}

/** JSON has neither bigint, bytes nor all floats. */
function asText(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { ns: value.toString() };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { float: Object.is(value, -0) ? '-0' : String(value) };
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('base64') } : value;
}

function asValue(_name: string, value: unknown): Cell | unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('ns' in value && typeof value.ns === 'string') return BigInt(value.ns);
  if ('float' in value && typeof value.float === 'string') return Number(value.float);
  return 'bytes' in value && typeof value.bytes === 'string' ? Buffer.from(value.bytes, 'base64') : value;
}
