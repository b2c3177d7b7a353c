import { type Span, type Token, tokensOf } from './tokens.ts';

/** The shipped model, read and scored in the plainest words. */
export interface Model {
  readonly hash: string;
  score(text: string, entity: Span, others: readonly Span[]): readonly [number, number, number];
}

interface Marked extends Token {
  readonly hash: bigint;
  /** Places of its classes in the word list, from 1. */
  readonly classes: readonly number[];
  readonly clause: number;
}

type Emit = (block: number, feature: bigint) => void;

const [WORDS, LETTERS, PLACE, CLASSES, OUTLINE] = [0, 1, 2, 3, 4];
const CLAUSES = 'as while but after despite amid on though although ; , : however whereas even with'.split(' ');
const FACTOR = 0x9e3779b97f4a7c15n;
const PRIME = 0x100000001b3n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const next = (hash: bigint, c: string): bigint => u64((hash ^ BigInt(c.charCodeAt(0))) * PRIME);
const hashOf = (letters: string): bigint => [...letters].reduce(next, 0xcbf29ce484222325n);
const pair = (first: bigint, second: bigint | number): bigint => u64((u64((first << 5n) | (first >> 59n)) ^ BigInt(second)) * FACTOR);
const seed = (family: string): bigint => u64(BigInt(family.charCodeAt(0)) * PRIME);

interface ModelFile {
  readonly features: { readonly bits: number; readonly blocks: readonly number[] };
  readonly lexicon: string;
  readonly calibration: Readonly<Record<'whole' | 'single' | 'several', readonly (readonly number[])[]>>;
  readonly weights: { readonly step: number; readonly bytes: string };
  readonly sha256: string;
}

export function readModel(text: string): Model {
  const { features, lexicon, calibration, weights, sha256 } = JSON.parse(text) as ModelFile;
  const table = Buffer.from(weights.bytes, 'base64');
  const names: string[] = [];
  const classes = new Map<string, number[]>();
  for (const line of lexicon.split('\n').filter((one) => one.trim() !== '')) {
    names.push(line.slice(0, line.indexOf(':')).trim());
    for (const word of line
      .slice(line.indexOf(':') + 1)
      .trim()
      .split(/\s+/)) {
      const letters = Buffer.from(word).toString('latin1');
      classes.set(letters, [...(classes.get(letters) ?? []), names.length]);
    }
  }
  const not = names.indexOf('not') + 1;

  return {
    hash: sha256,
    score(headline, entity, others) {
      const tokens = marked(tokensOf(Buffer.from(headline), entity, others), classes);
      const sums = features.blocks.map(() => [0, 0, 0]);
      const counts = features.blocks.map(() => 0);
      featuresOf(tokens, not, (block, feature) => {
        const bucket = Number(u64((feature ^ (feature >> 32n)) * FACTOR) >> BigInt(64 - features.bits));
        for (let i = 0; i < 3; i++) (sums[block] as number[])[i] = (sums[block]?.[i] ?? 0) + table.readInt8(3 * bucket + i);
        counts[block] = (counts[block] ?? 0) + 1;
      });
      const raw = [0, 1, 2].map((i) =>
        features.blocks.reduce(
          (all, scale, b) => all + ((scale * weights.step) / Math.sqrt(Math.max(counts[b] ?? 0, 1))) * (sums[b]?.[i] ?? 0),
          0,
        ),
      );
      const has = (kind: string) => tokens.some((token) => token.kind === kind);
      const map = calibration[!has('target') ? 'whole' : has('other') ? 'several' : 'single'];
      const odds = map.map((row) => raw.reduce((all, score, i) => all + (row[i] as number) * score, row[3] as number));
      const parts = odds.map((odd) => Math.exp(odd - Math.max(...odds)));
      const sum = parts.reduce((a, b) => a + b);
      return parts.map((part) => part / sum) as [number, number, number];
    },
  };
}

function marked(tokens: readonly Token[], classes: ReadonlyMap<string, readonly number[]>): Marked[] {
  let clause = 0;
  return tokens.map((token) => {
    const plain = token.kind === 'word' || token.kind === 'sign';
    if (plain && CLAUSES.includes(token.letters)) clause += 1;
    return { ...token, hash: hashOf(token.letters), classes: (plain && classes.get(token.letters)) || [], clause };
  });
}

const classOrWord = (token: Marked): bigint => (token.classes[0] === undefined ? token.hash : BigInt(token.classes[0]));

