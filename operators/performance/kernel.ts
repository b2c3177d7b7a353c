import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import type { Cell, Row } from '../../graph/contract/rows.ts';
import { keysOf } from '../statistics/columns.ts';
import { Histories, seriesKernel } from '../statistics/histories.ts';
import { type Last, Refusal, takeRow } from '../statistics/returns.ts';
import { annual, beta, drawdown, ewmaBeta, growth, type Step, sampleDeviation, sharpe, sortino } from './definitions.ts';
import { columnsOf, minRowsOf, named, type ResultName } from './layout.ts';
import type { PerformanceParams } from './operator.ts';

interface History {
  readonly last: Last;
  /** Time of the last row with values, ns. */
  counted: bigint | null;
  readonly steps: Step[];
}

/** Computes every result from all returns of a key again for each row: the oracle of the native kernel. */
export function referencePerformance({ params, inputs, outputs }: KernelContext<PerformanceParams>): Kernel {
  const out = outputs[MAIN_PORT] as Schema;
  const columns = columnsOf(params);
  const histories = new Histories<History>(keysOf(params.by, inputs[INPUT_PORT] as Schema), () => ({
    last: { ns: null, values: null },
    counted: null,
    steps: [],
  }));
  const results = (all: readonly Step[]): Partial<Record<ResultName, Cell>> => {
    if (all.length < minRowsOf(params)) return {};
    const steps = params.window === undefined ? all : all.slice(-params.window);
    const scaled = (ratio: number | null) => ratio && ratio * (params.ratios === 'annual' ? Math.sqrt(params.periods_per_year) : 1);
    const deviation = sampleDeviation(steps);
    const yearly = annual(steps, params.periods_per_year);
    const { now, most, since } = drawdown(steps);
    const own: Partial<Record<ResultName, Cell>> = {
      cumulative_return: growth(steps),
      annual_return: yearly,
      volatility: deviation === null ? null : deviation * Math.sqrt(params.periods_per_year),
      sharpe: scaled(sharpe(steps, params.risk_free)),
      sortino: scaled(sortino(steps, params.minimum_acceptable_return)),
      calmar: most > 0 ? yearly / most : null,
      drawdown: now,
      max_drawdown: most,
      drawdown_since: since,
    };
    if (params.benchmark === undefined) return own;
    const [plain, weighted] = [beta(steps), ewmaBeta(all, params.lambda)];
    return {
      ...own,
      beta: plain.beta,
      correlation: plain.correlation,
      beta_ewma: weighted.beta,
      correlation_ewma: weighted.correlation,
    };
  };

  const added = (row: Row): Row | Refusal => {
    const history = histories.of(row);
    const base = history.last.values?.[0] ?? 1;
    const taken = takeRow(row, columns, params.returns, history.last, { wealth: true });
    if (taken instanceof Refusal) return taken;
    if (taken) {
      const [value = 0, benchmark = 0] = taken;
      const levels = params.returns === 'none' ? ([1, 1 + value] as const) : ([base, row[params.column] as number] as const);
      history.steps.push({ value, benchmark, levels, from: history.counted, to: row.ts_event as bigint });
    }
    if (columns.every((name) => row[name] !== null)) history.counted = row.ts_event as bigint;
    const found = taken ? results(history.steps) : {};
    const cells = Object.entries(found).map(([name, cell]) => [named(params, name), finite(cell)] as const);
    return { ...row, [named(params, 'return')]: taken?.[0] ?? null, ...Object.fromEntries(cells) };
  };

  return seriesKernel(histories, out, added);
}

const finite = (cell: Cell): Cell => (typeof cell === 'number' && !Number.isFinite(cell) ? null : cell);
