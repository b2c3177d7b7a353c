import { type DataType, Float64, Int64, Schema, Type, Utf8 } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { check } from '../expression/check.ts';
import { report } from '../expression/faults.ts';
import { parse } from '../expression/parse.ts';
import { NUMBER, TIME } from '../statistics/columns.ts';
import type { DecideParams } from './operator.ts';

export const POSITIONS_PORT = 'positions';
export const ORDERS_PORT = 'orders';

/** Rows for port `orders` of `risk` and `match`. */
export const ORDERS_SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.action,
  COLUMNS.order_id,
  COLUMNS.account,
  COLUMNS.symbol,
  COLUMNS.side,
  COLUMNS.type,
  COLUMNS.time_in_force,
  field('price_ticks', new Int64(), true, 'limit in multiples of the tick size; null for market orders'),
  COLUMNS.size_lots,
  field('strategy', dictionaryOf('strategy'), true, 'strategy of the order'),
]);

const DECISION_FIELDS = [
  field('decision', dictionaryOf('decision'), false, 'buy, sell, hold or close'),
  field('reasons', new Utf8(), false, 'the rules that fired, with the values of their columns, and what stands against them'),
  field('target_size', new Float64(), false, 'position of the symbol after the decision, base units; below 0 it is short'),
  field('size', new Float64(), false, 'size of the order, base units; 0 without one'),
  field('order_id', new Int64(), true, 'number of the order; null without one'),
];

const WORD = { wanted: 'Dictionary', accepts: isWord };
const COUNT = { wanted: 'Int64', accepts: (type: DataType) => type.typeId === Type.Int && String(type) === 'Int64' };

export const RULES = ['buy', 'sell', 'close', 'close_long', 'close_short'] as const;

/** The column that the sizing reads, and where the parameters name it. */
export function sizingColumn({ sizing }: DecideParams): { readonly name: string; readonly path: readonly string[] } | null {
  if ('volatility_target' in sizing)
    return { name: sizing.volatility_target.volatility, path: ['sizing', 'volatility_target', 'volatility'] };
  return 'kelly' in sizing ? { name: sizing.kelly.probability, path: ['sizing', 'kelly', 'probability'] } : null;
}

/** Schemas of the ports, or null after faults. */
export function decideSchema(request: SchemaRequest<DecideParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs } = request;
  const given = inputs[INPUT_PORT];
  const found: (DataType | null)[] = [];
  let faulty = false;
  for (const rule of RULES) {
    const text = params[rule];
    if (text === undefined) continue;
    const checked = given ? check(text, given, 'bool') : parse(text);
    const faults = Array.isArray(checked) ? checked : 'code' in checked ? [checked] : [];
    if (faults.length > 0) report(faults, [rule], request.fault);
    faulty ||= faults.length > 0;
  }
  if (inputs[POSITIONS_PORT]) {
    const wanted = { ts_event: TIME, account: WORD, symbol: WORD, position_lots: COUNT };
    for (const [name, test] of Object.entries(wanted)) found.push(request.column(name, test, undefined, POSITIONS_PORT));
  }
  if (!given) return null;
  found.push(request.column('ts_event', TIME), request.column('symbol', WORD), request.column(params.price, NUMBER, { path: ['price'] }));
  const sized = sizingColumn(params);
  if (sized) found.push(request.column(sized.name, NUMBER, { path: sized.path }));
  for (const { name } of DECISION_FIELDS.filter((one) => columnIndex(given, one.name) >= 0)) {
    request.fault(
      'column-duplicate',
      `decide adds column "${name}", which the input has already`,
      undefined,
      'Rename it before, with select.',
    );
    faulty = true;
  }
  if (faulty || found.includes(null)) return null;
  return { [MAIN_PORT]: new Schema([...given.fields, ...DECISION_FIELDS]), [ORDERS_PORT]: ORDERS_SCHEMA, [REJECTED_PORT]: REJECTED_SCHEMA };
}
