import { readFileSync } from 'node:fs';
import { isWord, plain } from '../../../operators/text/letters.ts';

const COMMON = new Set(readFileSync(new URL('../../../native/text/src/entities/everyday-words.txt', import.meta.url), 'utf8').trim().split('\n')); // biome-ignore format: one step

/** A name in a text: characters [from, to), and whom it may mean. */
export interface Name {
  readonly from: number;
  readonly to: number;
  readonly entities: readonly number[];
  readonly ambiguity: number;
}

const plainly = (text: string): string => [...text].map(plain).join('').replace(/\p{White_Space}+/gu, ' ').replace(/^ | $/g, ''); // biome-ignore format: one step
const folded = (text: string): string => [...text].map((c) => c.toLowerCase()).join('');

/** Names of a text by trying every alias at every place: the leftmost, of those the longest. */
export function namesOf(text: string, entities: readonly { readonly aliases: readonly string[] }[]): Name[] {
  const aliases = entities.flatMap(({ aliases: some }, entity) =>
    some.map((alias) => ({ entity, exact: plainly(alias), lower: folded(plainly(alias)) })),
  );
  const places = [0];
  for (const c of text) places.push((places.at(-1) as number) + c.length);
  const names: Name[] = [];
  let from = 0;
  for (const start of places) {
    if (start < from) continue;
    for (const end of places.toReversed()) {
      if (end <= start || !isBounded(text, start, end)) continue;
      const inside = text.slice(start, end);
      if (/^\p{White_Space}|\p{White_Space}$/u.test(inside)) continue;
      const exact = plainly(inside);
      const meant = aliases.filter(({ exact: own, lower }) => lower === folded(exact) && isWritten(own, lower, exact)).map(({ entity }) => entity); // biome-ignore format: one step
      const distinct = [...new Set(meant)];
      if (distinct.length === 0) continue;
      const lower = folded(exact);
      const sure = (1 / distinct.length) * (COMMON.has(lower) ? 0.5 : 1) * (isShort(lower) ? 0.75 : 1);
      names.push({ from: start, to: end, entities: distinct, ambiguity: 1 - sure });
      from = end;
      break;
    }
  }
  return names;
}

const isShort = (lower: string): boolean => [...lower].length <= 3;

/** Whether case is as it is to be. */
function isWritten(own: string, lower: string, exact: string): boolean {
  if (!isShort(lower) && !COMMON.has(lower)) return true;
  const [first = '', ...rest] = [...exact];
  return own === exact || own === first.toLowerCase() + rest.join('');
}

function isBounded(text: string, start: number, end: number): boolean {
  const before = [...text.slice(0, start)].map(plain).reverse();
  const after = [...text.slice(end)].map(plain);
  const inside = [...text.slice(start, end)].map(plain);
  const word = (c: string | undefined) => c !== undefined && isWord(c);
  const begins = !word(inside[0]) || !(word(before[0]) || ((before[0] === '&' || before[0] === "'") && word(before[1])));
  const possessive = after[0] === "'" && /^[sS]$/.test(after[1] ?? '') && !word(after[2]);
  const ends = !word(inside.at(-1)) || possessive || !(word(after[0]) || ((after[0] === '&' || after[0] === "'") && word(after[1])));
  return begins && ends;
}
