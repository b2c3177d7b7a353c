import { describe, expect, it } from 'vitest';
import { performance } from '../../operators/performance/operator.ts';
import { varOperator } from '../../operators/var/operator.ts';
import { bothOf, EDHEC_PATH, edhec, hasEdhec, printed } from './edhec.ts';
import { type Contributions, contributionMisses, misses, riskMisses, vectors, type Windows } from './vectors.ts';

type Figures = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** PerformanceAnalytics 2.1.0 over all 152 months, 95 %, to the digits that were written down. */
const RISK: Figures = {
  convertible_arbitrage: {
    var_historical_95: '-0.019160',
    es_historical_95: '-0.0487750',
    var_gaussian_95: '-0.0264578158',
    es_gaussian_95: '-0.0348071993',
    var_cornish_fisher_95: '-0.0324739478',
    es_cornish_fisher_95: '-0.0995476800',
  },
  emerging_markets: {
    var_historical_95: '-0.044605',
    es_historical_95: '-0.089225',
    var_gaussian_95: '-0.0549892695',
    es_gaussian_95: '-0.0710535925',
    var_cornish_fisher_95: '-0.0636308073',
    es_cornish_fisher_95: '-0.1278870181',
  },
};

const PERFORMANCE: Figures = {
  convertible_arbitrage: { max_drawdown: '0.2926883945', sortino: '0.4358130829', calmar: '0.2631480186' },
  emerging_markets: { max_drawdown: '0.3597895281' },
};

interface Expected extends Windows {
  readonly performance: readonly {
    readonly params: Readonly<Record<string, number | null>>;
    readonly rows: readonly { readonly row: number; readonly results: Readonly<Record<string, number | null>> }[];
  }[];
}

const expected = vectors<{
  readonly series: Readonly<Record<string, Expected>>;
  readonly portfolio: Contributions & { readonly columns: readonly string[] };
}>('edhec.json');

describe.skipIf(!hasEdhec)(`hedge-fund indices (skipped without ${EDHEC_PATH})`, () => {
  it.each(Object.keys(RISK))('VaR and ES of %s are those of PerformanceAnalytics', (column) => {
    const figures = RISK[column] ?? {};
    for (const rows of bothOf(varOperator, { column, window: 152, confidences: [0.95] }, edhec())) {
      const last = rows.at(-1) ?? {};
      expect(Object.fromEntries(Object.entries(figures).map(([name, text]) => [name, printed(last[name], text)]))).toEqual(figures);
    }
  });

  it.each(Object.keys(PERFORMANCE))('drawdown and ratios of %s are those of PerformanceAnalytics', (column) => {
    const figures = PERFORMANCE[column] ?? {};
    for (const rows of bothOf(performance, { column, periods_per_year: 12 }, edhec())) {
      const last = rows.at(-1) ?? {};
      expect(Object.fromEntries(Object.entries(figures).map(([name, text]) => [name, printed(last[name], text)]))).toEqual(figures);
    }
  });

  it('there are 13 series of 152 months, all with vectors', () => {
    const series = edhec();
    expect(Object.keys(expected.series)).toEqual(Object.keys(series));
    expect(Object.values(series).map((values) => values.length)).toEqual(new Array(13).fill(152));
  });

  it.each(Object.entries(expected.series))('%s: VaR and ES over windows are those of NumPy, SciPy and mpmath', (name, windows) => {
    expect(riskMisses(edhec()[name] ?? new Float64Array(), windows)).toEqual([]);
  });

  it.each(Object.entries(expected.series))('%s: performance is that of NumPy and empyrical', (name, { performance: all }) => {
    const { [name]: own = new Float64Array(), funds_of_funds: bench = new Float64Array() } = edhec();
    for (const { params, rows } of all) {
      const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));
      for (const out of bothOf(performance, { column: 'own', benchmark: 'bench', min_rows: 2, ...given }, { own, bench })) {
        expect(rows.flatMap(({ row, results }) => misses(out[row], results, `row ${row}`))).toEqual([]);
      }
    }
  });

  it('contributions of five indices are the derivatives by the weights, and components add up', () => {
    const { columns, ...contributions } = expected.portfolio;
    const series = edhec();
    const chosen = Object.fromEntries(columns.map((name) => [name, series[name] ?? new Float64Array()]));
    expect(contributionMisses(chosen, contributions)).toEqual([]);
  });
});
