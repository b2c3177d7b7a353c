/** Return and risk by their definitions over whole series: slow, plain and independent of the native ones, whose oracle they are. */

/** A return with that of the benchmark (0 without one), and when it began and ended, ns; it began null where nothing was before. */
export interface Step {
  readonly value: number;
  readonly benchmark: number;
  /** The values that it was taken of, else 1 and 1 + return. */
  readonly levels: readonly [number, number];
  readonly from: bigint | null;
  readonly to: bigint;
}

type Steps = readonly Step[];

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Deviations from the mean; measured from the first value, so that a flat series has none. */
function deviations(values: readonly number[]): number[] {
  const from = values.map((value) => value - (values[0] as number));
  return from.map((value) => value - total(from) / from.length);
}

const mean = (values: readonly number[]): number => total(values) / values.length;
const squares = (values: readonly number[]): number => total(values.map((value) => value * value));
const products = (a: readonly number[], b: readonly number[]): number => total(a.map((value, i) => value * (b[i] as number)));
const ratio = (over: number, under: number): number | null => (under > 0 ? over / under : null);
const between = (value: number | null): number | null => value && Math.min(1, Math.max(-1, value));

/** Wealth after each step, and before the first; a step that begins elsewhere counts by its ratio. */
function path(steps: Steps): number[] {
  const levels = [steps[0]?.levels[0] ?? 1];
  for (const {
    levels: [from, to],
  } of steps) {
    const level = levels.at(-1) as number;
    levels.push(level === from ? to : level * (to / from));
  }
  return levels;
}

export function growth(steps: Steps): number {
  const levels = path(steps);
  const first = levels[0] as number;
  return ((levels.at(-1) as number) - first) / first;
}

export const annual = (steps: Steps, periods: number): number => Math.expm1((periods / steps.length) * Math.log1p(growth(steps)));

export function sampleDeviation(steps: Steps): number | null {
  return steps.length < 2 ? null : Math.sqrt(squares(deviations(steps.map(({ value }) => value))) / (steps.length - 1));
}

export function sharpe(steps: Steps, riskFree: number): number | null {
  const deviation = sampleDeviation(steps);
  return deviation === null ? null : ratio(mean(steps.map(({ value }) => value)) - riskFree, deviation);
}

export function sortino(steps: Steps, minimum: number): number | null {
  const short = steps.map(({ value }) => Math.min(0, value - minimum));
  return ratio(mean(steps.map(({ value }) => value)) - minimum, Math.sqrt(squares(short) / short.length));
}

/** What is lost of the peak of wealth now, the most that was, and when the peak was. */
export function drawdown(steps: Steps): { readonly now: number; readonly most: number; readonly since: bigint | null } {
  const levels = path(steps);
  let [peak, most] = [levels[0] as number, 0];
  let since = steps[0]?.from ?? null;
  for (const [i, step] of steps.entries()) {
    const level = levels[i + 1] as number;
    if ((levels[i] as number) >= peak) since = step.from;
    if (level >= peak) [peak, since] = [level, step.to];
    most = Math.max(most, 1 - level / peak);
  }
  return { now: 1 - (levels.at(-1) as number) / peak, most, since };
}

export function beta(steps: Steps): { readonly beta: number | null; readonly correlation: number | null } {
  const [own, other] = [deviations(steps.map(({ value }) => value)), deviations(steps.map(({ benchmark }) => benchmark))];
  const product = products(own, other);
  return {
    beta: ratio(product, squares(other)),
    correlation: between(ratio(product, Math.sqrt(squares(own)) * Math.sqrt(squares(other)))),
  };
}

export function ewmaBeta(steps: Steps, lambda: number): { readonly beta: number | null; readonly correlation: number | null } {
  const weights = steps.map((_, i) => lambda ** (steps.length - 1 - i));
  const sum = (of: (step: Step) => number) => products(weights, steps.map(of));
  const [own, other] = [sum(({ value }) => value ** 2), sum(({ benchmark }) => benchmark ** 2)];
  const product = sum(({ value, benchmark }) => value * benchmark);
  return { beta: ratio(product, other), correlation: between(ratio(product, Math.sqrt(own) * Math.sqrt(other))) };
}
