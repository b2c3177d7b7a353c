import { type DataType, type Field, Float64, Int64, Schema } from 'apache-arrow';
import { columnIndex } from '../../graph/contract/batch.ts';
import { dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { askKeys, LABELLED_PORT, ORIGIN, PREDICTION_FIELDS, sharedKeys, TEXT, TRUTH } from '../learning/columns.ts';
import { NUMBER, TIME } from '../statistics/columns.ts';
import type { CalibrateParams } from './operator.ts';

export const ALARMS_PORT = 'alarms';

/** What a prediction is of, where both ports tell. */
export const HORIZON = 'horizon';

const COVERAGE = field(
  'coverage',
  new Float64(),
  true,
  'share of the last labelled rows that fell inside the bounds they were given; null before the first',
);

/** What the model said, before calibration. */
const RAW = 'p_up_raw';
const RAW_FIELD = field(RAW, new Float64(), true, 'p_up as it came in');

/** How far the calibration of a row has come; the kernel writes them behind all others. */
const STAGE_FIELDS = [
  field(
    'calibration',
    dictionaryOf('calibration'),
    false,
    'ready; warm_up: fewer than min_rows labelled rows; open: a bound is infinite, as no error of the window is wide enough; abstains: after drift',
  ),
  field('uncalibrated', new Int64(), false, 'rows of the key so far that left in warm_up or abstains'),
];

const ALARM_FIELDS = [
  field('detector', dictionaryOf('detector'), false, 'what found the change: adwin or page_hinkley'),
  field('statistic', new Float64(), false, 'adwin: difference of the mean losses before and after; page_hinkley: the sum'),
  field('threshold', new Float64(), false, 'what it passed'),
  field('code', dictionaryOf('code'), false, 'loss-rose or loss-fell'),
  field('rows', new Int64(), false, 'labelled rows of the key so far'),
];

const predictionField = (name: string): Field => PREDICTION_FIELDS.find((one) => one.name === name) as Field;

/** What is read of the predictions. */
function needs(params: CalibrateParams): { readonly up: boolean; readonly expected: boolean } {
  const loss = params.drift !== 'none' && params.drift_of === 'log_loss';
  const error = params.drift !== 'none' && params.drift_of === 'absolute_error';
  return { up: params.probability !== 'none' || loss, expected: params.interval !== 'none' || error };
}

/** Columns of a port that cross, of those it has. */
export function readOf(params: CalibrateParams, inputs: Readonly<Record<string, Schema>>, port: string): readonly string[] {
  const { [INPUT_PORT]: given, [LABELLED_PORT]: labelled } = inputs;
  const keys = sharedKeys(params.by, inputs, [INPUT_PORT, LABELLED_PORT]);
  const horizon = [given, labelled].every((schema) => schema?.fields.some(({ name, type }) => name === HORIZON && TEXT.accepts(type)));
  const later = port === LABELLED_PORT ? [ORIGIN, 'label_up', 'label_return'] : [];
  const names = new Set(['ts_event', ...keys, 'p_up', 'expected_return', ...(horizon ? [HORIZON] : []), ...later]);
  return [...names].filter((name) => columnIndex(inputs[port] as Schema, name) >= 0);
}

/** Columns of an alarm that are carried from the labelled row. */
export function carriedOf(params: CalibrateParams, inputs: Readonly<Record<string, Schema>>): readonly string[] {
  return [...new Set(['ts_event', ...sharedKeys(params.by, inputs, [INPUT_PORT, LABELLED_PORT])])];
}

/** The columns of `out`, and the names of those that the kernel writes, in order. */
export function outputOf(given: Schema): { readonly fields: readonly Field[]; readonly written: readonly string[] } {
  const has = (name: string) => columnIndex(given, name) >= 0;
  const names = [...(has('p_up') ? ['p_up', 'p_down'] : []), ...(has('expected_return') ? ['expected_return'] : []), ...['lower', 'upper']];
  const kept = given.fields.map((one) => (names.includes(one.name) ? predictionField(one.name) : one));
  const raw = has('p_up') ? [RAW_FIELD] : [];
  const fields = [...kept, ...raw, ...names.filter((name) => !has(name)).map(predictionField), COVERAGE, ...STAGE_FIELDS];
  return { fields, written: fields.map(({ name }) => name).filter((name) => names.includes(name) || name === COVERAGE.name) };
}

/** The columns of `out` that are of the row, by what they are called there. */
export function passedOf(given: Schema): ReadonlyMap<string, string> {
  const { written } = outputOf(given);
  const kept = given.fields.map(({ name }) => name).filter((name) => !written.includes(name));
  return new Map([...kept.map((name) => [name, name] as const), ...(columnIndex(given, 'p_up') < 0 ? [] : [[RAW, 'p_up'] as const])]);
}

/** Schemas of the ports, or null after faults. */
export function calibrateSchema(request: SchemaRequest<CalibrateParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs } = request;
  const { [INPUT_PORT]: given, [LABELLED_PORT]: labelled } = inputs;
  const ports = [INPUT_PORT, LABELLED_PORT].filter((port) => inputs[port]);
  const found: (DataType | null)[] = askKeys(request, ports);
  const { up, expected } = needs(params);
  const ask = (name: string, test: typeof NUMBER, port: string, needed: boolean, param?: string) => {
    if (needed || columnIndex(inputs[port] as Schema, name) >= 0)
      found.push(request.column(name, test, param === undefined ? undefined : { path: [param] }, port));
  };
  const upParam = params.probability === 'none' ? 'drift_of' : 'probability';
  const expectedParam = params.interval === 'none' ? 'drift_of' : 'interval';
  for (const port of ports) {
    ask('ts_event', TIME, port, true);
    ask('p_up', NUMBER, port, up, upParam);
    ask('expected_return', NUMBER, port, expected, expectedParam);
  }
  if (labelled) {
    ask('label_up', TRUTH, LABELLED_PORT, up, upParam);
    ask('label_return', NUMBER, LABELLED_PORT, expected, expectedParam);
    ask(ORIGIN, TIME, LABELLED_PORT, false);
  }
  if (!given || !labelled) return null;
  const twice = [RAW_FIELD, COVERAGE, ...STAGE_FIELDS].filter(({ name }) => columnIndex(given, name) >= 0);
  for (const { name } of twice) {
    request.fault(
      'column-duplicate',
      `calibrate adds column "${name}", which the input has already`,
      undefined,
      'Rename it before, with select.',
    );
  }
  if (twice.length > 0 || found.includes(null)) return null;
  const carried = carriedOf(params, inputs);
  const clashing = ALARM_FIELDS.filter(({ name }) => carried.includes(name));
  for (const { name } of clashing) {
    request.fault(
      'column-duplicate',
      `calibrate adds column "${name}" to alarms, which is a key`,
      { path: ['by'] },
      'Rename it before, with select.',
    );
  }
  if (clashing.length > 0) return null;
  const kept = carried.flatMap((name) => labelled.fields.filter((one) => one.name === name));
  return {
    [MAIN_PORT]: new Schema([...outputOf(given).fields]),
    [ALARMS_PORT]: new Schema([...kept, ...ALARM_FIELDS]),
    [REJECTED_PORT]: REJECTED_SCHEMA,
  };
}
