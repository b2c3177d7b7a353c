import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  type ParsedNode,
  Parser,
  type Scalar,
} from 'yaml';

/** A fault of a file: character offsets, a code of the diagnostics reference, and what is wrong in words. */
export interface Fault {
  readonly from: number;
  readonly to: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

export type Path = readonly (string | number)[];

/** A YAML text as plain data, and where each part of it stands. */
export interface Read {
  readonly value: unknown;
  /** Where the value at a path is; with `key`, the key of the last step. The nearest part that is there, where it is not. */
  span(path: Path, key?: boolean): { readonly from: number; readonly to: number };
}

const MAX_DEPTH = 16;
/** Most values once aliases are written out. */
const MAX_VALUES = 2_000_000;
/** Digits that every double keeps. */
const SAFE_DIGITS = 15;

/** Reads a YAML text; numbers that a double would not hold exactly stay text, and so do all keys. */
export function readDocument(text: string): { readonly read: Read } | { readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const parser = new Parser();
  const tokens = [];
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    // the parser's stack holds a few entries a level
    if (parser.stack.length > MAX_DEPTH * 4) {
      return { faults: [{ from: parser.offset, to: parser.offset + 1, code: 'yaml-too-deep', message: 'values are nested too deep' }] };
    }
  }
  for (const token of parser.end()) tokens.push(token);
  // keys are compared below: the parser's own way takes quadratic time
  const documents = [...new Composer({ uniqueKeys: false, prettyErrors: false }).compose(tokens, true, text.length)];
  const [document, second] = documents;
  for (const error of documents.flatMap((one) => one.errors)) {
    const message = (error.message.split('\n')[0] ?? '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
    faults.push({ from: error.pos[0], to: error.pos[1], code: 'yaml-syntax', message });
  }
  if (second) {
    const from = second.contents?.range?.[0] ?? second.range[0];
    faults.push({ from, to: from + 1, code: 'yaml-documents', message: 'the file holds more than one document' });
  }
  if (!document || faults.length > 0) return { faults };
  const converter = new Converter(document, faults);
  const value = document.contents ? converter.convert(document.contents) : null;
  if (faults.length > 0) return { faults };
  return { read: { value, span: (path, key = false) => spanOf(document, path, key, text.length) } };
}

/** Nodes to plain data. */
class Converter {
  readonly #document: Document.Parsed;
  readonly #faults: Fault[];
  #values = 0;

  constructor(document: Document.Parsed, faults: Fault[]) {
    this.#document = document;
    this.#faults = faults;
  }

  convert(node: Node): unknown {
    if (++this.#values > MAX_VALUES) {
      if (this.#values === MAX_VALUES + 1) this.#fault(node, 'yaml-too-many', `the file holds more than ${MAX_VALUES} values`);
      return null;
    }
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target) return this.convert(target);
      this.#fault(node, 'yaml-syntax', `nothing is called "${node.source}"`);
      return null;
    }
    if (isScalar(node)) return scalar(node);
    if (isSeq(node)) return node.items.map((item) => this.convert(item as Node));
    if (!isMap(node)) return null;
    const record: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = keyOf(pair);
      if (key === null) this.#fault(pair.key, 'key-invalid', 'a key is not text');
      else if (key === '__proto__') this.#fault(pair.key, 'key-invalid', `"${key}" is no name`);
      else if (seen.has(key)) this.#fault(pair.key, 'key-duplicate', `"${key}" is there twice`);
      else {
        seen.add(key);
        record[key] = pair.value ? this.convert(pair.value) : null;
      }
    }
    return record;
  }

  #fault(node: Node, code: string, message: string): void {
    const [from = 0, to = from + 1] = node.range ?? [];
    this.#faults.push({ from, to, code, message });
  }
}

function keyOf(pair: Pair): string | null {
  return isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : null;
}

function scalar(node: Scalar): unknown {
  const { value, source } = node;
  if (typeof value !== 'number' || source === undefined) return value;
  return source.replace(/\D/g, '').length > SAFE_DIGITS ? source : value;
}

function spanOf(document: Document.Parsed, path: Path, key: boolean, length: number): { from: number; to: number } {
  let node: Node | null = document.contents;
  let range: readonly number[] = node?.range ?? [0, Math.min(1, length)];
  let last: ParsedNode | Node | null = null;
  for (const step of path) {
    const from: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    const pair: Pair | undefined = isMap(from) ? (from.items as Pair[]).find((one) => keyOf(one) === String(step)) : undefined;
    const item = isSeq(from) ? (from.items[Number(step)] as Node | undefined) : undefined;
    if (!pair && !item) break;
    last = (pair?.key as Node | undefined) ?? null;
    node = (pair ? (pair.value as Node | null) : (item as Node)) ?? null;
    range = (node ?? last)?.range ?? range;
  }
  if (key && last?.range) range = last.range;
  return { from: range[0] ?? 0, to: Math.max(range[1] ?? 0, (range[0] ?? 0) + 1) };
}
