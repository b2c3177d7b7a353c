import { readFileSync } from 'node:fs';
import { isWord, plain } from '../../../operators/text/letters.ts';

const read = (name: string): string => readFileSync(new URL(`../../../native/text/src/language/${name}`, import.meta.url), 'utf8');

const ODDS = new Map(read('trigrams.txt').trim().split('\n').map((line) => [line.slice(0, 3), Number(line.slice(4))] as const)); // biome-ignore format: one step
const [ENGLISH, FOREIGN] = [...read('stop_words.rs').matchAll(/: &str =\s+"([^"]*)"/g)].map(
  ([, words]) => new Set((words as string).replaceAll('\\', ' ').trim().split(/\s+/)),
) as [Set<string>, Set<string>];

/** Whether a text is taken for English: `native/text/src/language` in the plainest words. */
export function isEnglish(text: string): boolean {
  const letters = [...text].slice(0, 2000).map(plain).map((c) => (isWord(c) && !/[0-9_]/.test(c) ? c.toLowerCase() : ' ')).join(''); // biome-ignore format: one step
  const words = letters.replace(/[\u0300-\u036f]/g, '').split(' ').filter((word) => word !== ''); // biome-ignore format: one step
  const all = [...words.join('')];
  const latin = all.filter((c) => /[a-z\u00aa-\u024f\u1e00-\u1eff]/.test(c)).length;
  if (all.length - latin > latin) return false;
  if (words.length < 3) return true;
  const scores = words.map((word) => {
    const padded = [...`_${word}_`];
    const trigrams = padded.slice(2).map((_, i) => padded.slice(i, i + 3).join(''));
    const stop = ENGLISH.has(word) ? 300 : FOREIGN.has(word) ? -300 : 0;
    const foreign = /[\u00aa-\u024f\u1e00-\u1eff]/.test(word) ? -150 : 0;
    return { odds: trigrams.reduce((sum, trigram) => sum + (ODDS.get(trigram) ?? 0), stop + foreign), count: trigrams.length };
  });
  const [odds, count] = scores.reduce(([o, n], score) => [o + score.odds, n + score.count], [0, 0]);
  return odds >= -400 + 5 * count;
}
