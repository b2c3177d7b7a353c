import { createHash } from 'node:crypto';
import { Float64, Int64, Schema } from 'apache-arrow';
import { columnIndex } from '../../graph/contract/batch.ts';
import { COLUMNS, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { durationNs, showDuration } from '../../graph/contract/units.ts';
import { askKeys, HORIZON_KEY, LABELLED_PORT, ORIGIN, PREDICTION_FIELDS, sharedKeys, TEXT, TRUTH } from '../learning/columns.ts';
import { NUMBER, TIME } from '../statistics/columns.ts';
import type { LearnParams } from './operator.ts';

export const SCORES_PORT = 'scores';

/** The parameters with what follows from them. */
export interface Settings {
  readonly label: string;
  /** As `label` writes it. */
  readonly horizon: string | null;
  readonly name: string;
  readonly hash: string;
  readonly ftrl: { readonly rate: number; readonly beta: number; readonly l1: number; readonly l2: number };
  readonly rls: { readonly l2: number; readonly forgetting: number };
}

export function settingsOf(params: LearnParams): Settings {
  const { model, features, l2, scale, missing, warm_up } = params;
  const horizon = params.horizon === undefined ? null : showDuration(params.horizon);
  const label = params.label ?? (model === 'logistic' ? 'label_up' : 'label_return');
  const ftrl = { rate: params.rate ?? 0.1, beta: params.beta ?? 1, l1: params.l1 ?? 0, l2 };
  const rls = { l2, forgetting: params.forgetting ?? 1 };
  const made = ['learn', 1, model, features, label, horizon, model === 'logistic' ? ftrl : rls, scale, missing, warm_up];
  const hash = createHash('sha256').update(JSON.stringify(made)).digest('hex');
  return { label, horizon, name: params.name ?? model, hash, ftrl, rls };
}

const MISSING_FIELD = field('missing_features', new Int64(), false, 'features of the row that are missing');

const number = (name: string, description: string) => field(name, new Float64(), true, description);
const count = (name: string, description: string) => field(name, new Int64(), false, description);

/** Columns of a score that are carried from the labelled row. */
export function carriedOf(params: LearnParams, inputs: Readonly<Record<string, Schema>>): readonly string[] {
  const labelled = inputs[LABELLED_PORT] as Schema;
  const keys = sharedKeys(params.by, inputs, [INPUT_PORT, LABELLED_PORT]);
  return [...new Set(['ts_event', ORIGIN, ...keys, settingsOf(params).label])].filter((name) => columnIndex(labelled, name) >= 0);
}

/** The columns of a score that the kernel writes. */
function scoreFields(logistic: boolean) {
  const loss = logistic ? 'logarithmic loss' : 'squared error';
  const guess = logistic ? 'the share of ups so far' : 'the mean of the labels so far';
  return [
    field(
      'ts_predicted',
      COLUMNS.ts_event.type,
      false,
      'when the prediction was made: ts_origin, or ts_event where that row is not remembered',
    ),
    number(logistic ? 'p_up' : 'expected_return', 'the prediction, made before the row was learnt from; null where there was none'),
    number('loss', `${loss} of the prediction; null without a prediction or a label`),
    number('base_loss', `${loss} of ${guess}`),
    number('running_loss', `running mean of loss`),
    number('running_base_loss', `running mean of base_loss over the same rows`),
    number('running_gain', 'running_base_loss - running_loss: above 0 the model knows more than the plain guess'),
    count('rows', 'rows that the model has learnt from, this one included'),
    count('skipped', 'rows that it has not learnt from: no label, an unchanged price, another horizon, missing features'),
    count('scored', 'rows whose prediction was scored'),
    ...PREDICTION_FIELDS.slice(-2),
  ];
}

/** Schemas of the ports, or null after faults. */
export function learnSchema(request: SchemaRequest<LearnParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs } = request;
  const { [INPUT_PORT]: given, [LABELLED_PORT]: labelled } = inputs;
  const ports = [INPUT_PORT, LABELLED_PORT].filter((port) => inputs[port]);
  const { label } = settingsOf(params);
  const logistic = params.model === 'logistic';
  const found = [
    ...ports.map((port) => request.column('ts_event', TIME, undefined, port)),
    ...ports.flatMap((port) => params.features.map((name, i) => request.column(name, NUMBER, { path: ['features', i] }, port))),
    ...askKeys(request, ports),
  ];
  if (labelled) {
    found.push(request.column(label, logistic ? TRUTH : NUMBER, { path: ['label'] }, LABELLED_PORT));
    if (columnIndex(labelled, ORIGIN) >= 0) found.push(request.column(ORIGIN, TIME, undefined, LABELLED_PORT));
    if (params.horizon !== undefined && columnIndex(labelled, 'horizon') >= 0)
      found.push(request.column('horizon', TEXT, { path: ['horizon'] }, LABELLED_PORT));
  }
  if (!given || !labelled) return null;
  const told = labelled.fields.find(({ name }) => name === 'horizon')?.metadata.get(HORIZON_KEY);
  if (params.horizon !== undefined && told !== undefined && durationNs(told) !== params.horizon) {
    const wanted = showDuration(params.horizon);
    const message = `learn asks for labels of ${wanted}, and all that come are of ${told}: it would learn from none`;
    request.fault('param-invalid', message, { path: ['horizon'] }, `Say ${told} here, or ${wanted} at the label.`);
    return null;
  }
  const added = [...PREDICTION_FIELDS, MISSING_FIELD];
  const twice = added.filter(({ name }) => columnIndex(given, name) >= 0);
  for (const { name } of twice) {
    request.fault(
      'column-duplicate',
      `learn adds column "${name}", which the input has already`,
      undefined,
      'Rename it before, with select.',
    );
  }
  const carried = found.includes(null) ? [] : carriedOf(params, inputs);
  const scores = scoreFields(logistic);
  const clashing = scores.filter(({ name }) => carried.includes(name));
  for (const { name } of clashing) {
    request.fault(
      'column-duplicate',
      `learn adds column "${name}" to scores, which is a key or the label`,
      { path: ['by'] },
      'Rename it before, with select.',
    );
  }
  if (found.includes(null) || twice.length > 0 || clashing.length > 0) return null;
  const kept = carried.flatMap((name) => labelled.fields.filter((one) => one.name === name));
  return {
    [MAIN_PORT]: new Schema([...given.fields, ...added]),
    [SCORES_PORT]: new Schema([...kept, ...scores]),
    [REJECTED_PORT]: REJECTED_SCHEMA,
  };
}
