import { mend } from '../document/mend.ts';
import { type Declaration, misspelt } from '../document/pipeline.ts';
import { operatorKeys, sinkKeys, sourceKeys } from '../document/shape.ts';
import type { MapValue } from '../document/value.ts';
import type { Scope } from './scope.ts';

const KEYS = { source: sourceKeys, operator: operatorKeys, sink: sinkKeys } as const;

/** A source, operator or sink with its misspelt keys mended, each after it was said; a connector's name only where none is spelt right. */
export function mendNode({ kind, name }: Declaration, value: MapValue, { registry, say }: Scope): MapValue {
  const keys = Object.keys(KEYS[kind]);
  if (kind === 'operator') return mend(value, keys, misspelt(`operator "${name}"`, say)).value;
  const targeted = [...value.entries.keys()].some((key) => key === 'topic' || registry.connectors.has(key));
  const able = [...registry.connectors.values()].filter((connector) => connector[kind]).map((connector) => connector.name);
  const known = targeted
    ? [...keys, ...registry.connectors.keys()].filter((key) => value.entries.has(key) || keys.includes(key))
    : [...keys, ...able];
  return mend(value, targeted ? known.filter((key) => key !== 'topic' || value.entries.has(key)) : known, (entry, meant) => {
    if (meant === 'topic' || able.includes(meant))
      say('connector-unknown', entry.keySpan, `there is no connector "${entry.key}"`, `Did you mean "${meant}"?`);
    else misspelt(`${kind} "${name}"`, say)(entry, meant);
  }).value;
}
