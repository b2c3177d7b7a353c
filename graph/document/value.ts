/** Characters [from, to) of the file. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A value of the file that knows where it stands. */
export type Value = ScalarValue | ListValue | MapValue;

export interface ScalarValue {
  readonly kind: 'scalar';
  readonly span: Span;
  /** After `${NAME}` was replaced. */
  readonly value: string | number | bigint | boolean | null;
  /** As it stands in the file, before `${NAME}` was replaced: what messages may quote without giving a secret away. */
  readonly written: string;
  /** Offset of the first character of a string whose characters stand in the file one by one; null where they do not. */
  readonly textFrom: number | null;
}

export interface ListValue {
  readonly kind: 'list';
  readonly span: Span;
  readonly items: readonly Value[];
}

export interface MapValue {
  readonly kind: 'map';
  readonly span: Span;
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Value;
}

/** A file's text and the value it holds. */
export interface Document {
  /** Name as it was given, for messages. */
  readonly file: string;
  readonly text: string;
  readonly root: Value;
}

/** The entry of a map, or undefined where the value is no map or has no such key. */
export function entryOf(value: Value | undefined, key: string): Entry | undefined {
  return value?.kind === 'map' ? value.entries.get(key) : undefined;
}

/** The value behind a path of keys and indexes, or as deep as the path goes in the file. */
export function valueAt(value: Value, path: readonly PropertyKey[]): { readonly value: Value; readonly depth: number } {
  let at = value;
  for (const [depth, step] of path.entries()) {
    const next = at.kind === 'map' ? at.entries.get(String(step))?.value : at.kind === 'list' ? at.items[Number(step)] : undefined;
    if (!next) return { value: at, depth };
    at = next;
  }
  return { value: at, depth: path.length };
}

/** The plain JavaScript value, maps without a prototype, so that no key means anything special. */
export function plain(value: Value): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plain);
  const out: Record<string, unknown> = Object.create(null);
  for (const { key, value: inner } of value.entries.values()) out[key] = plain(inner);
  return out;
}

/** What kind of value a person sees there: `a number`, `a list`. */
export function kindOf(value: Value): string {
  if (value.kind !== 'scalar') return value.kind === 'list' ? 'a list' : 'a map';
  if (value.value === null) return 'nothing';
  return typeof value.value === 'string' ? 'text' : typeof value.value === 'boolean' ? 'true or false' : 'a number';
}

/** The value as a message quotes it: as written, shortened, never what an environment variable held. */
export function quoted(value: Value): string {
  if (value.kind !== 'scalar' || value.value === null) return kindOf(value);
  const text = value.written.length > 60 ? `${value.written.slice(0, 57)}...` : value.written;
  return typeof value.value === 'string' ? `"${text}"` : text;
}
