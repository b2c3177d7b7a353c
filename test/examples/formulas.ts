/** Indicators as their definitions say, over whole arrays and without a thought for speed; null until warm, as in TA-Lib. */

export type Series = readonly (number | null)[];

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const whole = (series: Series): number[] => series.filter((value) => value !== null);
const after = (nulls: number, values: readonly number[]): (number | null)[] => [...new Array<null>(nulls).fill(null), ...values];

/** Every window of `period` values, from the first full one. */
const windows = (values: readonly number[], period: number): number[][] =>
  values.slice(period - 1).map((_, i) => values.slice(i, i + period));

export const sma = (values: readonly number[], period: number): Series => after(period - 1, windows(values, period).map(mean));

/** Standard deviation of the population. */
export const stddev = (values: readonly number[], period: number): Series =>
  after(
    period - 1,
    windows(values, period).map((window) => Math.sqrt(mean(window.map((value) => (value - mean(window)) ** 2)))),
  );

/** Begins with the mean of the first window; weight 2 / (period + 1). */
export function ema(values: readonly number[], period: number): Series {
  const out = [mean(values.slice(0, period))];
  for (const value of values.slice(period)) out.push((out.at(-1) as number) + (2 / (period + 1)) * (value - (out.at(-1) as number)));
  return after(period - 1, out);
}

/** Wilder's average: begins with the mean of the first window; weight 1 / period. */
function wilder(values: readonly number[], period: number): number[] {
  const out = [mean(values.slice(0, period))];
  for (const value of values.slice(period)) out.push(((out.at(-1) as number) * (period - 1) + value) / period);
  return out;
}

const changes = (values: readonly number[]): number[] => values.slice(1).map((value, i) => value - (values[i] as number));

export function rsi(values: readonly number[], period: number): Series {
  const up = wilder(
    changes(values).map((change) => Math.max(change, 0)),
    period,
  );
  const down = wilder(
    changes(values).map((change) => Math.max(-change, 0)),
    period,
  );
  return after(
    period,
    up.map((gain, i) => (100 * gain) / (gain + (down[i] as number))),
  );
}

/** The fast average begins as late as the slow one. */
export function macd(
  values: readonly number[],
  fast: number,
  slow: number,
  signal: number,
): { line: Series; signal: Series; hist: Series } {
  const slowly = whole(ema(values, slow));
  const line = whole(ema(values.slice(slow - fast), fast)).map((value, i) => value - (slowly[i] as number));
  const signals = whole(ema(line, signal));
  const lines = line.slice(signal - 1);
  const nulls = slow + signal - 2;
  return {
    line: after(nulls, lines),
    signal: after(nulls, signals),
    hist: after(
      nulls,
      lines.map((value, i) => value - (signals[i] as number)),
    ),
  };
}

/** Bars by column. */
export interface Bars {
  readonly high: readonly number[];
  readonly low: readonly number[];
  readonly close: readonly number[];
  readonly volume: readonly number[];
}

/** True range from the second bar on. */
const trueRanges = ({ high, low, close }: Bars): number[] =>
  high.slice(1).map((h, i) => {
    const [l, before] = [low[i + 1] as number, close[i] as number];
    return Math.max(h - l, Math.abs(h - before), Math.abs(l - before));
  });

export const atr = (bars: Bars, period: number): Series => after(period, wilder(trueRanges(bars), period));

export function stoch({ high, low, close }: Bars, fastK: number, slowK: number, slowD: number): { k: Series; d: Series } {
  const lows = windows(low, fastK).map((window) => Math.min(...window));
  const highs = windows(high, fastK).map((window) => Math.max(...window));
  const fast = close
    .slice(fastK - 1)
    .map((value, i) => (100 * (value - (lows[i] as number))) / ((highs[i] as number) - (lows[i] as number)));
  const k = whole(sma(fast, slowK));
  const d = whole(sma(k, slowD));
  const nulls = fastK + slowK + slowD - 3;
  return { k: after(nulls, k.slice(slowD - 1)), d: after(nulls, d) };
}

/** Wilder's sums begin with period - 1 values, as in TA-Lib; the first index is the mean of `period` values of DX. */
export function adx(bars: Bars, period: number): Series {
  const up = changes(bars.high);
  const down = changes(bars.low).map((change) => -change);
  const plus = up.map((value, i) => (value > 0 && value > (down[i] as number) ? value : 0));
  const minus = down.map((value, i) => (value > 0 && value > (up[i] as number) ? value : 0));
  const summed = (values: readonly number[]): number[] => {
    const out = [values.slice(0, period - 1).reduce((sum, value) => sum + value, 0)];
    for (const value of values.slice(period - 1)) out.push((out.at(-1) as number) * (1 - 1 / period) + value);
    return out.slice(1);
  };
  const ranges = summed(trueRanges(bars));
  const [rising, falling] = [summed(plus), summed(minus)];
  const dx = ranges.map((range, i) => {
    const [p, m] = [(rising[i] as number) / range, (falling[i] as number) / range];
    return (100 * Math.abs(p - m)) / (p + m);
  });
  return after(2 * period - 1, wilder(dx, period));
}

export function obv({ close, volume }: Bars): Series {
  const out = [volume[0] as number];
  changes(close).forEach((change, i) => {
    out.push((out[i] as number) + Math.sign(change) * (volume[i + 1] as number));
  });
  return out;
}
