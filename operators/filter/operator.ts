import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT } from '../../graph/contract/operator.ts';
import { check } from '../expression/check.ts';
import { report } from '../expression/faults.ts';
import { parse } from '../expression/parse.ts';
import { referenceFilter } from './kernel.ts';
import { nativeFilter } from './native.ts';

const params = z.strictObject({
  where: z
    .string()
    .min(1)
    .meta({ description: 'expression that is true for the rows to keep, e.g. price * size > 1e6', unit: 'expression' }),
});

/** Drops the rows for which an expression is not true. */
export const filter = defineOperator({
  name: 'filter',
  summary: 'Keeps the rows for which an expression is true; false and null drop a row, as in SQL.',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'rows of any schema' } },
  outputs: { [MAIN_PORT]: { description: 'the kept rows with all their columns, in order' } },
  groups: () => null,
  schema(request) {
    const input = request.inputs[INPUT_PORT];
    if (!input) {
      const parsed = parse(request.params.where);
      if ('code' in parsed) report([parsed], ['where'], request.fault);
      return null;
    }
    const checked = check(request.params.where, input, 'bool');
    if ('typed' in checked) return { [MAIN_PORT]: input };
    report(checked, ['where'], request.fault);
    return null;
  },
  create: nativeFilter,
  reference: referenceFilter,
});
