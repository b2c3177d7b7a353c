import type { z } from 'zod';
import { nearest } from '../../expression/nearest.ts';
import { type Fault, type Path, type Read, readDocument } from './document.ts';
import { keysAt } from './keys.ts';
import { limitsShape } from './shape.ts';
import { type Limits, rateOf, tableOf, unitOf } from './table.ts';
import { wantedAt } from './words.ts';

export type Parsed = { readonly limits: Limits } | { readonly faults: readonly Fault[] };

/** Reads a limits file: the limits, or everything that is wrong with it, each fault with its place in the text. Never throws. */
export function parseLimits(text: string): Parsed {
  const document = readDocument(text);
  if ('faults' in document) return document;
  const { read } = document;
  const parsed = limitsShape.safeParse(read.value);
  const faults = parsed.success ? [] : causes(parsed.error.issues).flatMap((issue) => faultsOf(issue, read));
  faults.push(...strangers(read));
  if (parsed.success) faults.push(...unitFaults(parsed.data, read));
  if (faults.length > 0 || !parsed.success) return { faults: faults.sort((a, b) => a.from - b.from) };
  return { limits: tableOf(parsed.data) };
}

/** `3:14 message`, with the fault's line and column, from 1. */
export function faultText(text: string, fault: Fault): string {
  const before = text.slice(0, fault.from);
  const line = before.split('\n').length;
  const column = fault.from - (before.lastIndexOf('\n') + 1) + 1;
  return `${line}:${column} ${fault.message}${fault.hint === undefined ? '' : ` (${fault.hint})`}`;
}

function whereOf(path: Path): string {
  return path.length === 0 ? 'the file' : `"${path.join('.')}"`;
}

function suggestion(word: string, names: Iterable<string>): Pick<Fault, 'hint'> {
  const near = nearest(word, names);
  return near === null ? {} : { hint: `Did you mean "${near}"?` };
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    value,
  );
}

/** Issues without those of a value whose very type is wrong. */
function causes(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const at = (issue: z.core.$ZodIssue): string => JSON.stringify(issue.path);
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(at));
  return issues.filter((issue) => issue.code === 'invalid_type' || !mistyped.has(at(issue)));
}

function faultsOf(issue: z.core.$ZodIssue, read: Read): Fault[] {
  const path = issue.path as Path;
  if (issue.code === 'invalid_union') {
    // `{...} or nothing`: what is wrong with the map is what counts
    const inner = issue.errors.find((some) => some.some((one) => one.path.length > 0 || one.code === 'unrecognized_keys'));
    if (inner) return inner.flatMap((one) => faultsOf({ ...one, path: [...path, ...one.path] } as z.core.$ZodIssue, read));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      ...read.span([...path, key], true),
      code: 'key-unknown',
      message: `${whereOf(path)} has no key "${key}"`,
      ...suggestion(key, keysAt(limitsShape, path)),
    }));
  }
  const found = valueAt(read.value, path);
  if (found === undefined) {
    const key = String(path.at(-1) ?? '');
    return [{ ...read.span(path.slice(0, -1), true), code: 'key-missing', message: `${whereOf(path.slice(0, -1))} needs "${key}"` }];
  }
  const code = issue.code === 'invalid_type' || issue.code === 'invalid_union' ? 'value-type' : 'value-invalid';
  const { text, ...hint } = wantedAt(issue, path, found);
  return [{ ...read.span(path), code, message: `${whereOf(path)} is ${shown(found)}: ${text}`, ...hint }];
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Names of symbols and currencies that the file does not have. Looks at data of any shape. */
function strangers(read: Read): Fault[] {
  const file = read.value as Readonly<Record<string, unknown>> | null;
  const symbols = Object.keys(recordAt(file, ['symbols']));
  const known = new Set(symbols);
  const stranger = (name: string, path: Path, key: boolean): Fault[] =>
    known.has(name)
      ? []
      : [
          {
            ...read.span(path, key),
            code: 'value-invalid',
            message: `there is no symbol "${name}" under "symbols"`,
            ...suggestion(name, symbols),
          },
        ];
  const listed = (path: Path): Fault[] => {
    const list = valueAt(file, path);
    return Array.isArray(list) ? list.flatMap((name, i) => (typeof name === 'string' ? stranger(name, [...path, i], false) : [])) : [];
  };
  const accounts = Object.keys(recordAt(file, ['accounts']));
  const currencies = [valueAt(file, ['currency']), ...Object.keys(recordAt(file, ['rates']))].filter((name) => typeof name === 'string');
  return [
    ...listed(['restricted']),
    ...accounts.flatMap((account) => [
      ...listed(['accounts', account, 'restricted']),
      ...Object.keys(recordAt(file, ['accounts', account, 'symbols'])).flatMap((name) =>
        stranger(name, ['accounts', account, 'symbols', name], true),
      ),
    ]),
    ...symbols.flatMap((symbol): Fault[] => {
      const path = ['symbols', symbol, 'currency'];
      const name = valueAt(file, path);
      if (typeof name !== 'string' || currencies.includes(name)) return [];
      const message = `currency "${name}" is neither the base currency nor under "rates"`;
      return [{ ...read.span(path), code: 'value-invalid', message, ...suggestion(name, currencies) }];
    }),
  ];
}

function recordAt(value: unknown, path: Path): Readonly<Record<string, unknown>> {
  const found = valueAt(value, path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Readonly<Record<string, unknown>>) : {};
}

function unitFaults(file: z.output<typeof limitsShape>, read: Read): Fault[] {
  return Object.entries(file.symbols).flatMap(([name, { tick_value, currency }]): Fault[] => {
    const rate = rateOf(file, currency ?? file.currency);
    if (rate === undefined || unitOf(tick_value, rate) !== null) return [];
    const message = `what a tick of one lot of "${name}" is worth in ${file.currency} is above 10^9 or has more than 18 decimal places`;
    return [{ ...read.span(['symbols', name, 'tick_value']), code: 'value-invalid', message }];
  });
}
