import { readFileSync } from 'node:fs';
import type { RecordBatch, Schema } from 'apache-arrow';
import type { Observable } from 'rxjs';
import { environmentVariables } from './cli/environment.ts';
import { declarations } from './cli/registry.ts';
import type { Diagnostic } from './graph/contract/diagnostic.ts';
import { MillraceError } from './graph/contract/error.ts';
import type { Plan } from './graph/contract/plan.ts';
import { printDiagnostics } from './graph/diagnostics/print.ts';
import { compile } from './graph/plan/compile.ts';
import { disk } from './graph/resolve/disk.ts';
import { type InProcess, runInProcess } from './graph/run/in-process.ts';
import { Direct } from './graph/wire/direct.ts';
import { standalone } from './graph/wire/standalone.ts';
import { aggregate as aggregateOperator } from './operators/aggregate/operator.ts';
import { asOf as asOfOperator } from './operators/as_of/operator.ts';
import { bars as barsOperator } from './operators/bars/operator.ts';
import { calibrate as calibrateOperator } from './operators/calibrate/operator.ts';
import { decide as decideOperator } from './operators/decide/operator.ts';
import { deduplicate as deduplicateOperator } from './operators/deduplicate/operator.ts';
import { derive as deriveOperator } from './operators/derive/operator.ts';
import { exposure as exposureOperator } from './operators/exposure/operator.ts';
import { filter as filterOperator } from './operators/filter/operator.ts';
import { indicators as indicatorsOperator } from './operators/indicators/operator.ts';
import { label as labelOperator } from './operators/label/operator.ts';
import { learn as learnOperator } from './operators/learn/operator.ts';
import { match as matchOperator } from './operators/match/operator.ts';
import { mood as moodOperator } from './operators/mood/operator.ts';
import { normalize as normalizeOperator } from './operators/normalize/operator.ts';
import { orderFlow as orderFlowOperator } from './operators/order_flow/operator.ts';
import { performance as performanceOperator } from './operators/performance/operator.ts';
import { positions as positionsOperator } from './operators/positions/operator.ts';
import { refusals as refusalsOperator } from './operators/refusals/operator.ts';
import { type RiskParams, risk as riskOperator } from './operators/risk/operator.ts';
import { select as selectOperator } from './operators/select/operator.ts';
import { sentiment as sentimentOperator } from './operators/sentiment/operator.ts';
import { stress as stressOperator } from './operators/stress/operator.ts';
import { varOperator } from './operators/var/operator.ts';
import { varBacktest as varBacktestOperator } from './operators/var_backtest/operator.ts';

export { column, gather, int64, makeBatch } from './graph/contract/batch.ts';
export { COLUMNS } from './graph/contract/columns.ts';
export type { Diagnostic } from './graph/contract/diagnostic.ts';
export { MillraceError } from './graph/contract/error.ts';
export type { BarrierFrame, BatchFrame, Frame, WatermarkFrame } from './graph/contract/frame.ts';
export type { Kernel } from './graph/contract/kernel.ts';
export { defineOperator, type Operator } from './graph/contract/operator.ts';
export type { Plan } from './graph/contract/plan.ts';
export { batchOf, type Row, rowsOf } from './graph/contract/rows.ts';
export { type FramesOptions, toFrames } from './graph/run/frames.ts';
export type { InProcess } from './graph/run/in-process.ts';
export { batches, type FrameOperator, standalone } from './graph/wire/standalone.ts';

