import type { RecordBatch } from 'apache-arrow';
import { type Column, column } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { cell, rowText } from '../../graph/contract/rows.ts';
import { type Instrument, instrumentKey } from '../instruments/table.ts';
import { measure } from './judge-quote.ts';
import type { InputLayout } from './layout.ts';
import { type Quoted, type Refusal, reasonOf } from './refusal.ts';
import { readTyped, roleColumns } from './typed.ts';
import type { ReadRow, TradeRow } from './venues/venue.ts';
import { VENUES } from './venues/venues.ts';

/** One row of the input, as far as it could be read. Slow: the reference reads every row so, the native kernel only refused ones. */
export interface Read {
  readonly row: ReadRow;
  readonly venue: string;
  /** Null: a typed input has none there. */
  readonly tsRecv: bigint | null;
  raw(): Uint8Array;
}

/** Reads the rows of a batch, each when asked for. */
export function readRows(layout: InputLayout, batch: RecordBatch): (row: number) => Read {
  if (layout.kind === 'payload') return payloadReader(layout, column(batch, 'ts_recv'), column(batch, 'payload'));
  const columns = roleColumns(batch, layout.columns);
  const recv = columns.get('ts_recv') ?? columns.get('ts_event');
  const venue = columns.get('venue');
  return (row) => ({
    row: readTyped(columns, row),
    venue: layout.venue ?? String(venue ? cell(venue, row) : ''),
    tsRecv: recv ? (cell(recv, row) as bigint | null) : null,
    raw: () => Buffer.from(rowText(batch, row)),
  });
}

type PayloadLayout = Extract<InputLayout, { kind: 'payload' }>;

function payloadReader({ venue: name, wanted }: PayloadLayout, recv: Column, payload: Column): (row: number) => Read {
  const venue = VENUES.get(name);
  if (!venue) throw new MillraceError(`payloads of venue "${name}" cannot be read`, { code: 'venue-unknown', domain: 'internal' });
  return (row) => {
    const bytes = (payload.values as Uint8Array).subarray(payload.offsets?.[row], payload.offsets?.[row + 1]);
    return { row: venue.read(bytes, wanted), venue: name, tsRecv: recv.values[row] as bigint, raw: () => bytes };
  };
}

/** What a reason can quote of a trade. */
export function quotedOf(trade: TradeRow, venue: string, instrument: Instrument | undefined): Quoted {
  return { ...trade, tradeId: trade.tradeId ?? undefined, side: trade.side ?? undefined, venue, instrument };
}

/** The reason in words why a row was refused with that code. */
export function explain(code: Refusal, { row, venue }: Read, instruments: ReadonlyMap<string, Instrument>): string {
  if (row.is === 'refused') return reasonOf(code, row.quoted);
  if (row.is === 'quote') {
    const { quote } = row;
    const measured = measure(quote, venue, instruments.get(instrumentKey(venue, quote.symbol)));
    return reasonOf(code, 'code' in measured ? measured.quoted : { symbol: quote.symbol, sequence: quote.sequence });
  }
  if (row.is !== 'trade') return reasonOf(code, {});
  const instrument = instruments.get(instrumentKey(venue, row.trade.symbol));
  return reasonOf(code, quotedOf(row.trade, venue, instrument));
}
