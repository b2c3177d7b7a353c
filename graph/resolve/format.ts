import { hintFor } from '../diagnostics/nearest.ts';
import { type Entry, kindOf, type Span } from '../document/value.ts';
import { checkParams } from './connector.ts';
import type { FormatUse } from './resolved.ts';
import type { Scope } from './scope.ts';

/** `format: NAME` or `format: { NAME: options }`, or the default; null after saying what is wrong. */
export function formatOf(entry: Entry | undefined, fallback: string, at: Span, scope: Scope): FormatUse | null {
  const { value } = entry ?? { value: null };
  const inner = value?.kind === 'map' && value.entries.size === 1 ? [...value.entries.values()][0] : undefined;
  const name = value === null ? fallback : value.kind === 'scalar' && typeof value.value === 'string' ? value.value : inner?.key;
  const span = inner?.keySpan ?? value?.span ?? at;
  if (name === undefined) {
    scope.say(
      'value-type',
      span,
      `"format" is ${value === null ? 'nothing' : kindOf(value)}, expected a name, or a map from one name to its options`,
    );
    return null;
  }
  const format = scope.registry.formats.get(name);
  if (!format) {
    scope.say('format-unknown', span, `there is no format "${name}"`, hintFor(name, scope.registry.formats.keys(), 'formats'));
    return null;
  }
  const checked = checkParams(format.params, inner?.value ?? null, `format "${name}"`, { keySpan: span }, scope);
  return checked && { format, params: checked.value, span };
}
