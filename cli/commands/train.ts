import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import type { ModelParams } from '../../connectors/model/connector.ts';
import { column } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Plan, PlanSink } from '../../graph/contract/plan.ts';
import { type RefusedRows, refusedText } from '../../graph/contract/refused.ts';
import { cell } from '../../graph/contract/rows.ts';
import { showDuration } from '../../graph/contract/units.ts';
import { readHistory, runHistory } from '../../graph/run/history.ts';
import { Refused } from '../../graph/run/refused.ts';
import { cardPath } from '../../operators/onnx/card-file.ts';
import { artefactOf, metricsOf } from '../../train/artefact.ts';
import { walkForward } from '../../train/folds.ts';
import { type Matrix, MatrixBuilder } from '../../train/matrix.ts';
import { report } from '../../train/report.ts';
import { type Evaluation, evaluate, fitTo, type TrainOptions } from '../../train/walk.ts';
import { compileHistory } from '../compile.ts';
import { EXIT, usage } from '../exit.ts';
import { keyColumns } from '../key-columns.ts';
import { declarations } from '../registry.ts';
import { chosen, type FileOptions, type Place, placeOf } from '../settings.ts';
import { count, note, out, outJson, plural } from '../terminal.ts';
import { diagnosticJson } from './check.ts';

/** Connector of the sinks that are models. */
const MODEL = 'model';
/** Fewer rows than this a step teach nothing that could be told. */
const LEAST_ROWS = 20;

export interface TrainCommandOptions extends FileOptions {
  readonly json?: boolean;
}

interface Trained {
  readonly pipeline: string;
  readonly sink: string;
  readonly model: string;
  readonly report: string;
  readonly sha256: string;
  readonly rows: number;
  /** What its pipeline refused on the way. */
  readonly refused: readonly RefusedRows[];
  readonly metrics: ReturnType<typeof metricsOf>;
}

/** Makes the models of the file; gives the exit code. */
export async function trainCommand(names: readonly string[], options: TrainCommandOptions): Promise<number> {
  const place = placeOf(options);
  const { diagnostics, plans, failed } = compileHistory(place, options, names);
  if (failed) {
    if (options.json) outJson({ diagnostics: diagnostics.map(diagnosticJson) });
    return EXIT.diagnostics;
  }
  const wanted = chosen(plans, names).filter(({ sinks }) => sinks.some(({ connector }) => connector === MODEL));
  if (wanted.length === 0)
    throw usage(`${place.name} makes no model`, 'give a pipeline a sink: { from: labelled, model: { path: m.onnx, features: [...] } }');
  const trained: Trained[] = [];
  for (const plan of wanted) trained.push(...(await trainPlan(plan, place, (line) => note(`${plan.pipeline}: ${line}`))));
  if (options.json) outJson({ models: trained });
  else for (const model of trained) out(modelText(model));
  return EXIT.done;
}

async function trainPlan(plan: Plan, place: Place, tell: (line: string) => void): Promise<readonly Trained[]> {
  const models = plan.sinks.filter(({ connector }) => connector === MODEL);
  const builders = new Map(
    models.map((sink) => {
      const { by, lost } = keyColumns(plan, sink);
      if (lost.length > 0)
        tell(`${sink.name}: its rows lack ${lost.join(', ')}, by which label tells them apart: they count as of one key`);
      return [sink.name, { matrix: new MatrixBuilder((sink.params as ModelParams).features, by), horizons: new Set<string>() }];
    }),
  );
  tell('reading its sources');
  const surroundings = { registry: declarations, folder: place.folder, note: tell };
  const refused = new Refused();
  const history = await readHistory(plan, surroundings, refused);
  tell('running them');
  const take = (port: { readonly node: string; readonly port: string }, batch: RecordBatch): void => {
    for (const sink of models) {
      if (!sink.from.some(({ node, port: name }) => node === port.node && name === port.port)) continue;
      builders.get(sink.name)?.matrix.add(batch);
      const horizon = column(batch, 'horizon');
      for (let row = 0; row < batch.numRows; row++) builders.get(sink.name)?.horizons.add(String(cell(horizon, row)));
    }
  };
  await runHistory(
    plan,
    history,
    models.flatMap(({ from }) => from),
    take,
    surroundings,
    refused,
  );
  if (refused.all().length > 0) tell(`refused: ${refusedText(refused.all())}`);
  return models.map((sink) => {
    const built = builders.get(sink.name);
    if (!built) throw new MillraceError(`sink "${sink.name}" has no rows`, { code: 'internal', domain: 'internal' });
    return trainSink(plan, sink, built.matrix, [...built.horizons], refused.all(), place, tell);
  });
}

