import { type RecordBatch, Schema, Utf8 } from 'apache-arrow';
import { column, isValid } from '../../graph/contract/batch.ts';
import { field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, cell, type Row, rowText } from '../../graph/contract/rows.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { cancelRows } from './cancels.ts';
import { ACCEPTED_PORT, CANCEL_SCHEMA, columnsRead, DENIED_PORT, DENIED_SCHEMA, limitsOf } from './layout.ts';
import { faultText, parseLimits } from './limits/parse.ts';
import { limitsJson } from './limits/table.ts';
import type { RiskParams } from './operator.ts';

/** Limits as the Rust kernel takes them: JSON of the checked table. */
const LIMITS_SCHEMA = new Schema([field('json', new Utf8(), false, 'limits as JSON')]);

/** What the kernel makes of a text on the port `limits`: the JSON of a good one, the reason against a faulty one. */
export function limitsRow(text: string | null): { readonly json: string } | { readonly reason: string } {
  if (text === null) return { reason: 'text is null' };
  const parsed = parseLimits(text);
  if ('limits' in parsed) return { json: limitsJson(parsed.limits) };
  return { reason: parsed.faults.map((fault) => faultText(text, fault)).join('; ') };
}

/** The kernel of `native/kernels/src/risk`; YAML is read here, and the cancels of a kill become rows of the orders' schema. */
export function nativeRisk(context: KernelContext<RiskParams>): Kernel {
  const { params, inputs } = context;
  const orders = inputs.orders as Schema;
  const ports = Object.entries(inputs).filter(([port]) => port !== 'limits');
  const native = nativeKernel({
    kernel: 'risk',
    params: { limits: limitsJson(limitsOf(context)), price: params.price, cancel_on_kill: params.cancel_on_kill },
    inputs: {
      ...Object.fromEntries(ports.map(([port, schema]) => [port, { schema, columns: columnsRead(params, port, schema) }])),
      ...(inputs.limits ? { limits: { schema: LIMITS_SCHEMA } } : {}),
    },
    outputs: {
      [ACCEPTED_PORT]: { schema: orders, carry: carryAll(orders, 'taken') },
      cancels: { schema: CANCEL_SCHEMA, with: ACCEPTED_PORT },
      [DENIED_PORT]: { schema: DENIED_SCHEMA },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
  const translated =
    (emit: Emit): Emit =>
    (port, rows, from) => {
      if (port === 'cancels') emit(ACCEPTED_PORT, cancelRows(rows, orders), from);
      else emit(port, rows, from);
    };
  return {
    ...native,
    push(batch, port, emit, floorNs) {
      native.push(port === 'limits' ? newLimits(batch, emit).batch : batch, port, translated(emit), floorNs);
    },
    pushMerged(parts, runs, emit, floorNs) {
      const limits = parts.findIndex(({ port }) => port === 'limits');
      const given = parts[limits];
      if (!given) return native.pushMerged(parts, runs, translated(emit), floorNs);
      const { batch, good } = newLimits(given.batch, emit);
      const read = parts.map((part) => (part === given ? { ...part, batch } : part));
      native.pushMerged(read, withoutFaulty(runs, limits, good), translated(emit), floorNs);
    },
  };
}

/** The good versions among the rows of a batch, and which they are; the others are rejected. */
function newLimits(batch: RecordBatch, emit: Emit): { readonly batch: RecordBatch; readonly good: readonly boolean[] } {
  const text = column(batch, 'text');
  const rows: Row[] = [];
  const rejected: Row[] = [];
  const good: boolean[] = [];
  for (let row = 0; row < batch.numRows; row++) {
    const read = limitsRow(isValid(text, row) ? String(cell(text, row)) : null);
    good.push('json' in read);
    if ('json' in read) rows.push({ json: read.json });
    else rejected.push({ row, code: 'limits-invalid', reason: read.reason, raw: Buffer.from(rowText(batch, row)) });
  }
  if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected), 'limits');
  return { batch: batchOf(LIMITS_SCHEMA, rows), good };
}

/** The runs of a merged push without the rows of a part that are not good. */
function withoutFaulty(runs: Int32Array, part: number, good: readonly boolean[]): Int32Array {
  const left: number[] = [];
  let row = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const [of = 0, rows = 0] = runs.subarray(i, i + 2);
    const count = of === part ? good.slice(row, row + rows).filter(Boolean).length : rows;
    if (of === part) row += rows;
    if (count > 0) left.push(of, count);
  }
  return Int32Array.from(left);
}
