import type { Column } from '../../graph/contract/batch.ts';
import { escapedName } from './escape.ts';

/** One column of a batch as cells of lines: `,name=value`, or nothing where the row is null. */
export interface Cells {
  /** Takes the column of the next batch. */
  load(column: Column): void;
  /** Adds the bytes of rows [from, from + n) to `sizes`. */
  measure(sizes: Int32Array, from: number, n: number): void;
  /** Writes them where `ends` says the lines end so far, and moves those. */
  write(bytes: Uint8Array, ends: Int32Array, from: number, n: number): void;
}

/** Bit of a bitmap. */
export const bit = (bits: Uint8Array, row: number): number => ((bits[row >> 3] as number) >> (row & 7)) & 1;

/** What goes before the value of a cell. */
export function cellPrefix(name: string, tail: readonly number[] = []): Uint8Array {
  return Uint8Array.from([44, ...escapedName(name), 61, ...tail]);
}

/** Writes a prefix at `at` and gives where it ends. */
export function writePrefix(bytes: Uint8Array, at: number, prefix: Uint8Array): number {
  const length = prefix.length;
  for (let k = 0; k < length; k++) bytes[at + k] = prefix[k] as number;
  return at + length;
}