function trainSink(
  plan: Plan,
  sink: PlanSink,
  builder: MatrixBuilder,
  horizons: readonly string[],
  refused: readonly RefusedRows[],
  place: Place,
  tell: (line: string) => void,
): Trained {
  const params = sink.params as ModelParams;
  const matrix = builder.build();
  const rows = matrix.originNs.length;
  if (rows < LEAST_ROWS * (params.folds + 1) || horizons.length !== 1) {
    const why = horizons.length > 1 ? `labels of several horizons: ${horizons.join(', ')}` : `${rows} whole rows for ${params.folds} steps`;
    throw new MillraceError(`model "${sink.name}" cannot be trained on ${why}`, {
      code: 'history-short',
      domain: 'user',
      node: sink.name,
      remedy:
        horizons.length > 1 ? 'give each horizon a model of its own' : 'name more history, fewer folds, or features that are not null',
    });
  }
  const options: TrainOptions = {
    l2: params.l2,
    folds: params.folds,
    embargoNs: params.embargo,
    coverage: params.coverage,
    costBps: params.cost_bps,
    seed: params.seed,
  };
  if (matrix.coarse.length > 0)
    tell(
      `${sink.name}: models see float32, which keeps little of ${matrix.coarse.join(', ')}: far from 0 and all but constant; take a difference, a return or a ratio instead`,
    );
  checkSteps(sink.name, matrix, options);
  tell(`${sink.name}: ${plural(params.folds, 'step')} forward over ${count(rows)} rows of ${plural(params.features.length, 'feature')}`);
  const evaluation: Evaluation = evaluate(matrix, options);
  const fitted = fitTo(matrix, Int32Array.from(matrix.originNs.keys()), options);
  const name = params.name ?? basename(params.path, '.onnx');
  const artefact = artefactOf(name, horizons[0] ?? '', matrix, fitted, evaluation, options, refused);
  const path = resolve(place.folder, params.path);
  mkdirSync(dirname(path), { recursive: true });
  replace(`${path}.html`, report(artefact, matrix, fitted, evaluation, options));
  replace(path, artefact.onnx);
  replace(cardPath(path), `${JSON.stringify(artefact.card, null, 2)}\n`);
  const { sha256 } = artefact.card;
  return {
    pipeline: plan.pipeline,
    sink: sink.name,
    model: params.path,
    report: `${params.path}.html`,
    sha256,
    rows,
    refused,
    metrics: metricsOf(evaluation),
  };
}

/** Error `history-short` where a step has too little to learn from: what is told of such a model would be told of nothing. */
function checkSteps(name: string, matrix: Matrix, { folds, embargoNs }: TrainOptions): void {
  walkForward(matrix, folds, embargoNs).forEach(({ train }, i) => {
    const ups = train.filter((row) => matrix.up[row] === 1).length;
    const downs = train.filter((row) => matrix.up[row] === 0).length;
    if (train.length >= LEAST_ROWS && ups > 0 && downs > 0) return;
    const learnt = `${plural(train.length, 'row')}, ${ups} up and ${downs} down`;
    throw new MillraceError(`model "${name}" cannot be trained: step ${i + 1} of ${folds} would learn from ${learnt}`, {
      code: 'history-short',
      domain: 'user',
      node: name,
      remedy: `name more history, fewer folds or a shorter embargo than ${showDuration(embargoNs)}: a step learns from ${LEAST_ROWS} rows at least, some up and some down`,
    });
  });
}

/** Puts a whole file in the place of another. */
function replace(path: string, content: string | Uint8Array): void {
  const beside = `${path}.part`;
  writeFileSync(beside, content);
  renameSync(beside, path);
}

function modelText({ sink, model, report: page, rows, metrics }: Trained): string {
  const [low, high] = metrics.log_loss_gain_95;
  const verdict =
    low !== null && low !== undefined && low > 0 ? 'it knows more than the base rate' : 'it is not shown to know more than the base rate';
  return [
    `${sink}: ${model} from ${count(rows)} rows; report ${page}`,
    `  logarithmic loss ${metrics.log_loss} out of sample, base rate ${metrics.base_log_loss}, last move ${metrics.persistence_log_loss}`,
    `  gain a row ${metrics.log_loss_gain}, 95 % between ${low} and ${high}: ${verdict}`,
    `  ${metrics.covered === null ? '' : `${(100 * metrics.covered).toFixed(1)} % of returns inside their interval; `}after costs ${metrics.net_bps} bps over ${plural(metrics.trades, 'change')} of position`,
  ].join('\n');
}