/** Event-time OHLCV bars: `bars({ every: '1s' })`. */
export const bars = standalone(barsOperator);
/** Aggregates over event-time windows: `aggregate({ every: '1s', size: '5s', by: ['symbol'], columns: { volume: { sum: 'size' } } })`. */
export const aggregate = standalone(aggregateOperator);
/** Technical indicators over bars: `indicators({ series: [{ ema: { period: 20 } }] })`. */
export const indicators = standalone(indicatorsOperator);
/** Columns by expression, with rows before: `derive({ columns: { change: 'price / price[1] - 1' } })`. */
export const derive = standalone(deriveOperator);
/** Each row with the last one of another stream at or before it: `asOf({ tolerance: '5s' }).with({ right: quotes })`. */
export const asOf = standalone(asOfOperator, new Map(), 'left');
/** Features of quotes on a fixed grid: `orderFlow({ every: '1s', returns: [5] })`, of trades too `.with({ trades })`. */
export const orderFlow = standalone(orderFlowOperator);
/** Rows again with the return of their future: `label({ horizon: '1s' })`; those without one on `.port('unlabelled')`. */
export const label = standalone(labelOperator);
/** Online models, taught by rows whose future is known: `learn({ features: ['imbalance'], model: 'logistic' }).with({ labelled })`. */
export const learn = standalone(learnOperator);
/** Predictions that hold what they say: `calibrate({ coverage: 0.9 }).with({ labelled })`; also `.port('alarms')`. */
export const calibrate = standalone(calibrateOperator);
/** Rows for which an expression holds: `filter({ where: 'price > 100' })`. */
export const filter = standalone(filterOperator);
/** Texts that were not there before: `deduplicate({ window: '1h' })`, the others on `.port('duplicates')`. */
export const deduplicate = standalone(deduplicateOperator);
/** Columns kept, dropped, renamed or computed. */
export const select = standalone(selectOperator);
/** An exchange core over instructions: `match({ depth: 5 })`, its rows on `.port('fills')`, `orders`, `book`, `auction`. */
export const match = standalone(matchOperator);
/** New orders that a book refused, from `.port('rejected')` of `match`, as changes of orders for the gate's `updates`. */
export const refusals = standalone(refusalsOperator);
/** Value at risk and expected shortfall: `valueAtRisk({ column: 'return', confidences: [0.99] })`. */
export const valueAtRisk = standalone(varOperator);
/** Forecasts of it against returns: `varBacktest({ var: 'var_historical_99' })`. */
export const varBacktest = standalone(varBacktestOperator);
/** Return and risk of a series: `performance({ column: 'equity', returns: 'simple' })`. */
export const performance = standalone(performanceOperator);
/** Sentiment of headlines as an index that decays: `mood({ half_life: '1h' })`. */
export const mood = standalone(moodOperator);
/** Trades of a venue or of typed columns, checked against an instrument table given as text by its path. */
export const normalize = (params: unknown, files: ReadonlyMap<string, string>) => standalone(normalizeOperator, files)(params);
/** Positions, profit and equity of accounts from their fills, with an instrument table given as text by its path; also `.port('equity')`, `balances`. */
export const positions = (params: unknown, files: ReadonlyMap<string, string>) => standalone(positionsOperator, files)(params);
/** Decisions by rules over scores, with an instrument table given as text by its path; also `.port('orders')`. */
export const decide = (params: unknown, files: ReadonlyMap<string, string>) => standalone(decideOperator, files)(params);
/** Exposure of accounts from positions: `exposure({ by: ['symbol', 'currency'] })`. */
export const exposure = (params: unknown, files?: ReadonlyMap<string, string>) => standalone(exposureOperator, files)(params);
/** What headlines say of the entities of a table, given as text by its path: `sentiment({ entities: 'entities.csv' }, files)`. */
export const sentiment = (params: unknown, files?: ReadonlyMap<string, string>) => standalone(sentimentOperator, files)(params);
/** Profit of accounts under scenarios, given as text by their path. */
export const stress = (params: unknown, files: ReadonlyMap<string, string>) => standalone(stressOperator, files)(params);

/** What the gate made of a batch; null: no such row. */
export interface Gated {
  /** Rows that pass as they came; of `control`, cancels of what a kill is about. */
  readonly accepted: RecordBatch | null;
  /** A row a denial, with code, scope, limit and value. */
  readonly denied: RecordBatch | null;
  /** Denied and malformed rows: `row` of the batch, `code`, `reason`, `raw`. */
  readonly rejected: RecordBatch | null;
}

