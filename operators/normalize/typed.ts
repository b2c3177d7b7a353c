import type { RecordBatch } from 'apache-arrow';
import { type Column, column } from '../../graph/contract/batch.ts';
import { type Cell, cell } from '../../graph/contract/rows.ts';
import type { Role } from './layout.ts';
import type { ReadRow } from './venues/venue.ts';

/** The columns of a typed input by role. */
export type RoleColumns = ReadonlyMap<Role, Column>;

/** The columns of a batch by what they hold. */
export function roleColumns(batch: RecordBatch, names: Readonly<Partial<Record<Role, string>>>): RoleColumns {
  return new Map(Object.entries(names).map(([role, name]) => [role as Role, column(batch, name)]));
}

/** Reads one typed row. Slow: the oracle of the native kernel. */
export function readTyped(columns: RoleColumns, row: number): ReadRow {
  const at = (role: Role): Cell => {
    const found = columns.get(role);
    return found ? cell(found, row) : null;
  };
  if (columns.has('kind') && at('kind') !== 'trade') return { is: 'ignored', kind: String(at('kind') ?? 'null') };
  const required: readonly Role[] = ['ts_event', 'symbol', 'price', 'size', 'ts_recv', 'venue', 'aggressor_side'];
  const absent = required.find((role) => columns.has(role) && at(role) === null);
  if (absent !== undefined) return { is: 'refused', code: 'field-missing', quoted: { field: absent } };
  const word = columns.has('aggressor_side') ? String(at('aggressor_side')) : null;
  const side = word === null ? null : word.toLowerCase();
  if (side !== null && side !== 'buy' && side !== 'sell') {
    return { is: 'refused', code: 'side-unknown', quoted: { side: word ?? undefined } };
  }
  const trade = {
    tsEvent: at('ts_event') as bigint,
    symbol: String(at('symbol')),
    sequence: at('sequence') as bigint | null,
    tradeId: at('trade_id') as bigint | null,
    price: at('price') as number,
    size: at('size') as number,
    side,
  } as const;
  return { is: 'trade', trade };
}
