import type { NamedFile } from '../contract/format.ts';
import type { Say } from '../diagnostics/report.ts';
import { entryOf, type Span, type Value, valueAt } from '../document/value.ts';
import type { Paths } from './paths.ts';

/** Texts of the files that a value names, by path as written; null after saying which is missing. */
export function namedTexts(files: readonly NamedFile[], value: Value, paths: Paths, say: Say): ReadonlyMap<string, string> | null {
  const texts = new Map<string, string>();
  for (const { path, place, hint } of files) {
    const sayMissing: Say = (code, span, message, general) => say(code, span, message, hint ?? general);
    const absolute = paths.existing(path, valueAt(value, place).value.span, sayMissing);
    if (absolute === null) return null;
    texts.set(path, paths.files.read(absolute));
  }
  return texts;
}

/** Says what is wrong with a schema, at a path inside the value that names it. */
export function sayFault(value: Value, message: string, place: readonly (string | number)[], hint: string | undefined, say: Say): void {
  const parent = place.length > 0 ? valueAt(value, place.slice(0, -1)).value : undefined;
  const at = valueAt(value, place);
  const key: Span | undefined = at.depth < place.length ? entryOf(parent, String(place[place.length - 1]))?.keySpan : undefined;
  say('schema-invalid', key ?? at.value.span, message, hint);
}
