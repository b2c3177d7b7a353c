import { loadavg } from 'node:os';

/** What a figure, or its ratio to the baseline, is hoped to reach. Measured and reported, never a gate. */
export interface Aim {
  readonly of: 'figure' | 'ratio';
  readonly is: 'at least' | 'at most';
  readonly bound: number;
}

/** One measured figure beside what it is measured against in the same run. */
export interface Figure {
  readonly name: string;
  readonly figure: number;
  readonly unit: string;
  /** The same work done plainly, in the same unit; null where nothing can be set beside it. */
  readonly baseline: { readonly name: string; readonly figure: number } | null;
  /** Figure divided by baseline. */
  readonly ratio: number | null;
  readonly aims: readonly Aim[];
}

/** What a bench is given. */
export interface BenchContext {
  /** A temporary folder of its own. */
  readonly folder: string;
  /** How long a bench that runs for a time runs. */
  readonly minutes: number;
  /** A line of progress for people. */
  note(line: string): void;
}

/** A bench: what it shows, and how it is measured. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  run(context: BenchContext): Promise<readonly Figure[]>;
}

/** The figures of one bench, with the load of the machine (1 minute) before and after. */
export interface Result {
  readonly bench: string;
  readonly load: readonly [number, number];
  readonly figures: readonly Figure[];
}

/** A figure; `against` makes the ratio. */
export function figure(name: string, value: number, unit: string, against: Figure['baseline'] = null, aims: readonly Aim[] = []): Figure {
  return { name, figure: value, unit, baseline: against, ratio: against === null ? null : value / against.figure, aims };
}

export const atLeast = (bound: number, of: Aim['of'] = 'figure'): Aim => ({ of, is: 'at least', bound });
export const atMost = (bound: number, of: Aim['of'] = 'figure'): Aim => ({ of, is: 'at most', bound });

/** Processes that wanted to run, on average over the last minute. */
export const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100;

/** Whether the figure reaches the aim. */
export function reaches({ figure: value, ratio }: Figure, { of, is, bound }: Aim): boolean {
  const found = of === 'figure' ? value : (ratio ?? Number.NaN);
  return is === 'at least' ? found >= bound : found <= bound;
}

/** A number with three or four digits that count. */
export function shown(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  return value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : 2);
}
