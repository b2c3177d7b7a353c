/**
 * The indicators by their definitions, over whole columns: slow, plain and independent of the native ones, whose oracle they are.
 * Each takes its columns and gives its outputs, null until warm.
 */

type Values = readonly number[];
type Output = (number | null)[];
type Numbers = Readonly<Record<string, number>>;

const at = (values: Values, i: number): number => values[i] as number;
const mean = (values: Values): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A function of the last `n` values, null before there are as many. */
const windowed = (values: Values, n: number, of: (window: Values) => number): Output =>
  values.map((_, i) => (i + 1 < n ? null : of(values.slice(i + 1 - n, i + 1))));

/** The same over an output: it begins where that one does. */
function after(values: readonly (number | null)[], of: (values: Values) => Output): Output {
  const first = values.findIndex((value) => value !== null);
  if (first < 0) return values.map(() => null);
  return [...values.slice(0, first).map(() => null), ...of(values.slice(first) as number[])];
}

/** The mean of the first `n` values, then `next(last, value)`. */
function smoothed(values: Values, n: number, next: (last: number, value: number) => number): Output {
  let last = 0;
  return values.map((value, i) => {
    if (i + 1 < n) return null;
    last = i + 1 === n ? mean(values.slice(0, n)) : next(last, value);
    return last;
  });
}

const wilder = (values: Values, n: number): Output => smoothed(values, n, (last, value) => last * (1 - 1 / n) + value / n);
const sma = (values: Values, n: number): Output => windowed(values, n, mean);

function ema(values: Values, n: number): Output {
  const weight = 2 / (n + 1);
  return smoothed(values, n, (last, value) => weight * value + (1 - weight) * last);
}

/** Of the population; measured from the first value, so that a flat window has exactly none. */
function deviation(window: Values): number {
  const from = window.map((value) => value - at(window, 0));
  return Math.sqrt(mean(from.map((value) => (value - mean(from)) ** 2)));
}

const changes = (values: Values): number[] => values.slice(1).map((value, i) => value - at(values, i));

function rsi(values: Values, n: number): Output {
  const gains = wilder(
    changes(values).map((change) => Math.max(change, 0)),
    n,
  );
  const losses = wilder(
    changes(values).map((change) => Math.max(-change, 0)),
    n,
  );
  const index = gains.map((gain, i) => {
    const loss = losses[i] ?? null;
    if (gain === null || loss === null) return null;
    return gain === 0 && loss === 0 ? 0 : (100 * gain) / (gain + loss); // 100 - 100 / (1 + gain / loss) without its cancellation
  });
  return values.length === 0 ? [] : [null, ...index];
}

/** The fast average begins late enough for both to have their first value on one row. */
function macd(values: Values, { fast, slow, signal }: Numbers): Output[] {
  const late = Math.min((slow as number) - (fast as number), values.length);
  const fastLine = [...values.slice(0, late).map(() => null), ...ema(values.slice(late), fast as number)];
  const slowLine = ema(values, slow as number);
  const line = slowLine.map((value, i) => (value === null ? null : (fastLine[i] as number) - value));
  const average = after(line, (some) => ema(some, signal as number));
  const warm = (of: (i: number) => number): Output => average.map((value, i) => (value === null ? null : of(i)));
  return [warm((i) => line[i] as number), average, warm((i) => (line[i] as number) - (average[i] as number))];
}

function bbands(values: Values, { period, deviations }: Numbers): Output[] {
  const n = period as number;
  const band = (side: number): Output => windowed(values, n, (window) => mean(window) + side * (deviations as number) * deviation(window));
  return [band(-1), sma(values, n), band(1)];
}

/** From the second bar on. */
function trueRanges(high: Values, low: Values, close: Values): number[] {
  return close.slice(1).map((_, j) => {
    const i = j + 1;
    return Math.max(at(high, i) - at(low, i), Math.abs(at(high, i) - at(close, j)), Math.abs(at(low, i) - at(close, j)));
  });
}

