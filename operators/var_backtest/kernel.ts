import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { keysOf } from '../statistics/columns.ts';
import { Histories, seriesKernel } from '../statistics/histories.ts';
import { tailParts } from '../statistics/params.ts';
import { type Last, Refusal, takeRow } from '../statistics/returns.ts';
import { atMost, chiSquareAbove, independence, kupiec, multiplierOf } from './definitions.ts';
import { named } from './layout.ts';
import type { VarBacktestParams } from './operator.ts';

interface History {
  readonly last: Last;
  /** Of every row. */
  readonly forecasts: (number | null)[];
  readonly hits: boolean[];
}

/** Keeps everything and counts again for each row: the oracle of the native kernel. */
export function referenceVarBacktest({ params, inputs, outputs }: KernelContext<VarBacktestParams>): Kernel {
  const out = outputs[MAIN_PORT] as Schema;
  const tail = tailParts(params.confidence);
  const histories = new Histories<History>(keysOf(params.by, inputs[INPUT_PORT] as Schema), () => ({
    last: { ns: null, values: null },
    forecasts: [],
    hits: [],
  }));

  const tests = (hits: readonly boolean[]): Row => {
    const breaches = hits.filter(Boolean).length;
    const [coverage, apart] = [kupiec(hits, tail), independence(hits)];
    const probability = atMost(breaches, hits.length, tail / 1e9);
    return {
      kupiec_lr: coverage,
      kupiec_p: chiSquareAbove(coverage, 1),
      independence_lr: apart,
      independence_p: chiSquareAbove(apart, 1),
      conditional_lr: coverage + apart,
      conditional_p: chiSquareAbove(coverage + apart, 2),
      basel_zone: probability < 0.95 ? 'green' : probability < 0.9999 ? 'yellow' : 'red',
      basel_probability: probability,
      basel_multiplier: hits.length === 250 && tail === 10_000_000 ? multiplierOf(breaches) : null,
    };
  };

  const added = (row: Row): Row | Refusal => {
    const history = histories.of(row);
    const taken = takeRow(row, [params.var, params.realised], 'none', history.last, { tooLarge: Number.POSITIVE_INFINITY });
    if (taken instanceof Refusal) return taken;
    history.forecasts.push(row[params.var] as number | null);
    const forecast = history.forecasts.at(-1 - params.lag) ?? null;
    const realised = row[params.realised] as number | null;
    if (forecast === null || realised === null) return row;
    history.hits.push(realised < forecast);
    const hits = history.hits.slice(-params.window);
    const counts: Row = {
      breach: realised < forecast,
      observations: BigInt(hits.length),
      breaches: BigInt(hits.filter(Boolean).length),
    };
    const warm = hits.length >= (params.min_rows ?? params.window);
    const cells = Object.entries({ ...counts, ...(warm ? tests(hits) : {}) }).map(([name, cell]) => [named(params, name), cell] as const);
    return { ...row, ...Object.fromEntries(cells) };
  };

  return seriesKernel(histories, out, added);
}
