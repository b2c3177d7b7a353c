import type { Schema } from 'apache-arrow';
import { hintFor } from '../diagnostics/nearest.ts';
import { entryOf, valueAt } from '../document/value.ts';
import { placeOf } from '../resolve/connector.ts';
import type { ResolvedSource } from '../resolve/resolved.ts';
import type { Scope } from '../resolve/scope.ts';

/** Bytes of a file that are looked at. */
const LOOKED_AT_BYTES = 64 * 1024;

/** Whether the beginning of what a source would read fits its format and columns, as far as it can be told; says what does not. */
export function fitsPreview({ from, format, schema: value, span }: ResolvedSource, schema: Schema, { paths, say }: Scope): boolean {
  const { files } = paths;
  if (!('connector' in from) || !format || !files.start) return true;
  const start = (path: string): Uint8Array | null => {
    const absolute = paths.existing(path, span, () => undefined);
    return absolute === null ? null : (files.start?.(absolute, LOOKED_AT_BYTES) ?? null);
  };
  const preview = from.connector.source?.preview?.(from.params, format.format.name, start);
  if (preview?.fault) {
    say('format-unfit', format.span, preview.fault.message, preview.fault.hint);
    return false;
  }
  const faults = preview?.opening ? (format.format.openingFaults?.(preview.opening, schema, format.params) ?? []) : [];
  for (const { column, message, wanted, among } of faults) {
    const columns = value && valueAt(value, ['columns']).value;
    const at = columns ? (entryOf(columns, column)?.keySpan ?? placeOf(column, columns).span) : span;
    say('column-unknown', at, message, hintFor(wanted, among, 'fields of the file'));
  }
  return faults.length === 0;
}
