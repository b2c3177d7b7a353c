import type { Fold } from './folds.ts';
import type { Matrix } from './matrix.ts';

/** The last move of a row's own key that was known when the row was: 1 up, 0 down, -1 none yet. */
export function lastMoves({ key, up, originNs, knownNs }: Matrix): Int8Array {
  const rows = originNs.length;
  const byKnown = Int32Array.from({ length: rows }, (_, row) => row).sort((a, b) => compare(knownNs[a] as bigint, knownNs[b] as bigint));
  const last = new Map<number, number>();
  const moves = new Int8Array(rows);
  let next = 0;
  for (let row = 0; row < rows; row++) {
    for (; next < rows && (knownNs[byKnown[next] as number] as bigint) <= (originNs[row] as bigint); next++) {
      const before = byKnown[next] as number;
      if (up[before] !== -1) last.set(key[before] as number, up[before] as number);
    }
    moves[row] = last.get(key[row] as number) ?? -1;
  }
  return moves;
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** Probability of up by the last move: what follows an up, and what follows a down, in the rows learnt from. */
export function persistence({ up }: Matrix, moves: Int8Array, { train }: Fold): (row: number, base: number) => number {
  const counts = [0, 0];
  const ups = [0, 0];
  for (const row of train) {
    const before = moves[row] as number;
    if (up[row] === -1 || before === -1) continue;
    counts[before] = (counts[before] as number) + 1;
    ups[before] = (ups[before] as number) + (up[row] as number);
  }
  return (row, base) => {
    const before = moves[row] as number;
    return before === -1 || counts[before] === 0 ? base : (ups[before] as number) / (counts[before] as number);
  };
}
