import { type DataType, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { type ColumnTest, INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { RowKind } from './venues/venue.ts';
import { VENUES } from './venues/venues.ts';

/** Parameters of `normalize`, after defaults. */
export interface NormalizeParams {
  readonly kind: RowKind;
  readonly instruments: string;
  readonly venue?: string | undefined;
  readonly columns: Readonly<Partial<Record<Role, string | undefined>>>;
  readonly clock_skew: bigint;
  readonly duplicate_window: number;
}

/** What an input column can stand for. */
export const ROLES = ['ts_event', 'ts_recv', 'symbol', 'venue', 'sequence', 'trade_id', 'price', 'size', 'aggressor_side', 'kind'] as const;
export type Role = (typeof ROLES)[number];

/** How the input is read: a venue's raw payloads, or typed columns by role. */
export type InputLayout =
  | { readonly kind: 'payload'; readonly venue: string; readonly wanted: RowKind }
  | { readonly kind: 'typed'; readonly columns: Readonly<Partial<Record<Role, string>>>; readonly venue: string | null };

/** Name of the port of rows that are no trades. */
export const IGNORED_PORT = 'ignored';

/** What leaves on `ignored`. */
export const IGNORED_SCHEMA = new Schema([
  COLUMNS.ts_recv,
  field('kind', dictionaryOf('kind'), false, 'kind of row, as the venue calls it'),
]);

const QUOTES = new Schema([
  COLUMNS.ts_event,
  COLUMNS.ts_recv,
  COLUMNS.symbol,
  COLUMNS.venue,
  COLUMNS.sequence,
  COLUMNS.bid,
  COLUMNS.bid_size,
  COLUMNS.ask,
  COLUMNS.ask_size,
  COLUMNS.bid_ticks,
  COLUMNS.bid_lots,
  COLUMNS.ask_ticks,
  COLUMNS.ask_lots,
  COLUMNS.flags,
]);

/** The layout of an accepted node. */
export function inputLayout(params: NormalizeParams, input: Schema): InputLayout {
  if (isPayload(params, input)) return { kind: 'payload', venue: params.venue ?? '', wanted: params.kind };
  const columns: Partial<Record<Role, string>> = {};
  for (const role of ROLES) {
    const name = params.columns[role] ?? role;
    if (columnIndex(input, name) >= 0) columns[role] = name;
  }
  return { kind: 'typed', columns, venue: params.venue ?? null };
}

/** Payloads are read where there are some and no column is mapped. */
function isPayload(params: NormalizeParams, input: Schema): boolean {
  return columnIndex(input, 'payload') >= 0 && Object.keys(params.columns).length === 0;
}

const TIMESTAMP: ColumnTest = { wanted: 'a timestamp', accepts: (type) => type.typeId === Type.Timestamp };
const WORD: ColumnTest = { wanted: 'text', accepts: (type) => type.typeId === Type.Utf8 || isWord(type) };
const TEXT: ColumnTest = { wanted: 'Utf8', accepts: (type) => type.typeId === Type.Utf8 };
const FLOAT: ColumnTest = { wanted: 'Float64', accepts: (type) => type.typeId === Type.Float };
const INT64: ColumnTest = {
  wanted: 'Int64',
  accepts: (type) => type.typeId === Type.Int && (type as DataType & { bitWidth: number }).bitWidth === 64,
};

const TESTS: Readonly<Record<Role, ColumnTest>> = {
  ts_event: TIMESTAMP,
  ts_recv: TIMESTAMP,
  symbol: WORD,
  venue: WORD,
  sequence: INT64,
  trade_id: INT64,
  price: FLOAT,
  size: FLOAT,
  aggressor_side: WORD,
  kind: WORD,
};
const REQUIRED: ReadonlySet<Role> = new Set(['ts_event', 'symbol', 'price', 'size']);

/** The output schemas, or null after recording what the input lacks. */
export function normalizeSchema(request: SchemaRequest<NormalizeParams>): Readonly<Record<string, Schema>> | null {
  const { params } = request;
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  if (params.kind === 'quotes' && !isPayload(params, input)) {
    const hint = 'quotes in typed columns need no normalize: select names their columns';
    request.fault('param-invalid', 'quotes are read of raw payloads only', { path: ['kind'] }, hint);
    return null;
  }
  const side = isPayload(params, input) ? payloadFaults(request) : typedFaults(request, input);
  if (side === null) return null;
  const others = { [IGNORED_PORT]: IGNORED_SCHEMA, [REJECTED_PORT]: REJECT_SCHEMA };
  if (params.kind === 'quotes') return { [MAIN_PORT]: QUOTES, ...others };
  const { ts_event, ts_recv, symbol, venue, sequence, trade_id, price, size, price_ticks, size_lots, flags, aggressor_side } = COLUMNS;
  const taker = side === 'known' ? aggressor_side : field('aggressor_side', aggressor_side.type, true, 'side of the taker: buy or sell');
  const out = new Schema([ts_event, ts_recv, symbol, venue, sequence, trade_id, price, size, price_ticks, size_lots, taker, flags]);
  return { [MAIN_PORT]: out, ...others };
}

function payloadFaults(request: SchemaRequest<NormalizeParams>): 'known' | null {
  const payload = request.column('payload', TEXT);
  const recv = request.column('ts_recv', TIMESTAMP);
  const { venue } = request.params;
  const names = [...VENUES.keys()].join(', ');
  if (venue === undefined) {
    request.fault('param-missing', 'raw payloads need "venue"', { path: [] }, `payloads can be read of: ${names}`);
    return null;
  }
  if (!VENUES.has(venue)) {
    const place = { path: ['venue'] };
    request.fault('venue-unknown', `payloads of venue "${venue}" cannot be read`, place, `payloads can be read of: ${names}`);
    return null;
  }
  return payload && recv ? 'known' : null;
}

function typedFaults(request: SchemaRequest<NormalizeParams>, input: Schema): 'known' | 'unknown' | null {
  const { params } = request;
  let complete = true;
  for (const role of ROLES) {
    const mapped = params.columns[role];
    const name = mapped ?? role;
    const there = columnIndex(input, name) >= 0;
    if (!there && mapped === undefined && !REQUIRED.has(role)) continue;
    const place = mapped === undefined ? undefined : { path: ['columns', role] };
    if (request.column(name, TESTS[role], place) === null) complete = false;
  }
  if (params.venue === undefined && columnIndex(input, params.columns.venue ?? 'venue') < 0) {
    request.fault('param-missing', 'rows without a column "venue" need the parameter "venue"', { path: [] });
    complete = false;
  }
  if (!complete) return null;
  return columnIndex(input, params.columns.aggressor_side ?? 'aggressor_side') >= 0 ? 'known' : 'unknown';
}
