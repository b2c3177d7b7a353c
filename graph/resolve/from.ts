import { MAIN_PORT } from '../contract/operator.ts';
import type { Declaration } from '../document/pipeline.ts';
import { type Entry, entryOf, kindOf, type MapValue, type Span, type Value } from '../document/value.ts';
import type { Reference } from './resolved.ts';
import type { Scope } from './scope.ts';

/** `from:` taken apart: nodes for the only input port, or nodes by port. */
export type From =
  | { readonly kind: 'list'; readonly written: 'one' | 'list'; readonly span: Span; readonly references: readonly Reference[] }
  | {
      readonly kind: 'map';
      readonly span: Span;
      readonly ports: readonly { readonly port: Entry; readonly references: readonly Reference[] }[];
    };

/** `node`, `node.port`, a list of them, or a map from port to them; null after saying what is wrong. */
export function fromOf({ kind, name, nameSpan }: Declaration, value: MapValue, scope: Scope): From | null {
  const entry = entryOf(value, 'from');
  if (!entry) {
    scope.say('key-missing', nameSpan, `${kind} "${name}" needs the key "from"`, 'It names the node whose rows are read.');
    return null;
  }
  const { value: from } = entry;
  if (from.kind === 'map') {
    if (from.entries.size === 0) return sayKind(from, scope);
    const ports = [...from.entries.values()].map((port) => ({ port, references: referencesOf(port.value, scope) }));
    return ports.every(hasReferences) ? { kind: 'map', span: entry.value.span, ports } : null;
  }
  const references = referencesOf(from, scope);
  return references && { kind: 'list', written: from.kind === 'list' ? 'list' : 'one', span: from.span, references };
}

function hasReferences<T extends { references: unknown }>(port: T): port is T & { references: NonNullable<T['references']> } {
  return port.references !== null;
}

function referencesOf(value: Value, scope: Scope): readonly Reference[] | null {
  if (value.kind === 'list') {
    const references = value.items.map((item) => referenceOf(item, scope));
    if (references.length === 0) return sayKind(value, scope);
    return references.some((reference) => reference === null) ? null : references.filter((reference) => reference !== null);
  }
  const reference = referenceOf(value, scope);
  return reference && [reference];
}

function referenceOf(value: Value, scope: Scope): Reference | null {
  if (value.kind !== 'scalar' || typeof value.value !== 'string' || value.value === '') return sayKind(value, scope);
  const dot = value.value.indexOf('.');
  if (dot < 0) return { node: value.value, port: MAIN_PORT, span: value.span };
  return { node: value.value.slice(0, dot), port: value.value.slice(dot + 1), span: value.span };
}

function sayKind(value: Value, scope: Scope): null {
  const what =
    value.kind === 'list' && value.items.length === 0
      ? 'an empty list'
      : value.kind === 'map' && value.entries.size === 0
        ? 'an empty map'
        : kindOf(value);
  scope.say('value-type', value.span, `"from" holds ${what}, expected a node such as "trades" or "trades.rejected"`);
  return null;
}
