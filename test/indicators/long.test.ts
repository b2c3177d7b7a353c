import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFINITIONS } from '../../operators/indicators/definitions.ts';
import { type Bars, misses, type Results, run, subject } from './subject.ts';

interface Samples {
  readonly rows: number[];
  readonly closes: number[];
  readonly outputs: Results;
}

const samples = JSON.parse(readFileSync(new URL('./vectors/long.json', import.meta.url), 'utf8')) as Samples;

/** A million bars by the integer recurrence of `vectors/make.py`: ticks of 0.01 between 5,000 and 20,000. */
function million(): Bars {
  const n = 1_000_000;
  const [high, low, close, volume] = [new Float64Array(n), new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  let state = 12345;
  let ticks = 10_000;
  const draw = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state >> 16;
  };
  for (let i = 0; i < n; i++) {
    const drawn = [draw(), draw(), draw(), draw()] as const;
    const step = (drawn[0] % 21) - 10;
    ticks = ticks + step >= 5_000 && ticks + step <= 20_000 ? ticks + step : ticks - step;
    close[i] = ticks / 100;
    high[i] = (ticks + (drawn[1] % 30)) / 100;
    low[i] = (ticks - (drawn[2] % 30)) / 100;
    volume[i] = drawn[3] / 1000;
  }
  return { high, low, close, volume };
}

describe('a million bars', () => {
  const bars = million();
  const results = run(subject().create(), bars, 10_000, samples.rows);

  it('are the bars the vectors were made of', () => {
    expect(samples.rows.map((row) => bars.close[row])).toEqual(samples.closes);
  });

  it('give what TA-Lib gives at samples from the first hundred to the last', () => {
    expect(misses(results, samples.outputs, bars)).toEqual([]);
  });

  it('give at the end what the definition gives over the last bars alone: nothing has drifted', () => {
    const tail = bars.close.length - 3_000; // by then the beginning of a smoothing of 26 weighs less than a double can tell
    const slice = (name: keyof Bars) => Array.from(bars[name].subarray(tail));
    const [high, low, close] = [slice('high'), slice('low'), slice('close')];
    const last = (kind: string, columns: number[][], numbers: Record<string, number>) =>
      (DEFINITIONS[kind]?.(columns, numbers) ?? []).map((output) => [output.at(-1) ?? null]);
    const [macd, signal, hist] = last('macd', [close], { fast: 12, slow: 26, signal: 9 });
    const [lower, middle, upper] = last('bbands', [close], { period: 20, deviations: 2 });
    const [k, d] = last('stoch', [high, low, close], { fast_k: 5, slow_k: 3, slow_d: 3 });
    const [[sma], [ema], [rsi], [atr], [adx], [stddev]] = [
      last('sma', [close], { period: 20 }),
      last('ema', [close], { period: 20 }),
      last('rsi', [close], { period: 14 }),
      last('atr', [high, low, close], { period: 14 }),
      last('adx', [high, low, close], { period: 14 }),
      last('stddev', [close], { period: 20, deviations: 1 }),
    ];
    const expected = Object.entries({
      sma_20: sma,
      ema_20: ema,
      rsi_14: rsi,
      macd_12_26_9: macd,
      macd_12_26_9_signal: signal,
      macd_12_26_9_hist: hist,
      bbands_20_2_lower: lower,
      bbands_20_2_middle: middle,
      bbands_20_2_upper: upper,
      atr_14: atr,
      stoch_5_3_3_k: k,
      stoch_5_3_3_d: d,
      adx_14: adx,
      stddev_20_1: stddev,
    }).map(([name, values]) => [name, values ?? []] as const);
    const ends = Object.fromEntries(Object.entries(results).map(([name, values]) => [name, values.slice(-1)]));
    expect(expected.every(([, values]) => typeof values[0] === 'number')).toBe(true);
    expect(misses(ends, Object.fromEntries(expected), bars)).toEqual([]);
  });
});
