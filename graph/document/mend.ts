import { nearestAlone } from '../diagnostics/nearest.ts';
import type { Entry, MapValue, Value } from './value.ts';

/** A map whose misspelt keys count as the ones they were probably meant as, and the keys that are like no other. */
export interface Mended {
  readonly value: MapValue;
  readonly strange: readonly Entry[];
}

/** Gives every unknown key that is nearest to one absent key that key's name, after `sayMisspelt` was told. */
export function mend(value: MapValue, known: readonly string[], sayMisspelt: (entry: Entry, meant: string) => void): Mended {
  const names = new Set(known);
  const unknown = [...value.entries.values()].filter(({ key }) => !names.has(key));
  if (unknown.length === 0) return { value, strange: [] };
  const absent = known.filter((name) => !value.entries.has(name));
  const wanted = new Map(unknown.map((entry) => [entry.key, nearestAlone(entry.key, absent)]));
  const claims = [...wanted.values()];
  const strange: Entry[] = [];
  const entries = new Map<string, Entry>();
  for (const entry of value.entries.values()) {
    const meant = wanted.get(entry.key) ?? null;
    if (meant === null || claims.indexOf(meant) !== claims.lastIndexOf(meant)) {
      if (wanted.has(entry.key)) strange.push(entry);
      entries.set(entry.key, entry);
    } else {
      sayMisspelt(entry, meant);
      entries.set(meant, { ...entry, key: meant });
    }
  }
  return { value: { ...value, entries }, strange };
}

/** A value with its misspelt keys mended, where it is a map. */
export function mendAny(value: Value, known: readonly string[], sayMisspelt: (entry: Entry, meant: string) => void): Value {
  return value.kind === 'map' && known.length > 0 ? mend(value, known, sayMisspelt).value : value;
}
