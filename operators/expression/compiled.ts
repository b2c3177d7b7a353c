import type { Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import { type CheckOptions, check } from './check.ts';
import type { Checked, ValueType } from './typed.ts';

/** An expression that the compiler has already accepted; throws `expression` where it has not. */
export function compiled(text: string, schema: Schema, wanted?: ValueType, options?: CheckOptions): Checked {
  const checked = check(text, schema, wanted, options);
  if ('typed' in checked) return checked;
  const [first] = checked;
  throw new MillraceError(first?.message ?? 'the expression does not fit its input', { code: 'expression', domain: 'internal' });
}
