import { type DataType, Float64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type ColumnTest, type KernelContext, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { faultText, parseLimits } from './limits/parse.ts';
import type { Limits } from './limits/table.ts';
import type { RiskParams } from './operator.ts';

export const ACCEPTED_PORT = 'accepted';
export const DENIED_PORT = 'denied';

/** What leaves on `denied`. */
export const DENIED_SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.order_id,
  COLUMNS.account,
  COLUMNS.symbol,
  field('strategy', dictionaryOf('strategy'), true, 'strategy of the order'),
  field('venue', dictionaryOf('venue'), true, 'venue of the order'),
  field('code', dictionaryOf('code'), false, 'which check denied it, e.g. position-limit'),
  field('scope', dictionaryOf('scope'), true, 'whose limit: defaults, account, account_symbol, symbol, strategy, venue, all'),
  field('limit', new Float64(), true, 'the limit; money in base units, durations in seconds'),
  field('value', new Float64(), true, 'what would have passed it, in the same unit'),
]);

/** Columns of a cancel that a kill makes, as the kernels give them; `action` is added. */
export const CANCEL_SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.order_id,
  COLUMNS.account,
  COLUMNS.symbol,
  COLUMNS.side,
  COLUMNS.type,
  COLUMNS.size_lots,
  field('price_ticks', COLUMNS.price_ticks.type, true, 'price of the order, as it came'),
  field('strategy', dictionaryOf('strategy'), true, 'strategy of the order'),
  field('venue', dictionaryOf('venue'), true, 'venue of the order'),
]);

const TIME: ColumnTest = { wanted: 'Timestamp', accepts: (type) => type.typeId === Type.Timestamp };
const WORD: ColumnTest = { wanted: 'Dictionary', accepts: isWord };
const TEXT: ColumnTest = { wanted: 'Dictionary or Utf8', accepts: (type) => isWord(type) || type.typeId === Type.Utf8 };
const PLAIN_TEXT: ColumnTest = { wanted: 'Utf8', accepts: (type) => type.typeId === Type.Utf8 };
const NUMBER: ColumnTest = {
  wanted: 'Int64',
  accepts: (type) => type.typeId === Type.Int && (type as DataType & { bitWidth: number }).bitWidth === 64,
};

interface Needed {
  readonly [column: string]: { readonly test: ColumnTest; readonly optional?: true };
}

const must = (test: ColumnTest) => ({ test });
const may = (test: ColumnTest) => ({ test, optional: true as const });

/** Columns that each input port is read by. */
function columnsOf(params: RiskParams): Readonly<Record<string, Needed>> {
  const whose = { account: must(WORD), symbol: must(WORD), order_id: must(NUMBER) };
  return {
    orders: {
      ts_event: must(TIME),
      action: must(WORD),
      ...whose,
      side: must(WORD),
      type: must(WORD),
      price_ticks: must(NUMBER),
      size_lots: must(NUMBER),
      stop_ticks: may(NUMBER),
      strategy: may(WORD),
      venue: may(WORD),
    },
    prices: { ts_event: must(TIME), symbol: must(WORD), [params.price]: must(NUMBER) },
    fills: { ...whose, side: must(WORD), price_ticks: must(NUMBER), size_lots: must(NUMBER) },
    updates: {
      ...whose,
      status: must(WORD),
      size_lots: must(NUMBER),
      filled_lots: must(NUMBER),
      price_ticks: may(NUMBER),
      stop_ticks: may(NUMBER),
    },
    control: { ts_event: must(TIME), action: must(WORD), scope: must(WORD), name: must(WORD), state: may(WORD), reason: may(TEXT) },
    limits: { text: must(PLAIN_TEXT) },
  };
}

/** Names of the columns that a port is read by and has. */
export function columnsRead(params: RiskParams, port: string, schema: Schema): readonly string[] {
  return Object.keys(columnsOf(params)[port] ?? {}).filter((name) => columnIndex(schema, name) >= 0);
}

/** Schemas of the ports, or null after faults. */
export function riskSchema(request: SchemaRequest<RiskParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs } = request;
  const orders = inputs.orders;
  if (!orders) return null;
  let complete = true;
  for (const [port, columns] of Object.entries(columnsOf(params))) {
    const schema = inputs[port];
    if (!schema) continue;
    for (const [name, { test, optional }] of Object.entries(columns)) {
      if (optional && columnIndex(schema, name) < 0) continue;
      const place = port === 'prices' && name === params.price ? { path: ['price'] } : undefined;
      if (request.column(name, test, place, port) === null) complete = false;
    }
  }
  if (inputs.control && params.cancel_on_kill && !cancelsFit(request, orders)) complete = false;
  if (!complete) return null;
  return { [ACCEPTED_PORT]: orders, [DENIED_PORT]: DENIED_SCHEMA, [REJECTED_PORT]: REJECTED_SCHEMA };
}

/** Whether a cancel that the gate makes can be a row of `orders`. */
function cancelsFit(request: SchemaRequest<RiskParams>, orders: Schema): boolean {
  const strangers = orders.fields.filter(({ name, nullable }) => !nullable && name !== 'action' && columnIndex(CANCEL_SCHEMA, name) < 0);
  for (const { name } of strangers) {
    const message = `cancels that a kill makes have no value for column "${name}" of the orders, which cannot be null`;
    request.fault('column-type', message, { path: ['cancel_on_kill'] }, 'Let the column be null, or set cancel_on_kill: false.');
  }
  return strangers.length === 0;
}

/** The limits that a kernel begins with. Throws `limits-invalid` with every fault and its line. */
export function limitsOf({ params, files }: KernelContext<RiskParams>): Limits {
  const text = files.get(params.limits);
  if (text === undefined) {
    throw new MillraceError(`the limits file "${params.limits}" is not there`, { code: 'limits-invalid', domain: 'user' });
  }
  const parsed = parseLimits(text);
  if ('limits' in parsed) return parsed.limits;
  const faults = parsed.faults.map((fault) => `${params.limits}:${faultText(text, fault)}`).join('\n');
  throw new MillraceError(faults, { code: 'limits-invalid', domain: 'user', remedy: `correct ${params.limits}` });
}
