import type { Format } from '../contract/format.ts';
import { hintFor } from '../diagnostics/nearest.ts';
import { type Entry, kindOf, type Span, type Value } from '../document/value.ts';
import { checkParams } from './connector.ts';
import { namedTexts, sayFault } from './named-files.ts';
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
  const params = checked && preparedOf(format, checked.value, inner?.value ?? null, scope);
  return params && { format, params: params.value, span };
}

/** The options with what the files they name say; null after a fault. */
function preparedOf(format: Format, params: unknown, value: Value | null, { paths, say }: Scope): { readonly value: unknown } | null {
  if (!format.prepare || value === null) return { value: params };
  const texts = namedTexts(format.files?.(params) ?? [], value, paths, say);
  const prepared =
    texts &&
    format.prepare(
      params,
      (path) => texts.get(path) ?? '',
      (message, place, hint) => sayFault(value, message, place ?? [], hint, say),
    );
  return prepared === null ? null : { value: prepared };
}
