import type { KernelKind } from '../ports.ts';
import { episodeOf } from './episode.ts';
import { difference } from './run.ts';
import { asYaml, shrunk } from './shrink.ts';

export interface Campaign {
  readonly seed: number;
  /** Rows over all episodes. */
  readonly operations: number;
  /** Rows of one episode, with kernels of its own. */
  readonly each: number;
  readonly kinds: readonly [KernelKind, KernelKind];
  /** Told after every episode how many operations are done. */
  progress?(done: number): void;
}

/** Runs episodes until one fails; then the fewest rows that show it, as text. Null: all passed. */
export function campaign({ seed, operations, each, kinds, progress }: Campaign): string | null {
  for (let done = 0, i = 0; done < operations; done += each, i++) {
    const episode = episodeOf(seed + i, Math.min(each, operations - done));
    if (difference(episode, kinds)) {
      const smallest = shrunk(episode, (some) => difference(some, kinds) !== null);
      const found = difference(smallest, kinds);
      return `seed ${seed + i}, step ${found?.step}: ${found?.message}\n${asYaml(smallest)}`;
    }
    progress?.(Math.min(done + each, operations));
  }
  return null;
}
