import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { LABELLED_PORT, sharedKeys } from '../learning/columns.ts';
import { by } from '../statistics/params.ts';
import { referenceCalibrate } from './kernel.ts';
import { ALARMS_PORT, calibrateSchema } from './layout.ts';
import { nativeCalibrate } from './native.ts';

const MAX_WINDOW = 100_000;
const rows = (least: number) => z.int().min(least).max(MAX_WINDOW);

const params = z
  .strictObject({
    by,
    probability: z.enum(['platt', 'isotonic', 'none']).default('platt').meta({
      description:
        'platt: a sigmoid of the log-odds of p_up, fitted by Newton to smoothed targets; isotonic: a function that never falls, by pool adjacent violators, at least 1 / (rows + 2) from 0 and 1; none: p_up stays',
    }),
    interval: z.enum(['split', 'adaptive', 'none']).default('split').meta({
      description:
        'split: bounds around expected_return from the errors in the window, with the quantile of finite samples, which holds for errors that are exchangeable; adaptive: the share that may miss moves by what was missed (Gibbs and Candes), for errors that drift or have a rhythm: after too many misses bounds are open for a while (null, with `calibration` open), and of n rows in a line at most 1 - coverage + (1 - coverage + adapt) / (n x adapt) are missed; none: lower and upper are null',
    }),
    sides: z.enum(['symmetric', 'two_sided']).default('symmetric').meta({
      description: 'the quantile of the size of errors; or one of each side, each missed by half of the share',
    }),
    coverage: z.number().gt(0).lt(1).default(0.9).meta({ description: 'share of rows that are to be inside' }),
    adapt: z.number().gt(0).max(1).optional().meta({
      description:
        'adaptive: step of the share that may miss, gamma of the paper; default 0.005; a larger one follows a change or a rhythm sooner, and bounds are open more often',
    }),
    window: rows(1).default(1000).meta({
      description:
        'labelled rows of a key that calibration is made from; where errors have a rhythm take whole periods of it (a day of minutes is 1440): a shorter window lags behind it',
      unit: 'rows',
    }),
    min_rows: rows(1).default(100).meta({ description: 'labelled rows before the first calibration; null until then', unit: 'rows' }),
    refit_every: rows(1).default(50).meta({ description: 'labelled rows between two fits of the probability', unit: 'rows' }),
    coverage_rows: rows(1).default(500).meta({ description: 'labelled rows that column `coverage` tells of', unit: 'rows' }),
    drift: z
      .enum(['adwin', 'page_hinkley', 'none'])
      .default('none')
      .meta({ description: 'what watches the loss of the predictions as they come in' }),
    drift_of: z
      .enum(['log_loss', 'absolute_error'])
      .default('log_loss')
      .meta({ description: 'the loss of p_up, or the size of the error of expected_return' }),
    delta: z.number().gt(0).max(1e9).optional().meta({
      description: 'adwin: probability of a false alarm, below 1, default 0.002; page_hinkley: change that is let pass, default 0.005',
    }),
    threshold: z.number().gt(0).max(1e12).optional().meta({ description: 'page_hinkley: sum from which a change counts; default 50' }),
    on_drift: z.enum(['alarm', 'abstain']).default('alarm').meta({
      description:
        'abstain: where the loss rose predictions are null and calibration begins anew, until recover_rows labelled rows have come',
    }),
    recover_rows: rows(1).optional().meta({ description: 'default min_rows', unit: 'rows' }),
    pending: z.int().min(0).max(1_000_000).default(10_000).meta({
      description: 'bounds a key remembers, of each horizon, until the labels come, to tell what fell outside; the oldest are forgotten',
      unit: 'rows',
    }),
    max_keys: z.int().min(1).max(1_000_000_000).default(1_000_000).meta({
      description: 'keys that have a calibration; rows of one more are rejected',
      unit: 'keys',
    }),
  })
  .refine((given) => given.min_rows <= given.window, { message: 'expected at most window', path: ['min_rows'] })
  .refine((given) => given.adapt === undefined || given.interval === 'adaptive', {
    message: 'expected adapt with interval: adaptive only',
    path: ['adapt'],
  })
  .refine((given) => given.threshold === undefined || given.drift === 'page_hinkley', {
    message: 'expected threshold with drift: page_hinkley only',
    path: ['threshold'],
  })
  .refine((given) => given.delta === undefined || given.drift !== 'none', {
    message: 'expected delta with a detector only',
    path: ['delta'],
  })
  .refine((given) => given.drift !== 'adwin' || (given.delta ?? 0.002) < 1, {
    message: 'expected a probability below 1 for adwin',
    path: ['delta'],
  })
  .refine((given) => given.on_drift === 'alarm' || given.drift !== 'none', {
    message: 'expected drift: adwin or page_hinkley',
    path: ['on_drift'],
  })
  .refine((given) => given.recover_rows === undefined || given.on_drift === 'abstain', {
    message: 'expected recover_rows with on_drift: abstain only',
    path: ['recover_rows'],
  });

