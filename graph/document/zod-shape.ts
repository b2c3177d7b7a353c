import type { z } from 'zod';

type Definition = {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly options?: readonly z.core.$ZodType[];
  readonly element?: z.core.$ZodType;
  readonly items?: readonly z.core.$ZodType[];
  readonly valueType?: z.core.$ZodType;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
};

const definitionOf = (type: z.core.$ZodType): Definition => type._zod.def as Definition;

/** The types a value may be checked against, with optional, default, transform and union taken apart. */
function alternatives(type: z.core.$ZodType, depth = 0): readonly z.core.$ZodType[] {
  const definition = definitionOf(type);
  if (depth > 16) return [];
  if (definition.options) return definition.options.flatMap((option) => alternatives(option, depth + 1));
  const inner = definition.innerType ?? definition.in ?? definition.getter?.();
  return inner ? alternatives(inner, depth + 1) : [type];
}

/** The types of what stands at a path. */
export function typesAt(type: z.core.$ZodType, path: readonly PropertyKey[]): readonly z.core.$ZodType[] {
  let types = alternatives(type);
  for (const step of path) {
    types = types.flatMap((at) => {
      const { shape, element, items, valueType } = definitionOf(at);
      const inner = typeof step === 'number' ? (element ?? items?.[step]) : (shape?.[String(step)] ?? valueType);
      return inner ? alternatives(inner) : [];
    });
  }
  return types;
}

/** The keys a map at a path may have, over all alternatives. */
export function keysAt(type: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  return [...new Set(typesAt(type, path).flatMap((at) => Object.keys(definitionOf(at).shape ?? {})))];
}

/** The words a value at a path may be, where it is one of a few. */
export function wordsAt(type: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] {
  const words = typesAt(type, path).flatMap((at) => definitionOf(at).values ?? Object.values(definitionOf(at).entries ?? {}));
  return [...new Set(words.map(String))];
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  template_literal: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'nothing',
};

const UNITS: Readonly<Record<string, string>> = {
  duration: 'a duration such as 250ms, 1s or 5m',
  size: 'a size such as 64KiB or 32MiB',
  instant: 'an instant such as 2024-08-08T00:00:00Z',
};

/** What a value at a path is for, as its declaration says; null where that says nothing. */
export function describedAt(type: z.core.$ZodType, path: readonly PropertyKey[]): string | null {
  const last = path[path.length - 1];
  const owners = last === undefined ? [] : typesAt(type, path.slice(0, -1));
  for (const owner of owners) {
    let at: z.core.$ZodType | undefined = definitionOf(owner).shape?.[String(last)];
    for (let depth = 0; at && depth < 16; depth++) {
      const description = (at as z.ZodType).description;
      if (description !== undefined) return description;
      at = definitionOf(at).innerType ?? definitionOf(at).in;
    }
  }
  return null;
}

/** Whether a duration may stand at a path. */
export function isDurationAt(type: z.core.$ZodType, path: readonly PropertyKey[]): boolean {
  return typesAt(type, path).some((at) => (at as z.ZodType).meta?.()?.unit === 'duration');
}

/** The kinds of value wanted at a path, in words: `a duration such as 250ms, 1s or 5m`, `text or a list`. */
export function wantedAt(type: z.core.$ZodType, path: readonly PropertyKey[]): string | null {
  const kinds = typesAt(type, path).map((at) => {
    const unit = (at as z.ZodType).meta?.()?.unit;
    const { type: kind, values, entries } = definitionOf(at);
    if (values || entries)
      return (values ?? Object.values(entries ?? {})).map((word) => (typeof word === 'string' ? `"${word}"` : String(word))).join(', ');
    return (typeof unit === 'string' ? UNITS[unit] : undefined) ?? KINDS[kind];
  });
  const known = [...new Set(kinds.filter((kind) => kind !== undefined))];
  return known.length === 0 ? null : listed(known);
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
}