function featuresOf(tokens: readonly Marked[], not: number, emit: Emit): void {
  const outline = tokens.flatMap((token, at) =>
    token.kind !== 'word' || token.classes.length > 0 ? [{ item: classOrWord(token), at }] : [],
  );
  grams('W', 1, 3, tokens.map((token) => token.hash), WORDS as number, emit); // biome-ignore format: one step
  for (const token of tokens) if (token.kind === 'word' && token.letters.length > 1) letterGrams(token.letters.slice(0, 20), emit);
  classFeatures(tokens, not, emit);
  grams('k', 1, 4, outline.map(({ item }) => item), OUTLINE as number, emit); // biome-ignore format: one step
  grams('m', 2, 3, tokens.map(classOrWord), OUTLINE as number, emit); // biome-ignore format: one step
  const target = tokens.findIndex((token) => token.kind === 'target');
  if (target < 0) return;
  place(tokens, target, emit);
  around(tokens, target, outline, emit);
  const own = outline.filter(({ at }) => tokens[at]?.clause === tokens[target]?.clause).map(({ item }) => item);
  grams('o', 1, 4, own, CLASSES as number, emit);
  emit(CLASSES as number, own.reduce(pair, seed('O'))); // biome-ignore format: one step
}

function grams(family: string, shortest: number, longest: number, items: readonly bigint[], block: number, emit: Emit): void {
  const padded = [seed('^'), ...items, seed('$')];
  for (let first = 0; first < padded.length; first++)
    for (let size = shortest; size <= longest && first + size <= padded.length; size++)
      emit(block, padded.slice(first, first + size).reduce(pair, seed(family))); // biome-ignore format: one step
}

function letterGrams(word: string, emit: Emit): void {
  const padded = `^${word}$`;
  for (let first = 0; first < padded.length; first++)
    for (let size = 2; size <= 5 && first + size <= padded.length; size++)
      emit(LETTERS as number, [...padded.slice(first, first + size)].reduce(next, seed('C'))); // biome-ignore format: one step
}

function classFeatures(tokens: readonly Marked[], not: number, emit: Emit): void {
  let negated = 0;
  for (const { classes } of tokens) {
    for (const one of classes) emit(CLASSES as number, pair(seed('l'), one));
    if (classes.length > 1) emit(CLASSES as number, pair(seed('L'), classes.reduce((set, one) => set | (1n << BigInt(one - 1)), 0n))); // biome-ignore format: one step
    if (classes.includes(not)) negated = 4;
    else if (negated > 0) {
      negated -= 1;
      for (const one of classes) emit(CLASSES as number, pair(seed('n'), one));
    }
  }
}

function distance(target: number, at: number): number {
  const far = Math.abs(at - target);
  const step = far <= 2 ? far : far <= 4 ? 3 : far <= 8 ? 5 : 9;
  return at > target ? step + 16 : step;
}

const clause = (tokens: readonly Marked[], target: number, at: number): number =>
  2 + Math.sign((tokens[at] as Marked).clause - (tokens[target] as Marked).clause);

function place(tokens: readonly Marked[], target: number, emit: Emit): void {
  const say = (family: string, where: number, ...hashes: bigint[]) => emit(PLACE as number, hashes.reduce(pair, pair(seed(family), where))); // biome-ignore format: one step
  tokens.forEach(({ hash }, at) => {
    if (at === target) return;
    const side = at > target ? 2 : 1;
    say('P', distance(target, at), hash);
    say('D', side, hash);
    say('S', clause(tokens, target, at), hash);
    const after = tokens[at + 1];
    if (after && at + 1 !== target) say('B', side, hash, after.hash);
  });
  const others = (from: number, to: number) => Math.min(tokens.slice(from, to).filter(({ kind }) => kind === 'other').length, 2);
  say('A', 1 + others(0, target) * 3 + others(target, tokens.length));
  say('E', target === 0 ? 1 : target + 1 === tokens.length ? 3 : 2);
}

function around(tokens: readonly Marked[], target: number, outline: readonly { item: bigint; at: number }[], emit: Emit): void {
  tokens.forEach(({ classes }, at) => {
    for (const one of classes) {
      emit(CLASSES as number, pair(pair(seed('p'), distance(target, at)), one));
      emit(CLASSES as number, pair(pair(seed('s'), clause(tokens, target, at)), one));
    }
  });
  const own = outline.findIndex(({ at }) => at === target);
  outline.forEach(({ item }, i) => {
    if (i !== own) emit(CLASSES as number, pair(pair(seed('q'), Math.max(-4, Math.min(4, i - own)) + 5), item));
  });
}
