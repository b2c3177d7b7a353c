import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { keysOf } from '../statistics/columns.ts';
import { Histories, seriesKernel } from '../statistics/histories.ts';
import { lowerQuantile } from '../statistics/normal.ts';
import { tailParts } from '../statistics/params.ts';
import { type Last, Refusal, takeRow } from '../statistics/returns.ts';
import { DEFINITIONS, type Measure, type Tail } from './definitions.ts';
import type { Dual } from './dual.ts';
import { assetsOf, type Result, resultsOf, returnName } from './layout.ts';
import type { VarParams } from './operator.ts';

/** A key: returns of all its rows, one an asset. */
interface History {
  readonly last: Last;
  readonly rows: (readonly number[])[];
}

/** Computes every result from all returns again for each row, contributions by automatic differentiation: the oracle of the native kernel. */
export function referenceVar({ params, inputs, outputs }: KernelContext<VarParams>): Kernel {
  const out = outputs[MAIN_PORT] as Schema;
  const { columns, weights, minRows, emitReturn } = assetsOf(params);
  const results = resultsOf(params);
  const histories = new Histories<History>(keysOf(params.by, inputs[INPUT_PORT] as Schema), () => ({
    last: { ns: null, values: null },
    rows: [],
  }));
  const portfolio = (row: readonly number[]) => row.reduce((total, value, i) => total + value * (weights[i] as number), 0);

  const tails = new Map(
    params.confidences.map((confidence): [number, Tail] => {
      const parts = tailParts(confidence);
      return [confidence, { parts, z: lowerQuantile(parts / 1e9), quantile: params.quantile, lambda: params.lambda }];
    }),
  );

  /** Of the rows that count for the method, differentiated by the weight of an asset. */
  const measure = ({ method, confidence }: Result, rows: History['rows'], asset: number): Measure => {
    const counted = method === 'ewma' ? rows : rows.slice(-params.window);
    const returns = counted.map((row): Dual => ({ value: portfolio(row), slope: row[asset] as number }));
    return DEFINITIONS[method](returns, tails.get(confidence) as Tail);
  };

  const resultsOfRow = (rows: History['rows']): (number | null)[] => {
    if (rows.length < minRows) return results.map(() => null);
    const measures = new Map<string, Measure>();
    return results.map((result) => {
      const { method, confidence, of, contribution } = result;
      const asset = contribution?.asset ?? 0;
      const key = `${method} ${confidence} ${asset}`;
      const found = measures.get(key) ?? measure(result, rows, asset);
      measures.set(key, found);
      const { value, slope } = found[of];
      const number = contribution === null ? value : contribution.kind === 'marginal' ? slope : slope * (weights[asset] as number);
      return Number.isFinite(number) ? number : null;
    });
  };

  const added = (row: Row): Row | Refusal => {
    const history = histories.of(row);
    const taken = takeRow(row, columns, params.returns, history.last);
    if (taken instanceof Refusal) return taken;
    if (taken) history.rows.push(taken);
    const own: Row = emitReturn ? { [returnName(params)]: taken && portfolio(taken) } : {};
    const values = taken && resultsOfRow(history.rows);
    return { ...row, ...own, ...Object.fromEntries(results.map(({ name }, i) => [name, values?.[i] ?? null])) };
  };

  return seriesKernel(histories, out, added);
}