/** Parameters of `calibrate`, after defaults. */
export type CalibrateParams = z.output<typeof params>;

/**
 * A labelled row is the prediction as it came in, with its label: what it is held against are the bounds that `out` gave to the row of its
 * `ts_origin` and, where both ports tell it, of its `horizon`; where that row is not remembered, the bounds as they would be now. A bound
 * that the window is too short to know is infinite: it is null, `calibration` says `open`, and nothing falls outside of it. Coverage counts
 * rows that had bounds.
 *
 * `adaptive` gives open bounds after it has missed more than it may: the share that may miss is then below 1 / (errors in the window + 1),
 * and no error that was seen is wide enough. It rises with each row that is inside, so that bounds come back; that is the price of its
 * theorem (Gibbs and Candes, proposition 4.1): over n labelled rows in a line, each labelled before the next is bounded, the share that is
 * missed is at most 1 - coverage + (1 - coverage + adapt) / (n x adapt), whatever the errors are; where up to k others are bounded before
 * a label comes, 1 - coverage + (1 - coverage + (1 + k) x adapt) / (n x adapt). The share that may miss stays at most 1, where the paper
 * would give empty bounds: what lies on a bound is inside.
 *
 * ADWIN looks for a change at every 32nd loss and keeps the part of its window behind the change; Page-Hinkley begins anew.
 */
export const calibrate = defineOperator({
  name: 'calibrate',
  summary: 'Probabilities and intervals that hold what they say: Platt or isotonic, conformal bounds with live coverage, drift alarms.',
  source:
    'J. Platt (1999); H.-T. Lin, C.-J. Lin, R. Weng (2007), Machine Learning 68; M. Ayer et al. (1955), The Annals of Mathematical Statistics 26; J. Lei et al. (2018), JASA 113; I. Gibbs, E. Candes (2021), NeurIPS; A. Bifet, R. Gavalda (2007), SDM; E. S. Page (1954), Biometrika 41',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [INPUT_PORT]: { description: 'predictions: `ts_event`, key columns, `p_up` and `expected_return` as far as they are used' },
    [LABELLED_PORT]: {
      description: 'the same predictions once their future is known, as `label` makes them: also `label_up`, `label_return`, `ts_origin`',
    },
  },
  outputs: {
    [MAIN_PORT]: {
      description:
        'every row with its prediction calibrated, that of the model in `p_up_raw`, bounds in `lower` and `upper`, `coverage`: the share of the last labelled rows inside theirs, `calibration`: ready, warm_up, open or abstains, and `uncalibrated`: rows of the key so far that left in warm_up or abstains',
    },
    [ALARMS_PORT]: { description: 'a row per change of the mean loss that was found: `loss-rose` or `loss-fell`' },
    [REJECTED_PORT]: {
      description:
        'rows of a key beyond max_keys (`keys-full`), without a time (`ts-missing`), with a p_up outside of 0 to 1 (`probability-invalid`), or with a return that is not finite or of 1e75 or more (`value-not-finite`)',
    },
  },
  groups: (given, inputs) => sharedKeys(given.by, inputs, [INPUT_PORT, LABELLED_PORT]),
  schema: calibrateSchema,
  create: nativeCalibrate,
  reference: referenceCalibrate,
});
