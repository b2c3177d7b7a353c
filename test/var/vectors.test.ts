import { describe, expect, it } from 'vitest';
import { varBacktest } from '../../operators/var_backtest/operator.ts';
import { bothOf } from './edhec.ts';
import { type Contributions, contributionMisses, misses, riskMisses, vectors, type Windows } from './vectors.ts';

const synthetic = vectors<{
  readonly series: readonly (Windows & { readonly name: string; readonly values: number[] })[];
  readonly portfolio: Contributions & { readonly columns: readonly number[][] };
}>('synthetic.json');

describe(`var against NumPy ${synthetic.versions.numpy}, SciPy, mpmath, QuantLib and empyrical`, () => {
  it.each(synthetic.series.map((series) => [series.name, series] as const))('%s', (_, series) => {
    expect(series.windows[0]?.rows.length).toBeGreaterThan(1);
    expect(riskMisses(Float64Array.from(series.values), series)).toEqual([]);
  });

  it('marginal VaR and ES are the derivatives by the weights, and components add up', () => {
    const { columns, ...expected } = synthetic.portfolio;
    expect(Object.keys(expected.methods)).toHaveLength(4);
    const named = Object.fromEntries(columns.map((values, i) => [`asset_${i}`, Float64Array.from(values)]));
    expect(contributionMisses(named, expected)).toEqual([]);
  });
});

interface Case {
  readonly observations: number;
  readonly breaches: number;
  readonly run: number;
  readonly confidence: number;
  readonly [result: string]: number;
}

/** Breach or not, by observation: runs of breaches, evenly spread, as in `vectors/make.py`. */
function pattern({ observations, breaches, run }: Case): boolean[] {
  const hits = new Array<boolean>(observations).fill(false);
  const runs = Math.ceil(breaches / run);
  for (let i = 0; i < runs; i++) {
    const start = Math.floor((i * observations) / runs);
    hits.fill(true, start, start + Math.min(run, breaches - i * run));
  }
  return hits;
}

/** The last row of a back-test of that pattern, by the native kernel and by the reference. */
function tested(one: Case) {
  const hits = pattern(one);
  const columns = { var: new Float64Array(hits.length).fill(-0.02), return: Float64Array.from(hits, (hit) => (hit ? -0.03 : 0.01)) };
  const params = { var: 'var', confidence: one.confidence, lag: 0, window: one.observations };
  // the reference counts everything again for each row
  const both =
    one.observations <= 1_000
      ? bothOf(varBacktest, params, columns)
      : bothOf({ ...varBacktest, reference: varBacktest.create }, params, columns);
  return both.map((rows) => rows.at(-1) ?? {});
}

const backtests = vectors<{ readonly cases: readonly Case[] }>('backtest.json');

describe(`var_backtest against SciPy ${backtests.versions.scipy}`, () => {
  it.each(
    backtests.cases.map((one) => [`${one.breaches} of ${one.observations} at ${one.confidence} in runs of ${one.run}`, one] as const),
  )('%s', (_, one) => {
    const { observations, breaches, run, confidence, ...expected } = one;
    for (const last of tested(one)) {
      expect([last.observations, last.breaches]).toEqual([BigInt(observations), BigInt(breaches)]);
      expect(misses(last, expected, `${run} ${confidence}`)).toEqual([]);
    }
  });

  it('gives the published figures', () => {
    const of = (observations: number, breaches: number, confidence: number) =>
      tested({ observations, breaches, run: 1, confidence })[0] ?? {};
    expect(Number(of(250, 10, 0.99).kupiec_lr).toFixed(7)).toBe('12.9554911');
    expect(Number(of(252, 20, 0.95).kupiec_lr).toFixed(7)).toBe('3.9125508');
    // Basel Committee (1996), table 2
    const table = [
      [4, '89.22', 'green', 3],
      [5, '95.88', 'yellow', 3.4],
      [6, '98.63', 'yellow', 3.5],
      [7, '99.60', 'yellow', 3.65],
      [8, '99.89', 'yellow', 3.75],
      [9, '99.97', 'yellow', 3.85],
      [10, '99.99', 'red', 4],
    ] as const;
    for (const [breaches, percent, zone, multiplier] of table) {
      const { basel_probability, basel_zone, basel_multiplier } = of(250, breaches, 0.99);
      expect([(Number(basel_probability) * 100).toFixed(2), basel_zone, basel_multiplier]).toEqual([percent, zone, multiplier]);
    }
  });
});
