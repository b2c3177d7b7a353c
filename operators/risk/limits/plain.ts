/** Text that is read here: printable ASCII. */
const ODD = /[^\n\x20-\x7e]/;
/** `key:`, with its indentation. */
const LINE = /( *)([A-Za-z0-9_][\w./-]{0,200}):(?= |$)/y;
const KEY = /([A-Za-z0-9_][\w./-]{0,200}):(?= )/y;
/** A scalar that is one word, and what ends it. */
const WORD = /([\w.-]+)(?=[ ,}\]]|$)/y;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const DURATION = /^\d+(ns|us|ms|s|m|h|d)$/;
const NAME = /^[A-Za-z][A-Za-z_]*[A-Za-z0-9_-]*$/;
/** Names that YAML takes for something else. */
const TAKEN = /^(null|true|false)$/i;
/** Digits that every double keeps. */
const SAFE_DIGITS = 15;
const MAX_DEPTH = 8;

class Beyond extends Error {}

/**
 * The data of a YAML text of plain form: nested maps a key a line, flow maps and lists within a line, and scalars of one word. Null where a
 * text has anything else, or any fault: the whole of YAML is for `readDocument`, which gives the same of what is read here and takes twenty
 * times as long.
 */
export function readPlain(text: string): unknown {
  if (ODD.test(text)) return null;
  try {
    return new Lines(text).map(0, 0);
  } catch (error) {
    if (error instanceof Beyond) return null;
    throw error;
  }
}

class Lines {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
    this.#skip();
  }

  /** The map whose keys stand at an indentation; all lines have to belong to it where that is 0. */
  map(indent: number, depth: number): Record<string, unknown> {
    if (depth > MAX_DEPTH) throw new Beyond();
    const record: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      LINE.lastIndex = 0;
      const [whole = '', spaces = '', key = ''] = LINE.exec(line) ?? [];
      if (whole === '' && !(indent > 0 && indentOf(line) < indent)) throw new Beyond();
      if (indentOf(line) < indent) break;
      if (spaces.length !== indent || key === '__proto__' || seen.has(key)) throw new Beyond();
      seen.add(key);
      this.#at++;
      this.#skip();
      record[key] = this.#value(line, whole.length, indent, depth);
    }
    if (seen.size === 0) throw new Beyond();
    return record;
  }

  /** What follows a key: on its line, or on those below that are further in. */
  #value(line: string, from: number, indent: number, depth: number): unknown {
    const flow = new Flow(line, from);
    const below = this.#lines[this.#at];
    const inner = below === undefined ? 0 : indentOf(below);
    if (!flow.ends()) {
      if (inner > indent) throw new Beyond();
      return flow.whole();
    }
    if (below === undefined || inner <= indent) return null;
    if (below[inner] !== '{') return this.map(inner, depth + 1);
    this.#at++;
    this.#skip();
    const next = this.#lines[this.#at];
    if (next !== undefined && indentOf(next) > indent) throw new Beyond();
    return new Flow(below, inner).whole();
  }

  /** Goes on to the next line with something on it. */
  #skip(): void {
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[this.#at]) {
      const at = indentOf(line);
      if (at < line.length && line[at] !== '#') return;
      this.#at++;
    }
  }
}

function indentOf(line: string): number {
  let at = 0;
  while (line[at] === ' ') at++;
  return at;
}

/** What stands on a line after a key. */
class Flow {
  readonly #line: string;
  #at: number;

  constructor(line: string, from: number) {
    this.#line = line;
    this.#at = from;
  }

  /** Whether nothing follows but a comment. */
  ends(): boolean {
    const { length } = this.#line;
    const before = this.#at;
    this.#spaces();
    return this.#at === length || (this.#line[this.#at] === '#' && this.#at > before);
  }

  whole(): unknown {
    const value = this.#value(0);
    if (!this.ends()) throw new Beyond();
    return value;
  }

  #value(depth: number): unknown {
    if (depth > MAX_DEPTH) throw new Beyond();
    this.#spaces();
    const first = this.#line[this.#at];
    if (first === '{') return this.#map(depth);
    if (first === '[') return this.#list(depth);
    return scalar(this.#match(WORD));
  }

  #map(depth: number): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    this.#items('}', () => {
      const key = this.#match(KEY);
      if (key === '__proto__' || Object.hasOwn(record, key)) throw new Beyond();
      this.#spaces();
      const next = this.#line[this.#at];
      record[key] = next === ',' || next === '}' ? null : this.#value(depth + 1);
    });
    return record;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.#items(']', () => list.push(this.#value(depth + 1)));
    return list;
  }

  #items(close: string, item: () => void): void {
    this.#at++;
    this.#spaces();
    if (this.#line[this.#at] !== close) {
      for (;;) {
        item();
        this.#spaces();
        if (this.#line[this.#at] === close) break;
        if (this.#line[this.#at] !== ',') throw new Beyond();
        this.#at++;
        this.#spaces();
      }
    }
    this.#at++;
  }

  #spaces(): void {
    while (this.#line[this.#at] === ' ') this.#at++;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#line)?.[1];
    if (found === undefined) throw new Beyond();
    this.#at = pattern.lastIndex;
    return found;
  }
}

function scalar(word: string): unknown {
  if (NUMBER.test(word)) return word.replace(/\D/g, '').length > SAFE_DIGITS ? word : Number(word);
  if (DURATION.test(word) || (NAME.test(word) && !TAKEN.test(word))) return word;
  throw new Beyond();
}
