import { describe, expect, it } from 'vitest';
import { varOperator } from '../../operators/var/operator.ts';
import { bothOf, EDHEC_PATH, edhec, hasEdhec, printed } from './edhec.ts';

/** PerformanceAnalytics 2.1.0 over all 152 months, 95 %: `VaR` and `ES` with their methods, to the digits that were written down. */
const FIGURES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
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

describe.skipIf(!hasEdhec)(`hedge-fund indices (skipped without ${EDHEC_PATH})`, () => {
  it.each(Object.keys(FIGURES))('VaR and ES of %s are those of PerformanceAnalytics', (column) => {
    const expected = FIGURES[column] ?? {};
    for (const rows of bothOf(varOperator, { column, window: 152, confidences: [0.95] }, edhec())) {
      const last = rows.at(-1) ?? {};
      expect(Object.fromEntries(Object.entries(expected).map(([name, text]) => [name, printed(last[name], text)]))).toEqual(expected);
    }
  });
});
