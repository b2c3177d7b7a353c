import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type Document as YamlDocument } from 'yaml';
import type { Say } from '../diagnostics/report.ts';
import { interpolate } from './interpolate.ts';
import type { Entry, ScalarValue, Span, Value } from './value.ts';

/** Most values a file may hold with its aliases written out. */
const MAX_VALUES = 100_000;
/** Keys that JavaScript would give a meaning of its own. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

interface Conversion {
  readonly document: YamlDocument.Parsed;
  readonly text: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: Say;
  values: number;
}

/** The YAML library's nodes as frozen values: aliases written out, `${NAME}` replaced, doubled keys said; null when there are too many. */
export function convert(document: YamlDocument.Parsed, text: string, env: Conversion['env'], say: Say): Value | null {
  const conversion: Conversion = { document, text, env, say, values: 0 };
  const root = readNode(document.contents as Node, conversion, 0);
  if (conversion.values <= MAX_VALUES) return root;
  const alias = text.indexOf('*');
  say(
    'yaml-too-many',
    { from: Math.max(alias, 0), to: alias + 1 },
    'the file holds more than 100,000 values once its aliases are written out',
  );
  return null;
}

function spanOf(node: Node): Span {
  const [from, to] = node.range ?? [0, 0];
  return { from, to: Math.max(to, from + 1) };
}

function nothing(span: Span): ScalarValue {
  return { kind: 'scalar', span, value: null, written: '', textFrom: null };
}

function readNode(node: Node | null, conversion: Conversion, depth: number): Value {
  if (!node) return nothing({ from: 0, to: 1 });
  conversion.values += 1;
  if (depth > 200) conversion.values = MAX_VALUES + 1; // an alias of something that holds it
  if (conversion.values > MAX_VALUES) return nothing(spanOf(node));
  if (isAlias(node)) {
    const target = node.resolve(conversion.document);
    if (target) return readNode(target, conversion, depth + 1);
    const hint = `"*" begins an alias in YAML; text that begins with it needs quotes: "*${node.source}".`;
    conversion.say('yaml-syntax', spanOf(node), `there is no anchor "&${node.source}" before this alias`, hint);
    return nothing(spanOf(node));
  }
  if (isMap(node))
    return { kind: 'map', span: spanOf(node), entries: entriesOf(node.items as Pair<Node, Node | null>[], conversion, depth) };
  if (isSeq(node))
    return { kind: 'list', span: spanOf(node), items: node.items.map((item) => readNode(item as Node, conversion, depth + 1)) };
  return isScalar(node) ? scalarOf(node, conversion) : nothing(spanOf(node));
}

function entriesOf(pairs: readonly Pair<Node, Node | null>[], conversion: Conversion, depth: number): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const { key: keyNode, value } of pairs) {
    const keySpan = spanOf(keyNode);
    if (!isScalar(keyNode)) {
      conversion.say('key-invalid', keySpan, 'a key is text, not a list or a map');
      continue;
    }
    const key = typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? String(keyNode.value));
    if (FORBIDDEN.has(key)) conversion.say('key-invalid', keySpan, `"${key}" cannot be a key`);
    else if (entries.has(key)) conversion.say('key-duplicate', keySpan, `the key "${key}" is here twice`);
    else entries.set(key, { key, keySpan, value: value ? readNode(value, conversion, depth + 1) : nothing(keySpan) });
  }
  return entries;
}

function scalarOf(node: Scalar, { text, env, say }: Conversion): ScalarValue {
  const span = spanOf(node);
  const { value } = node;
  if (typeof value === 'number') {
    const exact = Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(node.source ?? '');
    return {
      kind: 'scalar',
      span,
      value: exact ? BigInt(node.source ?? '0') : value,
      written: node.source ?? String(value),
      textFrom: null,
    };
  }
  if (typeof value !== 'string') {
    return { kind: 'scalar', span, value: typeof value === 'boolean' ? value : null, written: String(value), textFrom: null };
  }
  const content = span.from + (node.type === 'PLAIN' ? 0 : 1);
  const textFrom = text.startsWith(value, content) ? content : null;
  if (!value.includes('${')) return { kind: 'scalar', span, value, written: value, textFrom };
  const replaced = interpolate(value, env, { ...span, textFrom }, say);
  const typed = node.type === 'PLAIN' ? retype(replaced) : replaced;
  return { kind: 'scalar', span, value: typed, written: value, textFrom: null };
}

/** What a plain scalar means after `${NAME}` was replaced: a number or a truth value where it reads as one, else text. */
function retype(text: string): string | number | boolean {
  if (/^[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?$/.test(text)) return Number(text);
  return text === 'true' ? true : text === 'false' ? false : text;
}
