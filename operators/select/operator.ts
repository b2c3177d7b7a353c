import { Schema } from 'apache-arrow';
import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT } from '../../graph/contract/operator.ts';
import { report } from '../expression/faults.ts';
import { parse } from '../expression/parse.ts';
import { referenceSelect } from './kernel.ts';
import { layout } from './layout.ts';
import { nativeSelect } from './native.ts';

const name = z.string().regex(/^[A-Za-z_]\w*$/, 'expected a column name of letters, digits and _');

const params = z
  .strictObject({
    columns: z
      .record(name, z.string().min(1))
      .optional()
      .meta({ description: 'new columns by name: an input column or an expression, e.g. { notional: price * size }', unit: 'expression' }),
    keep: z.array(z.string()).optional().meta({ description: 'input columns that pass, in this order; all others go' }),
    drop: z.array(z.string()).optional().meta({ description: 'input columns that go; all others pass' }),
    rename: z.record(name, z.string()).optional().meta({ description: 'new name: input column; without `keep`, all others pass too' }),
  })
  .refine((p) => p.columns || p.keep || p.drop || p.rename, 'expected at least one of "columns", "keep", "drop", "rename"')
  .refine((p) => !(p.keep && p.drop), 'expected "keep" or "drop", not both');

/** Chooses, renames and computes columns. */
export const select = defineOperator({
  name: 'select',
  summary: 'Chooses, renames and computes columns; input columns pass only by `keep`, or by `drop` or `rename` that spare them.',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'rows of any schema' } },
  outputs: { [MAIN_PORT]: { description: 'one row an input row: passing columns first, then `columns`' } },
  groups: () => null,
  schema(request) {
    const input = request.inputs[INPUT_PORT];
    if (!input) {
      for (const [column, text] of Object.entries(request.params.columns ?? {})) {
        const parsed = parse(text);
        if ('code' in parsed) report([parsed], ['columns', column], request.fault);
      }
      return null;
    }
    const columns = layout(request.params, input);
    if (!('faults' in columns)) return { [MAIN_PORT]: new Schema(columns.map((column) => column.field)) };
    for (const { code, message, path, from, to, hint } of columns.faults)
      request.fault(code, message, { path, from, to: Math.max(to, from + 1) }, hint);
    return null;
  },
  create: nativeSelect,
  reference: referenceSelect,
});
