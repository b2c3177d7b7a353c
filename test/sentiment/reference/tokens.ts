/** What the shipped model reads of a text: the page `native/polarity/README.md` in the plainest words. */
export interface Token {
  readonly kind: 'word' | 'number' | 'sign' | 'target' | 'other';
  /** Letters as bytes, one character each. */
  readonly letters: string;
}

/** Bytes [from, to) of a text. */
export type Span = readonly [from: number, to: number];

const REACH = 300;
const OTHERS = 16;

/** The byte at a place as it is compared, and how many bytes it takes. */
function letter(text: Buffer, at: number): readonly [c: string, length: number] {
  const three = text.subarray(at, at + 3).toString();
  if (text[at] === 0xe2 && text[at + 1] === 0x80 && at + 2 < text.length) {
    if (/^[‘’]$/.test(three)) return ["'", 3];
    if (/^[“”]$/.test(three)) return ['"', 3];
    if (/^[\u2010-\u2015]$/.test(three)) return ['-', 3];
    return [' ', 3];
  }
  if (text[at] === 0xc2 && text[at + 1] === 0xa0) return [' ', 2];
  const c = String.fromCharCode(text[at] as number);
  return [/[A-Z]/.test(c) ? c.toLowerCase() : c, 1];
}

const isWord = (c: string): boolean => /[a-zA-Z0-9\x80-\xff]/.test(c);
const isDigit = (c: string): boolean => /[0-9]/.test(c);

/** Tokens of the text around an entity; an empty span means the whole. */
export function tokensOf(text: Buffer, entity: Span, others: readonly Span[]): Token[] {
  const whole = entity[0] >= entity[1];
  const window: Span = whole ? [0, Math.min(text.length, 2 * REACH)] : [Math.max(entity[0] - REACH, 0), Math.min(text.length, entity[1] + REACH)]; // biome-ignore format: one step
  const spans: { from: number; to: number; kind: 'target' | 'other' }[] = whole ? [] : [{ from: entity[0], to: entity[1], kind: 'target' }];
  for (const other of others) {
    const [from, to] = [Math.max(other[0], window[0]), Math.min(other[1], window[1])];
    const over = spans.some((kept) => from < kept.to && kept.from < to);
    if (from < to && !over && spans.length <= OTHERS) spans.push({ from, to, kind: 'other' });
  }
  spans.sort((a, b) => a.from - b.from);
  const tokens: Token[] = [];
  let at = window[0];
  for (const { from, to, kind } of spans) {
    tokens.push(...run(text.subarray(0, from), at), { kind, letters: kind === 'target' ? '<t>' : '<o>' });
    at = pastPossessive(text.subarray(0, window[1]), to);
  }
  return [...tokens, ...run(text.subarray(0, window[1]), at)];
}

function pastPossessive(text: Buffer, end: number): number {
  if (end >= text.length || letter(text, end)[0] !== "'") return end;
  const after = end + letter(text, end)[1];
  const word = (at: number) => at < text.length && isWord(letter(text, at)[0]);
  if (/[sS]/.test(String.fromCharCode(text[after] ?? 0)) && !word(after + 1)) return after + 1;
  return word(after) ? end : after;
}

function run(text: Buffer, from: number): Token[] {
  const tokens: Token[] = [];
  let at = from;
  while (at < text.length) {
    const [c, length] = letter(text, at);
    if (isWord(c)) {
      const [token, next] = wordAt(text, at);
      tokens.push(token);
      at = next;
      continue;
    }
    const before = at > from && isWord(String.fromCharCode(text[at - 1] as number));
    const between = c === '-' && before && at + length < text.length && isWord(letter(text, at + length)[0]);
    if (c > ' ' && c !== '\x7f' && !between) tokens.push({ kind: 'sign', letters: c });
    at += length;
  }
  return tokens;
}

function wordAt(text: Buffer, start: number): readonly [Token, number] {
  const figure = isDigit(String.fromCharCode(text[start] as number));
  let [at, number, letters, previous] = [start, figure, '', ''];
  while (at < text.length) {
    const [c, length] = letter(text, at);
    const after = at + length < text.length ? letter(text, at + length)[0] : null;
    const joins = after !== null && (c === ',' ? isDigit(previous) && isDigit(after) : /['.&]/.test(c) && isWord(after));
    if (!isWord(c) && !joins) break;
    number = number && /[0-9.,]/.test(c);
    const digit = figure && isDigit(c);
    if (!(digit && isDigit(previous))) letters += digit ? '0' : c;
    previous = c;
    at += length;
  }
  return [number ? { kind: 'number', letters: '0' } : { kind: 'word', letters }, at];
}
