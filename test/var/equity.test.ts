import { Field, Float64, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { performance } from '../../operators/performance/operator.ts';
import { EQUITY_SCHEMA } from '../../operators/positions/layout.ts';
import { varOperator } from '../../operators/var/operator.ts';
import { varBacktest } from '../../operators/var_backtest/operator.ts';
import { outOf } from './edhec.ts';

/** An account that earns and loses, its equity not known in row 3. */
const EQUITY = [1000, 1010, 1000, null, 990, 1020, 1010, 1030];

describe('port `equity` of positions', () => {
  it('goes through var, var_backtest and performance, each account for itself', () => {
    const risk = subjectOf(varOperator, { column: 'equity', returns: 'difference', window: 2, confidences: [0.8] }, { in: EQUITY_SCHEMA });
    const [out] = Object.values(risk.outputs);
    const test = subjectOf(varBacktest, { var: 'var_historical_80', confidence: 0.8, window: 3, min_rows: 1 }, { in: out as Schema });
    const ratios = subjectOf(performance, { column: 'equity', returns: 'simple' }, { in: EQUITY_SCHEMA });
    expect([risk.groups, test.groups, ratios.groups]).toEqual([['account'], ['account'], ['account']]);

    const rows = EQUITY.flatMap((equity, i) =>
      ['A', 'B'].map((account) => ({
        ts_event: BigInt(i),
        account,
        event: 'mark',
        currency: 'USD',
        equity: equity && equity * (account === 'A' ? 1 : 2),
      })),
    );
    const batch = batchOf(EQUITY_SCHEMA, rows);
    const risks = outOf(risk.create(), batch);
    expect(risks.filter(({ account }) => account === 'A').map((row) => row.return)).toEqual([null, 10, -10, null, -10, 30, -10, 20]);
    expect(risks.filter(({ account }) => account === 'B').map((row) => row.return)).toEqual([null, 20, -20, null, -20, 60, -20, 40]);
    // type 7 of two: lower + 0.2 x (higher - lower)
    const historical = risks.filter(({ account }) => account === 'A').map((row) => row.var_historical_80);
    expect(historical.map((value) => value && Number(Number(value).toFixed(12)))).toEqual([null, null, -6, null, -10, -2, -2, -4]);

    const breaches: unknown[] = [];
    const kernel = test.create();
    risk.create().push(batch, 'in', (_port, made) => breaches.push(...outOf(kernel, made).map((row) => row.breach)), MIN_NS);
    expect(breaches.filter((_, i) => i % 2 === 0)).toEqual([null, null, null, null, null, false, true, false]);

    const last = outOf(ratios.create(), batch).at(-1);
    expect([last?.cumulative_return, last?.drawdown, last?.drawdown_since]).toEqual([0.03, 0, 7n]);
  });

  it('needs a column of numbers', () => {
    const schema = new Schema([...EQUITY_SCHEMA.fields, new Field('other', new Float64(), true)]);
    expect(() => subjectOf(varOperator, { column: 'event' }, { in: schema })).toThrow(/Float64/);
  });
});
