/** The reference of `native/text/src/letters.rs`. */

const WORD = /[\p{Alphabetic}\p{N}_]/u;
/** Combining marks of the general blocks, and joiners: first and last code point. */
const MARKS = [
  [0x300, 0x36f],
  [0x1ab0, 0x1aff],
  [0x1dc0, 0x1dff],
  [0x200c, 0x200d],
  [0x20d0, 0x20ff],
  [0xfe00, 0xfe2f],
] as const;

/** Part of a word: a letter, a digit, a low line, or what is written upon or between letters. */
export function isWord(c: string): boolean {
  const code = c.codePointAt(0) as number;
  return WORD.test(c) || MARKS.some(([first, last]) => first <= code && code <= last);
}

/** One character for the several that print the same: apostrophes and hyphens. */
export function plain(c: string): string {
  if (c === '\u2018' || c === '\u2019' || c === '\u02bc') return "'";
  if (c === '\u2010' || c === '\u2011') return '-';
  return c;
}