/**
 * The pre-trade gate of operator `risk` inside this program: a batch of orders in, what passes and what is denied out, no topic between.
 *
 *     const gate = new RiskGate(readFileSync('limits.yaml', 'utf8'), { orders: ORDERS, prices: PRICES, fills: FILLS });
 *     gate.prices(prices);
 *     const { accepted, denied } = gate.check(orders);
 *
 * Only ports whose columns are given can be fed. Throws `limits-invalid` with every fault, and `columns-unfit`.
 */
export class RiskGate {
  readonly #gate: Direct<RiskParams>;

  constructor(
    limits: string,
    columns: Readonly<Partial<Record<'orders' | 'prices' | 'fills' | 'updates' | 'control' | 'limits', Schema>>>,
    params: { readonly price?: string; readonly cancel_on_kill?: boolean } = {},
  ) {
    this.#gate = new Direct(riskOperator, { ...params, limits: LIMITS }, columns, new Map([[LIMITS, limits]]));
  }

  /** Orders against every limit. */
  check(orders: RecordBatch): Gated {
    return this.#push('orders', orders);
  }

  /** Reference prices. */
  prices(batch: RecordBatch): Gated {
    return this.#push('prices', batch);
  }

  /** Executions of the venue. */
  fills(batch: RecordBatch): Gated {
    return this.#push('fills', batch);
  }

  /** Changes of orders at the venue. */
  updates(batch: RecordBatch): Gated {
    return this.#push('updates', batch);
  }

  /** Kill switch and trading states. */
  control(batch: RecordBatch): Gated {
    return this.#push('control', batch);
  }

  /** New versions of the limits file. */
  limits(batch: RecordBatch): Gated {
    return this.#push('limits', batch);
  }

  /** The whole state, to be kept and restored into a gate made alike. */
  snapshot(): Uint8Array[] {
    return this.#gate.snapshot();
  }

  restore(chunks: readonly Uint8Array[]): void {
    this.#gate.restore(chunks);
  }

  #push(port: string, batch: RecordBatch): Gated {
    const { accepted = null, denied = null, rejected = null } = this.#gate.push(port, batch);
    return { accepted, denied, rejected };
  }
}

/** Name under which a gate in this program has its limits. */
const LIMITS = 'limits.yaml';

/** The faults of a pipeline file, as data. */
export class PipelineFaults extends MillraceError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>) {
    super(printDiagnostics(diagnostics, texts), { code: 'pipeline-invalid', domain: 'user' });
    this.diagnostics = diagnostics;
  }
}

/** The plan of a pipeline in a file, for running inside a program; throws `PipelineFaults` with every fault at once. */
export function load(file: string, pipeline?: string): Plan {
  const text = readFileSync(file, 'utf8');
  const compiled = compile({
    text,
    file,
    registry: declarations,
    env: environmentVariables(),
    files: disk,
    allowPaths: [],
    allowCode: false,
    tasks: 1,
  });
  if (compiled.plans.length === 0) throw new PipelineFaults(compiled.diagnostics, compiled.texts);
  const plan = compiled.plans.find((one) => pipeline === undefined || one.pipeline === pipeline);
  if (!plan) {
    const remedy = `it has: ${compiled.pipelines.join(', ')}`;
    throw new MillraceError(`the file has no pipeline "${pipeline}"`, { code: 'pipeline-unknown', domain: 'user', remedy });
  }
  return plan;
}

/** Runs a plan inside this program, with observables in place of its sources and no log: `run(load('p.yaml'), { trades: trades$ })`. */
export function run(plan: Plan, inputs: Readonly<Record<string, Observable<RecordBatch>>>): InProcess {
  return runInProcess(plan, declarations.operators, inputs);
}
