import type { z } from 'zod';
import { hintFor } from '../diagnostics/nearest.ts';
import { check } from '../document/check.ts';
import { mendAny } from '../document/mend.ts';
import type { Declaration } from '../document/pipeline.ts';
import { type Entry, entryOf, type MapValue, plain, type Value } from '../document/value.ts';
import { keysAt } from '../document/zod-shape.ts';
import type { ConnectorUse } from './resolved.ts';
import type { Scope } from './scope.ts';

/** What a source reads or a sink writes. */
export interface Target {
  readonly kind: 'topic' | 'connector';
  /** The entry `topic:`, or that of the connector. */
  readonly entry: Entry;
  /** The keys that every source or sink has: all but the connector's. */
  readonly rest: MapValue;
}

/** The one thing that a source or sink names to read or write; null after saying that there is none, several, or one unknown. */
export function targetOf(declaration: Declaration, value: MapValue, keys: Readonly<Record<string, unknown>>, scope: Scope): Target | null {
  const { kind, name, nameSpan } = declaration;
  const subject = `${kind} "${name}"`;
  const named = [...value.entries.values()].filter(({ key }) => key === 'topic' || scope.registry.connectors.has(key));
  const [first, second] = named;
  if (second) {
    scope.say(
      'connector-several',
      second.keySpan,
      `${subject} names both "${first?.key}" and "${second.key}"`,
      `Keep one${kind === 'sink' ? '; a second sink may have the same "from:"' : ''}.`,
    );
    return null;
  }
  if (first) {
    if (first.key === 'topic') return { kind: 'topic', entry: first, rest: value };
    return {
      kind: 'connector',
      entry: first,
      rest: { ...value, entries: new Map([...value.entries].filter(([key]) => key !== first.key)) },
    };
  }
  const able = [...scope.registry.connectors.values()].filter((connector) => (kind === 'source' ? connector.source : connector.sink));
  const names = ['topic', ...able.map((connector) => connector.name)];
  const unknown = [...value.entries.values()].find(({ key }) => !Object.hasOwn(keys, key));
  if (unknown)
    scope.say('connector-unknown', unknown.keySpan, `there is no connector "${unknown.key}"`, hintFor(unknown.key, names, `${kind}s`));
  else
    scope.say(
      'connector-missing',
      nameSpan,
      `${subject} does not say what it ${kind === 'source' ? 'reads' : 'writes'}`,
      `Give it one of: ${names.join(', ')}.`,
    );
  return null;
}

/** A connector with its parameters checked against its declaration; null after saying what is wrong. */
export function connectorOf(kind: 'source' | 'sink', entry: Entry, scope: Scope): ConnectorUse | null {
  const connector = scope.registry.connectors.get(entry.key);
  const side = connector?.[kind];
  if (!connector || !side) {
    const able = [...scope.registry.connectors.values()].filter((other) => other[kind]).map((other) => other.name);
    const message = `connector "${entry.key}" cannot be ${kind === 'source' ? 'read' : 'written'}`;
    scope.say('connector-direction', entry.keySpan, message, `Connectors that can: ${['topic', ...able].join(', ')}.`);
    return null;
  }
  const checked = checkParams(side.params, entry.value, `connector "${entry.key}"`, entry, scope);
  const connection = connector.connection === null ? null : (scope.connections.get(connector.connection) ?? null);
  return checked && { connector, params: checked.value, value: entry.value, connection };
}

/** Parameters against their zod declaration; nothing given is an empty map. */
export function checkParams<T>(
  type: z.ZodType<T>,
  value: Value | null,
  subject: string,
  at: { readonly keySpan: Entry['keySpan'] },
  scope: Scope,
) {
  const given: Value =
    value === null || (value.kind === 'scalar' && value.value === null) ? { kind: 'map', span: at.keySpan, entries: new Map() } : value;
  const mended = mendAny(given, keysAt(type, []), ({ key, keySpan }, meant) =>
    scope.say('param-unknown', keySpan, `${subject} has no parameter "${key}"`, `Did you mean "${meant}"?`),
  );
  return check(type, mended, { subject, noun: 'parameter', span: at.keySpan }, scope.say);
}

/** Where a text stands inside parameters, e.g. a path that a connector says it reads. */
export function placeOf(text: string, value: Value): Value {
  if (value.kind === 'scalar') return value;
  for (const inner of value.kind === 'list' ? value.items : [...value.entries.values()].map((entry) => entry.value)) {
    const found = placeOf(text, inner);
    if (found.kind === 'scalar' && found.value === text) return found;
  }
  return value;
}

/** The words of `key:` and the like, with their places. */
export function wordsOf(value: Value, key: string) {
  const entry = entryOf(value, key);
  if (!entry) return null;
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  return items.map((item) => ({ text: String(plain(item)), span: item.span }));
}
