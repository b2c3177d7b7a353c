import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT } from '../../graph/contract/operator.ts';
import { parse } from '../expression/parse.ts';
import { referenceDerive } from './kernel.ts';
import { type DeriveParams, deriveSchema, hasLags, keysOf, reportAll } from './layout.ts';
import { nativeDerive } from './native.ts';

const name = z.string().regex(/^[A-Za-z_]\w*$/, 'expected a column name of letters, digits and _');

const params: z.ZodType<DeriveParams> = z.strictObject({
  columns: z
    .record(name, z.string().min(1))
    .refine((columns) => Object.keys(columns).length > 0, 'expected at least one column')
    .meta({
      description:
        'new columns by name, in order: each can use input columns and those before it, now (`mid`) or so many rows of the key before ' +
        '(`mid[1]` to `mid[10000]`), e.g. { mid: (bid + ask) / 2, dir: "mid > mid[1] ? 1 : -1" }',
      unit: 'expression',
    }),
  by: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'key columns: rows before are those of the same key; default those of venue, symbol that the input has' }),
  max_keys: z.int().min(1).max(1_000_000_000).default(1_000_000).meta({
    description: 'keys whose rows before are kept; of one more the one whose last row came longest ago is forgotten, and begins anew',
    unit: 'keys',
  }),
});

/**
 * Adds columns by expression, in the language of `filter` and `select`, with rows before. `name[k]` is the value of a number, instant or
 * truth k rows of the key before, in order of arrival; null until there are k. `when ? a : b` is null where `when` is. As everywhere in
 * the language a null operand makes null (but for `coalesce`, `is null`, `and`, `or`), a division by zero is null, so are `log` at or
 * below 0, `sqrt` below 0 and an int64 that overflows; NaN and infinities go on as IEEE 754 says, and a NaN compares as neither less,
 * equal nor greater. Kept: a ring of as many rows as the longest lag, for each column that has one and each of the last `max_keys` keys.
 */
export const derive = defineOperator({
  name: 'derive',
  summary: 'Adds columns by expression: arithmetic, conditions, functions, and values of rows before such as `close[1]`.',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'rows of any schema' } },
  outputs: { [MAIN_PORT]: { description: 'the rows with all their columns, then the new ones' } },
  groups(given, inputs) {
    const input = inputs[INPUT_PORT];
    if (!input || !hasLags(given)) return null;
    return keysOf(given, input).filter((key) => columnIndex(input, key) >= 0);
  },
  schema(request) {
    const input = request.inputs[INPUT_PORT];
    if (input) return deriveSchema(request, input);
    for (const [column, text] of Object.entries(request.params.columns)) {
      const parsed = parse(text);
      if ('code' in parsed) reportAll([parsed], column, request.fault);
    }
    return null;
  },
  create: nativeDerive,
  reference: referenceDerive,
});
