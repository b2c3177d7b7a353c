import { Float64, Schema } from 'apache-arrow';
import { COLUMNS, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { hasValuedColumns } from '../money/valued.ts';
import type { ExposureParams } from './operator.ts';

const number = (name: string, description: string) => field(name, new Float64(), true, description);

/** Rows of port `out`. Amounts are in base currency. */
export const EXPOSURE_SCHEMA = new Schema([
  COLUMNS.ts_event,
  field('account', COLUMNS.account.type, false, 'whose it is'),
  field('by', dictionaryOf('by'), false, 'what it is summed by: account, symbol, sector or currency'),
  field('name', dictionaryOf('name'), true, 'which account, symbol, sector or currency; null for symbols without a sector'),
  number('long', 'value of long positions, base currency; null while one of the positions has no value or rate'),
  number('short', 'value of short positions without sign, base currency'),
  number('gross', 'long + short'),
  number('net', 'long - short'),
]);

/** Schemas of the ports, or null after faults. */
export function exposureSchema(request: SchemaRequest<ExposureParams>): Readonly<Record<string, Schema>> | null {
  const { params } = request;
  if (params.by.includes('sector') && params.instruments === undefined) {
    const hint = 'Name a table with a column sector under "instruments".';
    request.fault(
      'value-invalid',
      'sectors are in the instrument table, and none is named',
      { path: ['by', params.by.indexOf('sector')] },
      hint,
    );
    return null;
  }
  if (!request.inputs[INPUT_PORT] || !hasValuedColumns(request)) return null;
  return { [MAIN_PORT]: EXPOSURE_SCHEMA, [REJECTED_PORT]: REJECTED_SCHEMA };
}
