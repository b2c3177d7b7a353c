import { Int32, type RecordBatch, Schema } from 'apache-arrow';
import { column } from '../../graph/contract/batch.ts';
import { field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { type Instrument, instrumentKey, instrumentTable } from '../instruments/table.ts';
import { explain, readRows } from './explain.ts';
import { IGNORED_PORT, IGNORED_SCHEMA, type InputLayout, inputLayout, type NormalizeParams } from './layout.ts';
import { REFUSALS } from './refusal.ts';
import { IGNORED_KINDS } from './venues/binance.ts';
import { VENUES } from './venues/venues.ts';

const REFUSED_SCHEMA = new Schema([
  field('row', new Int32(), false, 'row of the pushed batch'),
  field('code', new Int32(), false, 'index of the reason'),
]);

/** `normalize` in Rust; the words of a refusal, which are rare, are put together here. */
export function nativeNormalize(context: KernelContext<NormalizeParams>): Kernel {
  const input = context.inputs[INPUT_PORT];
  const out = context.outputs[MAIN_PORT];
  if (!input || !out) throw new MillraceError('the kernel lacks a schema', { code: 'input-absent', domain: 'internal' });
  const layout = inputLayout(context.params, input);
  const instruments = instrumentTable(context);
  const byKey = new Map(instruments.map((instrument) => [instrumentKey(instrument.venue, instrument.symbol), instrument]));
  const { columns, told } = crossing(layout);
  const { pushMerged: _, ...native } = nativeKernel({
    kernel: 'normalize',
    params: {
      instruments: instruments.map(({ venue, symbol, tickSize, lotSize }) => ({ venue, symbol, tick_size: tickSize, lot_size: lotSize })),
      clock_skew_ns: context.params.clock_skew,
      duplicate_window: context.params.duplicate_window,
      input: told,
      kinds: layout.kind === 'payload' ? IGNORED_KINDS[layout.wanted] : [],
    },
    inputs: { [INPUT_PORT]: { schema: input, columns } },
    outputs: { [MAIN_PORT]: { schema: out }, [IGNORED_PORT]: { schema: IGNORED_SCHEMA }, refused: { schema: REFUSED_SCHEMA } },
  });
  return {
    ...native,
    push(batch, port, emit, floorNs) {
      const translate = (from: string, rows: RecordBatch) =>
        from === 'refused' ? emit(REJECTED_PORT, rejected(rows, batch, layout, byKey)) : emit(from, rows);
      native.push(batch, port, translate, floorNs);
    },
  };
}

/** Columns that cross, and what they hold. */
function crossing(layout: InputLayout): { columns: readonly string[]; told: unknown } {
  if (layout.kind === 'payload') {
    const { venue, wanted: kind } = layout;
    const wanted = kind === 'quotes' ? { kind, timed: VENUES.get(venue)?.quotesTimed ?? false } : { kind };
    return { columns: ['ts_recv', 'payload'], told: { kind: 'payload', venue, wanted } };
  }
  const roles = Object.entries(layout.columns);
  const told = { kind: 'typed', roles: Object.fromEntries(roles.map(([role], i) => [role, i])), venue: layout.venue };
  return { columns: roles.map(([, name]) => name), told };
}

function rejected(
  refused: RecordBatch,
  batch: RecordBatch,
  layout: InputLayout,
  instruments: ReadonlyMap<string, Instrument>,
): RecordBatch {
  const rows = column(refused, 'row').values as Int32Array;
  const codes = column(refused, 'code').values as Int32Array;
  const reader = readRows(layout, batch);
  return batchOf(
    REJECT_SCHEMA,
    Array.from(rows, (row, i) => {
      const code = REFUSALS[codes[i] as number];
      if (code === undefined) throw new MillraceError(`no refusal ${codes[i]}`, { code: 'kernel-output', domain: 'internal' });
      const read = reader(row);
      return { row, code, reason: explain(code, read, instruments), raw: read.raw() };
    }),
  );
}
