import { type DataType, Int64, Schema, Type } from 'apache-arrow';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import type { ColumnTest } from '../../graph/contract/operator.ts';

/** Port of refused rows that were no new orders: no order changes with them. */
export const IGNORED_PORT = 'ignored';

/** The columns of port `orders` of `match`, so that both can be united. */
export const REFUSALS_SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  COLUMNS.order_id,
  COLUMNS.account,
  COLUMNS.side,
  COLUMNS.status,
  field('reason', dictionaryOf('reason'), true, 'code of the refusal, e.g. price-off-tick'),
  field('price_ticks', new Int64(), true, 'limit in multiples of the tick size; null for market orders'),
  COLUMNS.stop_ticks,
  COLUMNS.size_lots,
  COLUMNS.leaves_lots,
  COLUMNS.filled_lots,
]);

const is = (wanted: string, ids: readonly Type[]): ColumnTest => ({ wanted, accepts: (type: DataType) => ids.includes(type.typeId) });

/** Columns of `rejected` that are read. */
export const READ: Readonly<Record<string, ColumnTest>> = {
  code: is('Dictionary', [Type.Dictionary]),
  raw: is('Binary or Utf8', [Type.Binary, Type.Utf8]),
};
