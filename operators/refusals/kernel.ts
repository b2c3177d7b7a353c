import type { Schema } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Cell, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { IGNORED_PORT, REFUSALS_SCHEMA } from './layout.ts';

/** What a refused new order was, of the row that `rejected` holds as JSON text; null: that was no whole new order. */
function refusalOf(row: Row): Row | null {
  const given = JSON.parse(text(row.raw ?? null)) as Readonly<Record<string, unknown>> | null;
  if (typeof given !== 'object' || given === null || given.action !== 'new') return null;
  const { symbol, account, side } = given;
  const [ts_event, order_id, size_lots] = [given.ts_event, given.order_id, given.size_lots].map(integer);
  if (typeof symbol !== 'string' || typeof account !== 'string' || typeof side !== 'string') return null;
  if (ts_event == null || order_id == null || size_lots == null) return null;
  const prices = { price_ticks: integer(given.price_ticks), stop_ticks: integer(given.stop_ticks) };
  const reason = row.code ?? null;
  return { ts_event, symbol, order_id, account, side, status: 'rejected', reason, ...prices, size_lots, leaves_lots: 0n, filled_lots: 0n };
}

function text(raw: Cell): string {
  return raw instanceof Uint8Array ? Buffer.from(raw).toString('utf8') : String(raw);
}

/** Integers of 64 bits are text in such a row. */
function integer(value: unknown): bigint | null {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return null;
  const whole = BigInt(value);
  return BigInt.asIntN(64, whole) === whole ? whole : null;
}

/** Keeps nothing: a row in, at most a row out. Refusals are few, so rows are read one by one. */
export function refusalsKernel({ inputs }: KernelContext<object>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  return {
    push(batch, _port, emit) {
      const out: Row[] = [];
      const ignored: number[] = [];
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        try {
          const refusal = refusalOf(row);
          if (refusal) out.push(refusal);
          else ignored.push(i);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
          rejected.push({ row: i, code: 'raw-unreadable', reason: 'raw is not JSON', raw: Buffer.from(rowText(batch, i)) });
        }
      });
      if (out.length > 0) emit(MAIN_PORT, batchOf(REFUSALS_SCHEMA, out));
      if (ignored.length > 0) emit(IGNORED_PORT, gather(schema, [batch], null, Int32Array.from(ignored)));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => [],
    restore: () => undefined,
  };
}
