import { MIN_NS } from '../../../graph/contract/frame.ts';
import { Random } from '../../../graph/test-kit/random.ts';
import { PHASES, SELF_TRADE_MODES } from '../../../operators/match/words.ts';
import { Flow, type Operation } from './flow.ts';

/** What is done to a kernel, in order. */
export type Step =
  /** Rows of both ports in the order in which they are to be taken. */
  | { readonly kind: 'push'; readonly operations: readonly Operation[]; readonly floorNs: bigint }
  | { readonly kind: 'advance'; readonly watermarkNs: bigint }
  | { readonly kind: 'restart' };

/** A life of one kernel. */
export interface Episode {
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
}

/** The episode of a seed: so many operations over all books, in batches, with watermarks and restarts between them. */
export function episodeOf(seed: number, operations: number): Episode {
  const random = new Random(seed);
  const params = {
    self_trade: random.chance(0.5) ? 'none' : random.pick(SELF_TRADE_MODES),
    phase: random.chance(0.7) ? 'continuous' : random.pick(PHASES),
    depth: random.pick([0, 1, 2, 3, 5, 10, 1000]),
    increment_ticks: random.pick([1, 1, 1, 2]),
    increment_lots: random.pick([1, 1, 1, 2]),
  };
  const flow = new Flow(random, { phase: params.phase, ticks: params.increment_ticks, lots: params.increment_lots });
  const steps: Step[] = [];
  let floorNs = MIN_NS;
  let batch: Operation[] = [];
  const push = (): void => {
    if (batch.length > 0) steps.push({ kind: 'push', operations: batch, floorNs });
    batch = [];
  };
  const most = random.pick([1, 8, 64, 64, 400, 400, 400]);
  for (let i = 0; i < operations; i++) {
    const operation = flow.next();
    batch.push(operation);
    if (batch.length >= most) push();
    if (random.chance(0.01)) {
      push();
      const watermarkNs = flow.now - BigInt(random.int(-20, 20));
      if (watermarkNs > floorNs) floorNs = watermarkNs;
      steps.push({ kind: 'advance', watermarkNs: floorNs });
    }
    if (random.chance(0.002)) {
      push();
      steps.push({ kind: 'restart' });
    }
  }
  push();
  return { seed, params, steps };
}
