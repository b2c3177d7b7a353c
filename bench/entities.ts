import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atLeast, type Bench, figure } from './figure.ts';
import { costOf } from './measure.ts';

const ALIASES = 100_000;
const TEXTS = 20_000;
/** Words of the longest alias that is made. */
const LONGEST = 3;
/** From `dist-bench/bench`, where a bench runs. */
const NATIVE = fileURLToPath(new URL('../../native', import.meta.url));

const SYLLABLES = 'ka ri ta mo ven sol dor lin pax ter ion gra vel min ora'.split(' ');
const TAILS = ['', ' Bank', ' Industries', ' Motors', ' Group', ' Capital Partners', ' Steel', ' Pharma Ltd'];
const WORDS =
  'shares of rise after quarterly profit beats estimates as demand recovers in the second half while rivals report weaker sales and margins fall'.split(
    ' ',
  );

/** Names and headlines, the same in each run; every other headline has a name in it. */
function made(): { readonly aliases: readonly string[]; readonly texts: readonly string[] } {
  let state = 7;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
  const pick = (from: readonly string[]): string => from[draw(from.length)] as string;
  const name = (): string => {
    const word = Array.from({ length: 2 + draw(3) }, () => pick(SYLLABLES)).join('');
    return `${word[0]?.toUpperCase()}${word.slice(1)}${pick(TAILS)}`;
  };
  const aliases = new Set<string>();
  while (aliases.size < ALIASES) aliases.add(name());
  const list = [...aliases];
  const texts = Array.from({ length: TEXTS }, (_, i) => {
    const words = Array.from({ length: 6 + draw(6) }, () => pick(WORDS));
    if (i % 2 === 0) words[draw(words.length)] = pick(list);
    return words.join(' ');
  });
  return { aliases: list, texts };
}

/** Names found by looking runs of words up in a set, the longest first: what one would write in JavaScript. */
function bySet(names: ReadonlySet<string>, texts: readonly string[]): number {
  let found = 0;
  for (const text of texts) {
    const words = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
    for (let at = 0; at < words.length; at++) {
      for (let length = Math.min(LONGEST, words.length - at); length > 0; length--) {
        if (!names.has(words.slice(at, at + length).join(' '))) continue;
        found += 1;
        at += length - 1;
        break;
      }
    }
  }
  return found;
}

/** How fast names of a table of 100,000 are found in headlines: the crate by itself, CPU time. */
export const entities: Bench = {
  name: 'entities',
  summary: 'names of 100,000 aliases in headlines, beside a Set of them in JavaScript',
  async run({ folder }) {
    const { aliases, texts } = made();
    const files = [join(folder, 'aliases.txt'), join(folder, 'texts.txt')] as const;
    writeFileSync(files[0], aliases.join('\n'));
    writeFileSync(files[1], texts.join('\n'));
    const example = ['run', '--release', '--quiet', '-p', 'millrace-text', '--example', 'entities', '--', ...files];
    const run = spawnSync('cargo', example, { cwd: NATIVE, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`cargo run of the example failed: ${run.error?.message ?? run.stderr}`);
    const printed = JSON.parse(run.stdout) as { mb_per_second: number; found: number; build_ms: number };
    const names = new Set(aliases.map((alias) => alias.toLowerCase()));
    const bytes = texts.reduce((sum, text) => sum + text.length, 0);
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) best = Math.min(best, costOf(() => void bySet(names, texts)).cpu);
    const plain = { name: 'a Set of runs of words, JavaScript', figure: bytes / 1e6 / best };
    return [
      figure('names of 100,000 aliases', printed.mb_per_second, 'MB/CPU s', plain, [atLeast(100)]),
      figure('table of 100,000 aliases made', printed.build_ms, 'ms'),
    ];
  },
};
