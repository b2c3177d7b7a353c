import type { z } from 'zod';
import type { DiagnosticCode } from '../diagnostics/codes.ts';
import { hintFor, nearest } from '../diagnostics/nearest.ts';
import type { Say } from '../diagnostics/report.ts';
import { durationSlip, wordSlip } from '../diagnostics/slips.ts';
import { kindOf, plain, quoted, type Span, type Value, valueAt } from './value.ts';
import { describedAt, isDurationAt, keysAt, listed, wantedAt, wordsAt } from './zod-shape.ts';

/** How faults of a value are worded: whose value it is, and what its keys are called. */
export interface Wording {
  /** `operator "rsi"`, `source "trades"`. */
  readonly subject: string;
  readonly noun: 'key' | 'parameter' | 'option';
  /** What to underline when something is missing and the value itself is not there. */
  readonly span: Span;
}

const CODE: Readonly<Record<Wording['noun'], Readonly<Record<'unknown' | 'missing' | 'type' | 'invalid', DiagnosticCode>>>> = {
  key: { unknown: 'key-unknown', missing: 'key-missing', type: 'value-type', invalid: 'value-invalid' },
  parameter: { unknown: 'param-unknown', missing: 'param-missing', type: 'param-type', invalid: 'param-invalid' },
  option: { unknown: 'option-unknown', missing: 'option-refused', type: 'option-refused', invalid: 'option-refused' },
};

type Issue = z.core.$ZodIssue;

/** The value as the type gives it; null after every fault was said at its place. */
export function check<T>(type: z.ZodType<T>, value: Value, wording: Wording, say: Say): { readonly value: T } | null {
  const given = plain(value);
  const result = type.safeParse(given);
  if (result.success) return { value: result.data };
  const issues = result.error.issues.flatMap((issue) => flatten(issue, []));
  const unknown = new Set(issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])));
  for (const issue of issues) sayIssue(type, value, issue, unknown, wording, say);
  return null;
}

/** A union's issues are those of the alternative that came furthest. */
function flatten(issue: Issue, prefix: readonly PropertyKey[]): Issue[] {
  const path = [...prefix, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [{ ...issue, path }];
  const branches = issue.errors.map((branch) => branch.flatMap((inner) => flatten(inner, path)));
  const depth = (branch: readonly Issue[]) =>
    Math.min(...branch.map((inner) => inner.path.length + (isRootMismatch(inner, path) ? 0 : 0.5)));
  const deepest = Math.max(...branches.map(depth));
  const best = branches.filter((branch) => depth(branch) === deepest).sort((a, b) => a.length - b.length);
  const all = best.length > 1 && best.every((branch) => branch.every((inner) => isRootMismatch(inner, path)));
  return all ? (best[0]?.slice(0, 1) ?? []) : (best[0] ?? []);
}

function isRootMismatch(issue: Issue, path: readonly PropertyKey[]): boolean {
  return issue.path.length === path.length && issue.code === 'invalid_type';
}

function sayIssue(type: z.ZodType, root: Value, issue: Issue, unknown: ReadonlySet<string>, wording: Wording, say: Say): void {
  const codes = CODE[wording.noun];
  const { value, depth } = valueAt(root, issue.path);
  const span = isNothing(root) ? wording.span : value.span;
  if (issue.code === 'unrecognized_keys') {
    const keys = keysAt(type, issue.path);
    const owner = [wording.subject, ...issue.path.map(String)].join(': ');
    for (const key of issue.keys) {
      const keySpan = value.kind === 'map' ? (value.entries.get(key)?.keySpan ?? span) : span;
      say(
        codes.unknown,
        keySpan,
        `${owner} has no ${wording.noun} "${key}"`,
        hintFor(key, keys, `${wording.noun}s`) ?? (keys.length === 0 ? `It takes no ${wording.noun}s.` : undefined),
      );
    }
    return;
  }
  const name = issue.path
    .filter((step) => typeof step !== 'number')
    .map(String)
    .join('.');
  const whole = wording.noun === 'parameter' ? `what is given to ${wording.subject}` : wording.subject;
  const what = name === '' ? whole : `${wording.noun} "${name}" of ${wording.subject}`;
  if (depth < issue.path.length) {
    const missing = String(issue.path[depth]);
    const misspelt = [...unknown].some((key) => nearest(key, [missing]) !== null);
    const wanted = wantedAt(type, issue.path);
    const place = wording.noun === 'parameter' && depth === 0 ? wording.span : firstOf(value, wording);
    if (!misspelt)
      say(codes.missing, place, `${wording.subject} needs the ${wording.noun} "${name}"`, hintForMissing(type, issue.path, wanted));
    return;
  }
  if (issue.code === 'invalid_type') {
    const wanted = issue.expected === 'int' ? 'a whole number' : wantedAt(type, issue.path);
    const found = value.kind === 'scalar' && value.value !== null ? shown(value, wording) : kindOf(value);
    const quotes = wording.noun === 'option' && wanted === 'text' && value.kind === 'scalar' && value.value !== null;
    say(
      codes.type,
      span,
      `${what} is ${found}, expected ${wanted ?? String(issue.expected)}`,
      quotes ? 'Put it in quotes.' : slipAt(type, value, issue.path),
    );
    return;
  }
  const words = wordsAt(type, issue.path);
  const near = words.length > 0 && value.kind === 'scalar' ? hintFor(String(value.written), words) : undefined;
  const hint = slipAt(type, value, issue.path) ?? near;
  say(codes.invalid, span, `${what} is ${shown(value, wording)}, ${expectedOf(issue, words)}`, hint);
}

/** What a value was meant as, where it is written as other systems write it. */
function slipAt(type: z.ZodType, value: Value, path: readonly PropertyKey[]): string | undefined {
  if (value.kind !== 'scalar' || value.value === null) return undefined;
  return isDurationAt(type, path) ? durationSlip(value.written) : wordSlip(value.written, wordsAt(type, path));
}

function hintForMissing(type: z.ZodType, path: readonly PropertyKey[], wanted: string | null): string | undefined {
  const description = describedAt(type, path);
  if (wanted === null) return description === null ? undefined : `It is ${description}.`;
  return `It is ${wanted}${description === null ? '' : `: ${description}`}.`;
}

/** A value in the words of the file; options may be secrets, so that of them only the kind is told. */
function shown(value: Value, { noun }: Wording): string {
  return noun === 'option' ? kindOf(value) : quoted(value);
}

function isNothing(value: Value): boolean {
  return value.kind === 'scalar' && value.value === null;
}

/** Where to point when a key is missing in a map: its name in the file for the whole value, else the map's first key. */
function firstOf(value: Value, wording: Wording): Span {
  if (value.kind !== 'map') return wording.span;
  const [first] = value.entries.values();
  return wording.noun === 'key' ? wording.span : (first?.keySpan ?? value.span);
}

function expectedOf(issue: Issue, words: readonly string[]): string {
  switch (issue.code) {
    case 'invalid_value':
    case 'invalid_union':
      return words.length > 0 ? `expected ${listed(words.slice(0, 24))}` : 'which is not accepted';
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue.origin)}`;
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    default:
      return issue.message.replace(/\.$/, '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  }
}

function unitOf(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' items' : '';
}
