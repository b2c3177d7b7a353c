import { isWord, plain } from '../text/letters.ts';

/** What is compared of a text. */
export interface Print {
  /** Its words in lower case, joined by spaces; of a text without words, the text behind a character that is in no words. */
  readonly words: string;
  /** SimHash: 64 signs. */
  readonly signs: bigint;
  /** Its words with digits. */
  readonly numbers: string;
}

const SHINGLE = 4;
const WORD = 2n ** 64n - 1n;

/** FNV-1a from a seed, finished as MurmurHash3 does. */
function hash(bytes: Uint8Array, seed: bigint): bigint {
  let sum = 0xcbf29ce484222325n ^ seed;
  for (const byte of bytes) sum = ((sum ^ BigInt(byte)) * 0x100000001b3n) & WORD;
  sum = ((sum ^ (sum >> 33n)) * 0xff51afd7ed558ccdn) & WORD;
  sum = ((sum ^ (sum >> 33n)) * 0xc4ceb9fe1a85ec53n) & WORD;
  return sum ^ (sum >> 33n);
}

/** A plus or minus before a number and after no word: what is written for it, with a 0 where the number begins with its point. */
function signOf(c: string, before: string | undefined, after: string): string | null {
  const number = /^\.?[0-9]/.exec(after);
  if (!/^[+\u2212-]$/.test(c) || !number || (before !== undefined && isWord(before))) return null;
  return ` ${c === '+' ? '+' : '-'}${number[0].startsWith('.') ? '0' : ''}`;
}

/** The words of a text in lower case. */
export function normal(text: string): string {
  const all = [...text].map(plain);
  return all
    .map((c, i) => {
      if (c === "'") return '';
      return isWord(c) && c !== '_' ? c.toLowerCase() : (signOf(c, all[i - 1], all.slice(i + 1, i + 3).join('')) ?? ' ');
    })
    .join('')
    .split(' ')
    .filter((word) => word !== '')
    .join(' ');
}

export function printOf(text: string): Print {
  const words = normal(text);
  if (words === '') return { words: `\0${text}`, signs: 0n, numbers: `\0${text}` };
  const list = words.split(' ');
  const bytes = Buffer.from(words);
  const features: [bytes: Uint8Array, seed: bigint, weight: number][] = [
    ...list.map((word): [Uint8Array, bigint, number] => [Buffer.from(word), 1n, 2]),
    ...list.slice(1).map((word, i): [Uint8Array, bigint, number] => [Buffer.from(`${list[i]} ${word}`), 2n, 1]),
    ...Array.from({ length: Math.max(bytes.length - SHINGLE + 1, 0) }, (_, i): [Uint8Array, bigint, number] => [
      bytes.subarray(i, i + SHINGLE),
      3n,
      1,
    ]),
  ];
  const sums = new Array<number>(64).fill(0);
  for (const [feature, seed, weight] of features) {
    const signs = hash(feature, seed);
    for (let i = 0; i < 64; i++) sums[i] = (sums[i] as number) + ((signs >> BigInt(i)) & 1n ? weight : -weight);
  }
  const signs = sums.reduce((all, sum, i) => (sum > 0 ? all | (1n << BigInt(i)) : all), 0n);
  return { words, signs, numbers: list.filter((word) => /[0-9]/.test(word)).join(' ') };
}

/** Signs that differ; null where another number is told. */
export function distance(a: Print, b: Print): number | null {
  if (a.words === b.words) return 0;
  if (a.numbers !== b.numbers) return null;
  return [...(a.signs ^ b.signs).toString(2)].filter((sign) => sign === '1').length;
}
