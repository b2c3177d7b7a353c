/** Longest word that is looked up; longer ones are no slip of the hand. */
const MAX_LENGTH = 64;

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other, or `limit + 1` where there are more. */
function distance(a: string, b: string, limit: number, rows: readonly [Int32Array, Int32Array, Int32Array]): number {
  if (limit < 1) return a === b ? 0 : 1;
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let [before, last, row] = rows;
  for (let j = 0; j <= b.length; j++) last[j] = j;
  for (let i = 1; i <= a.length; i++) {
    row[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] as number) + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    if (least > limit + 1) return limit + 1; // a swap may still save one
    [before, last, row] = [last, row, before];
  }
  return Math.min(last[b.length] as number, limit + 1);
}

/** The name that was probably meant, or null when none is near (a third of its letters may differ). */
export function nearest(word: string, names: Iterable<string>): string | null {
  if (word.length > MAX_LENGTH) return null;
  let best: string | null = null;
  let bestCost = MAX_LENGTH;
  const rows = [new Int32Array(MAX_LENGTH + 1), new Int32Array(MAX_LENGTH + 1), new Int32Array(MAX_LENGTH + 1)] as const;
  const lower = word.toLowerCase().replaceAll('-', '_');
  for (const name of names) {
    if (name.length > MAX_LENGTH) continue;
    const limit = Math.min(bestCost - 1, Math.max(1, Math.floor(Math.max(word.length, name.length) / 3)));
    const cost = distance(lower, name.toLowerCase(), limit, rows);
    if (cost > limit) continue;
    best = name;
    bestCost = cost;
    if (cost <= 1) break; // nothing nearer among thousands is worth the search
  }
  return best;
}

/** The name that is nearer to a word than every other; null where none is near, or two are equally. */
export function nearestAlone(word: string, names: readonly string[]): string | null {
  const near = nearest(word, names);
  if (near === null) return null;
  const rows = [new Int32Array(MAX_LENGTH + 1), new Int32Array(MAX_LENGTH + 1), new Int32Array(MAX_LENGTH + 1)] as const;
  const lower = word.toLowerCase().replaceAll('-', '_');
  const cost = distance(lower, near.toLowerCase(), MAX_LENGTH, rows);
  const rivals = names.filter((name) => name !== near && name.length <= MAX_LENGTH);
  return rivals.some((name) => distance(lower, name.toLowerCase(), Math.max(cost, 1), rows) <= cost) ? null : near;
}

/** `Did you mean "x"?`, else the names there are (`what`: `columns`), else nothing. */
export function hintFor(word: string, names: Iterable<string>, what?: string): string | undefined {
  const all = [...names];
  const near = all.includes(word) ? null : nearest(word, all); // that it is not there is not what is wrong
  if (near !== null) return `Did you mean "${near}"?`;
  if (what === undefined || all.length === 0) return undefined;
  const shown = all.length > 24 ? [...all.slice(0, 24), `and ${all.length - 24} more`] : all;
  return `The ${what}: ${shown.join(', ')}.`;
}