function atr(high: Values, low: Values, close: Values, n: number): Output {
  return close.length === 0 ? [] : [null, ...wilder(trueRanges(high, low, close), n)];
}

function stoch(high: Values, low: Values, close: Values, { fast_k, slow_k, slow_d }: Numbers): Output[] {
  const highest = windowed(high, fast_k as number, (window) => Math.max(...window));
  const lowest = windowed(low, fast_k as number, (window) => Math.min(...window));
  const fast = close.map((value, i) => {
    const [top, bottom] = [highest[i] ?? null, lowest[i] ?? null];
    if (top === null || bottom === null) return null;
    return top === bottom ? 0 : (100 * (value - bottom)) / (top - bottom);
  });
  const k = after(fast, (some) => sma(some, slow_k as number));
  const d = after(k, (some) => sma(some, slow_d as number));
  return [k.map((value, i) => (d[i] == null ? null : value)), d];
}

/** Wilder's sum: of the first n - 1 values, then each time an nth part goes and the new value comes. */
function wilderSum(values: Values, n: number): Output {
  let sum = 0;
  return values.map((value, i) => {
    sum = i + 1 < n ? sum + value : sum - sum / n + value;
    return i + 1 < n ? null : sum;
  });
}

/** A bar on which nothing moved counts 0 while the first average forms; later it leaves the average as it was. */
function adx(high: Values, low: Values, close: Values, n: number): Output {
  const rises = changes(high);
  const falls = changes(low).map((change) => -change);
  const plus = wilderSum(
    rises.map((rise, i) => (rise > 0 && rise > at(falls, i) ? rise : 0)),
    n,
  );
  const minus = wilderSum(
    falls.map((fall, i) => (fall > 0 && fall > at(rises, i) ? fall : 0)),
    n,
  );
  const ranges = wilderSum(trueRanges(high, low, close), n);
  const index = ranges.map((range, i) => {
    const [up, down] = [plus[i] ?? null, minus[i] ?? null];
    if (range === null || up === null || down === null || range === 0 || up + down === 0) return null;
    return (100 * Math.abs(up - down)) / (up + down);
  });
  const begun = index.slice(n - 1);
  let last = 0;
  const average = begun.map((value, i): number | null => {
    if (i + 1 < n) return null;
    if (i + 1 === n) last = mean(begun.slice(0, n).map((some) => some ?? 0));
    else if (value !== null) last = (last * (n - 1) + value) / n;
    return last;
  });
  return [...close.slice(0, n).map(() => null), ...average];
}

function obv(close: Values, volume: Values): Output {
  let balance = 0;
  return close.map((value, i) => {
    const direction = i === 0 ? 1 : Math.sign(value - at(close, i - 1));
    balance += direction * at(volume, i);
    return balance;
  });
}

/** By the names of the parameter `series`. */
export const DEFINITIONS: Readonly<Record<string, (columns: readonly Values[], numbers: Numbers) => Output[]>> = {
  sma: ([values = []], { period }) => [sma(values, period as number)],
  ema: ([values = []], { period }) => [ema(values, period as number)],
  rsi: ([values = []], { period }) => [rsi(values, period as number)],
  macd: ([values = []], numbers) => macd(values, numbers),
  bbands: ([values = []], numbers) => bbands(values, numbers),
  stddev: ([values = []], { period, deviations }) => [
    windowed(values, period as number, (window) => (deviations as number) * deviation(window)),
  ],
  atr: ([high = [], low = [], close = []], { period }) => [atr(high, low, close, period as number)],
  stoch: ([high = [], low = [], close = []], numbers) => stoch(high, low, close, numbers),
  adx: ([high = [], low = [], close = []], { period }) => [adx(high, low, close, period as number)],
  obv: ([close = [], volume = []]) => [obv(close, volume)],
};
