import type { RecordBatch, Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { durationNs } from '../../graph/contract/units.ts';
import { LABELLED_PORT, ORIGIN, sharedKeys } from '../learning/columns.ts';
import { exponential } from '../learning/exponential.ts';
import { Remembered } from '../learning/remembered.ts';
import { Histories } from '../statistics/histories.ts';
import { Refusal } from '../statistics/returns.ts';
import {
  type Coefficients,
  clipped,
  dot,
  fresh,
  learnLinear,
  learnLogistic,
  logLoss,
  type Moments,
  observe,
  sigmoid,
  standardised,
} from './definitions.ts';
import { SCORES_PORT, settingsOf } from './layout.ts';
import type { LearnParams } from './operator.ts';

interface Model {
  readonly moments: Moments[];
  readonly coefficients: Coefficients;
  readonly pending: Remembered<number | null>[];
  rows: number;
  skipped: number;
  scored: number;
  sum: number;
  mean: number;
  running: number;
  runningBase: number;
}

/** A row at a time, by the definitions. */
export function referenceLearn({ params, inputs, outputs }: KernelContext<LearnParams>): Kernel {
  const { label, horizon, name, hash, ftrl, rls } = settingsOf(params);
  const logistic = params.model === 'logistic';
  const width = params.features.length + 1;
  const labelled = inputs[LABELLED_PORT] as Schema;
  const tellsOrigin = labelled.fields.some((field) => field.name === ORIGIN);
  const tellsHorizon = labelled.fields.some((field) => field.name === 'horizon');
  const models = new Histories<Model>(sharedKeys(params.by, inputs, [INPUT_PORT, LABELLED_PORT]), () => ({
    moments: params.features.map(() => ({ count: 0, mean: 0, squares: 0 })),
    coefficients: fresh(width, logistic ? null : rls),
    pending: [],
    ...{ rows: 0, skipped: 0, scored: 0, sum: 0, mean: 0, running: 0, runningBase: 0 },
  }));

  const featuresOf = (row: Row) => params.features.map((feature) => {
    const value = row[feature] as number | null;
    return value !== null && Math.abs(value) < 1e75 ? value : null;
  }); // biome-ignore format: one step
  const inputOf = (model: Model, features: readonly (number | null)[]) => [
    ...features.map((value, i) => (params.scale ? standardised(model.moments[i] as Moments, value) : (value ?? 0))),
    1,
  ];
  const unusable = (features: readonly (number | null)[]) => params.missing === 'skip' && features.includes(null);
  const say = (model: Model, features: readonly (number | null)[]): number | null => {
    if (model.rows < params.warm_up || unusable(features)) return null;
    const value = dot(model.coefficients.weights, inputOf(model, features));
    return logistic ? clipped(value) : Math.abs(value) < 1e75 ? value : null;
  };

  const modelOf = (row: Row): Model | Refusal =>
    models.isFull(row, params.max_keys) ? new Refusal('keys-full', `there are ${params.max_keys} keys already`) : models.of(row);

  const predicted = (row: Row): Row | Refusal => {
    const model = modelOf(row);
    if (model instanceof Refusal) return model;
    const ns = row.ts_event as bigint | null;
    if (ns === null) return new Refusal('ts-missing', 'ts_event is null');
    const features = featuresOf(row);
    const said = say(model, features);
    if (tellsOrigin) Remembered.push(model.pending, ns, said, params.pending);
    return {
      ...row,
      horizon,
      p_up: logistic && said !== null ? sigmoid(said) : null,
      p_down: logistic && said !== null ? sigmoid(-said) : null,
      expected_return: logistic ? null : said,
      model: name,
      model_hash: hash,
      missing_features: BigInt(features.filter((value) => value === null).length),
    };
  };

  const losses = (model: Model, said: number, outcome: number): readonly [number, number] => {
    if (!logistic) return [(outcome - said) ** 2, (outcome - model.mean) ** 2];
    const ups = (model.sum + 1) / (model.rows + 2);
    return [logLoss(said, outcome === 1), -Math.log(outcome === 1 ? ups : 1 - ups)];
  };

  const scored = (row: Row): Row | Refusal => {
    const model = modelOf(row);
    if (model instanceof Refusal) return model;
    const ns = row.ts_event as bigint | null;
    if (ns === null) return new Refusal('ts-missing', 'ts_event is null');
    const other = params.horizon !== undefined && tellsHorizon && durationNs(String(row.horizon)) !== params.horizon;
    const given = other ? null : ((row[label] ?? null) as number | boolean | null);
    if (typeof given === 'number' && !(Math.abs(given) < 1e75)) return new Refusal('value-not-finite', `${label} is ${exponential(given)}`);
    const outcome = given === null ? null : Number(given);
    const features = featuresOf(row);
    const origin = tellsOrigin && !other ? (row[ORIGIN] as bigint | null) : null;
    const remembered = origin === null ? null : Remembered.take(model.pending, origin);
    const said = remembered ? remembered.said : say(model, features);
    let numbers: Row = {};
    if (said !== null && outcome !== null) {
      const [loss, base] = losses(model, said, outcome);
      model.scored += 1;
      const weight = 1 / Math.min(model.scored, params.score_window);
      model.running += weight * (loss - model.running);
      model.runningBase += weight * (base - model.runningBase);
      const { running, runningBase } = model;
      numbers = { loss, base_loss: base, running_loss: running, running_base_loss: runningBase, running_gain: runningBase - running };
    }
    if (outcome === null || unusable(features)) model.skipped += 1;
    else {
      features.forEach((value, i) => {
        if (value !== null) observe(model.moments[i] as Moments, value);
      });
      if (logistic) learnLogistic(model.coefficients, ftrl, inputOf(model, features), outcome === 1);
      else learnLinear(model.coefficients, rls, inputOf(model, features), outcome);
      model.rows += 1;
      model.sum += outcome;
      model.mean += (outcome - model.mean) / model.rows;
    }
    return {
      ...row,
      ts_predicted: remembered ? origin : ns,
      p_up: said !== null && logistic ? sigmoid(said) : null,
      expected_return: logistic ? null : said,
      ...numbers,
      rows: BigInt(model.rows),
      skipped: BigInt(model.skipped),
      scored: BigInt(model.scored),
      model: name,
      model_hash: hash,
    };
  };

  return {
    push(batch: RecordBatch, port, emit) {
      const [to, of] = port === INPUT_PORT ? ([MAIN_PORT, predicted] as const) : ([SCORES_PORT, scored] as const);
      const out: Row[] = [];
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        const made = of(row);
        if (made instanceof Refusal) rejected.push({ row: i, code: made.code, reason: made.reason, raw: Buffer.from(rowText(batch, i)) });
        else out.push(made);
      });
      if (out.length > 0) emit(to, batchOf(outputs[to] as Schema, out));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => models.snapshot(),
    restore: (chunks) => models.restore(chunks),
  };
}
