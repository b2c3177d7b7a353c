import type { Matrix } from './matrix.ts';

/** Rows of one step of a walk forward. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Steps forward through time: the rows are cut into `folds + 1` stretches of equal length, and each but the first is tested on what was known
 * before it. A row is learnt from only when its return was known `embargoNs` before the first tested row. Source: López de Prado, Advances
 * in Financial Machine Learning (2018), chapter 7.
 */
export function walkForward({ originNs, knownNs }: Matrix, folds: number, embargoNs: bigint): readonly Fold[] {
  const rows = originNs.length;
  return Array.from({ length: folds }, (_, i): Fold => {
    const from = Math.floor((rows * (i + 1)) / (folds + 1));
    const to = Math.floor((rows * (i + 2)) / (folds + 1));
    const beginNs = originNs[from] ?? 0n;
    const train: number[] = [];
    for (let row = 0; row < from; row++) if ((knownNs[row] as bigint) + embargoNs <= beginNs) train.push(row);
    return { train: Int32Array.from(train), test: Int32Array.from({ length: to - from }, (__, k) => from + k) };
  });
}
