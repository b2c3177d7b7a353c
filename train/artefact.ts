import { createHash } from 'node:crypto';
import type { RefusedRows } from '../graph/contract/refused.ts';
import { FEATURES_KEY, type ModelCard } from '../operators/onnx/card.ts';
import { sha256 } from '../operators/onnx/card-file.ts';
import { type Constant, type OnnxNode, writeOnnx } from '../operators/onnx/write.ts';
import type { LinearModel } from './linear.ts';
import type { Matrix } from './matrix.ts';
import type { Evaluation, Fitted, TrainOptions } from './walk.ts';

/** Digits that a metric is told with. */
const DIGITS = 6;

/** A model as `predict` takes it: ONNX, and the card beside it. The same rows and options give the same bytes. */
export interface Artefact {
  readonly onnx: Uint8Array;
  readonly card: ModelCard;
  /** What its pipeline refused before there was anything to learn from. */
  readonly refused: readonly RefusedRows[];
}

export function artefactOf(
  name: string,
  horizon: string,
  matrix: Matrix,
  fitted: Fitted,
  evaluation: Evaluation,
  options: TrainOptions,
  refused: readonly RefusedRows[] = [],
): Artefact {
  const onnx = onnxOf(name, fitted, matrix.features);
  const rows = matrix.originNs.length;
  const card: ModelCard = {
    format: 'millrace-model',
    version: 1,
    name,
    sha256: sha256(onnx),
    features: [...matrix.features],
    input: 'features',
    horizons: [{ horizon, p_up: 'p_up', expected_return: 'expected_return', lower: 'lower', upper: 'upper' }],
    trained: {
      rows,
      left_out: matrix.leftOut,
      refused: [...refused],
      ...(matrix.coarse.length > 0 ? { coarse: [...matrix.coarse] } : {}),
      from_ns: String(matrix.originNs[0] ?? 0n),
      to_ns: String(matrix.originNs[rows - 1] ?? 0n),
      data_sha256: dataHash(matrix),
      l2: options.l2,
      folds: options.folds,
      embargo_ns: String(options.embargoNs),
      coverage: options.coverage,
      cost_bps: options.costBps,
      seed: options.seed,
    },
    metrics: metricsOf(evaluation),
  };
  return { onnx, card, refused };
}

/** What is told of an evaluation, out of sample, in numbers. */
export function metricsOf(evaluation: Evaluation) {
  const short = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null);
  const { gain } = evaluation;
  return {
    tested: evaluation.tested,
    moved: evaluation.moved,
    log_loss: short(evaluation.logLoss),
    base_log_loss: short(evaluation.baseLogLoss),
    persistence_log_loss: short(evaluation.persistenceLogLoss),
    log_loss_gain: short(gain.mean),
    log_loss_gain_95: [short(gain.low), short(gain.high)],
    accuracy: short(evaluation.accuracy),
    area_under_curve: short(evaluation.areaUnderCurve),
    calibration_error: short(evaluation.calibrationError),
    r2: short(evaluation.r2),
    correlation: short(evaluation.correlation),
    covered: short(evaluation.covered),
    trades: evaluation.trades,
    gross_bps: short(evaluation.grossBps),
    net_bps: short(evaluation.netBps),
  };
}

function onnxOf(name: string, { direction, expected, lower, upper }: Fitted, features: readonly string[]): Uint8Array {
  const width = features.length;
  const constants: Constant[] = [];
  const nodes: OnnxNode[] = [];
  const constant = (of: string, dims: readonly number[], values: ArrayLike<number>): string => {
    constants.push({ name: of, dims, values });
    return of;
  };
  const node = (op: string, output: string, ...inputs: string[]): string => {
    nodes.push({ op, inputs, output });
    return output;
  };
  const score = (of: string, { means, scales, weights, bias }: LinearModel, output: string): string => {
    const centred = node('Sub', `${of}_centred`, 'features', constant(`${of}_means`, [width], means));
    const scaled = node('Mul', `${of}_scaled`, centred, constant(`${of}_scales`, [width], scales));
    const product = node('MatMul', `${of}_product`, scaled, constant(`${of}_weights`, [width, 1], weights));
    return node('Add', output, product, constant(`${of}_bias`, [1], [bias]));
  };
  node('Sigmoid', 'p_up', score('direction', direction, 'direction_score'));
  const said = score('return', expected, 'expected_return');
  node('Add', 'lower', said, constant('lower_by', [1], [lower]));
  node('Add', 'upper', said, constant('upper_by', [1], [upper]));
  return writeOnnx({
    name,
    input: { name: 'features', width },
    outputs: ['p_up', 'expected_return', 'lower', 'upper'],
    nodes,
    constants,
    metadata: { [FEATURES_KEY]: JSON.stringify(features) },
  });
}

/** Hash of what was learnt from: names, values, keys and times. */
function dataHash({ features, x, key, returns, up, originNs, knownNs }: Matrix): string {
  const hash = createHash('sha256').update(JSON.stringify(features));
  for (const values of [x, key, returns, up, originNs, knownNs])
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest('hex');
}
