import { Float64, Schema } from 'apache-arrow';
import { COLUMNS, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { hasValuedColumns } from '../money/valued.ts';
import type { StressParams } from './operator.ts';

/** Rows of port `out`. */
export const STRESS_SCHEMA = new Schema([
  COLUMNS.ts_event,
  field('account', COLUMNS.account.type, false, 'whose it is'),
  field('scenario', dictionaryOf('scenario'), false, 'name of the scenario'),
  field('profit', new Float64(), true, 'profit, below 0 loss, if prices and rates moved so; base currency; null while it is not known'),
]);

/** Schemas of the ports, or null after faults. */
export function stressSchema(request: SchemaRequest<StressParams>): Readonly<Record<string, Schema>> | null {
  if (!request.inputs[INPUT_PORT] || !hasValuedColumns(request)) return null;
  return { [MAIN_PORT]: STRESS_SCHEMA, [REJECTED_PORT]: REJECTED_SCHEMA };
}
