import { Field, Float64, Schema } from 'apache-arrow';
import { COLUMNS } from '../../graph/contract/columns.ts';
import type { Row } from '../../graph/contract/rows.ts';

export const RIGHT = new Schema([COLUMNS.ts_event, COLUMNS.symbol, new Field('bid', new Float64(), false)]);
export const LEFT = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price]);

/** A right row. */
export const quote = (at: number, symbol: string, bid: number): Row => ({ ts_event: BigInt(at), symbol, bid });
/** A left row. */
export const trade = (at: number, symbol: string, price: number): Row => ({ ts_event: BigInt(at), symbol, price });
