import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { LABELLED_PORT, sharedKeys } from '../learning/columns.ts';
import { ALARMS_PORT, carriedOf, outputOf, passedOf, readOf } from './layout.ts';
import type { CalibrateParams } from './operator.ts';

/** Step of the adaptive level, and what the detectors are told, where the parameters do not say. */
export function defaultsOf(params: CalibrateParams): {
  readonly step: number;
  readonly delta: number;
  readonly threshold: number;
  readonly recover: number;
} {
  return {
    step: params.adapt ?? 0.005,
    delta: params.delta ?? (params.drift === 'adwin' ? 0.002 : 0.005),
    threshold: params.threshold ?? 50,
    recover: params.recover_rows ?? params.min_rows,
  };
}

/** The kernel of `native/kernels/src/calibrate`. */
export function nativeCalibrate({ params, inputs, outputs }: KernelContext<CalibrateParams>): Kernel {
  const given = inputs[INPUT_PORT] as Schema;
  const {
    probability,
    interval,
    sides,
    coverage,
    window,
    min_rows,
    refit_every,
    coverage_rows,
    drift,
    drift_of,
    on_drift,
    pending,
    max_keys,
  } = params;
  const { step, delta, threshold, recover } = defaultsOf(params);
  const { written } = outputOf(given);
  const same = (names: readonly string[]) => new Map(names.map((name) => [name, name]));
  const port = (name: string) => ({ schema: inputs[name] as Schema, columns: readOf(params, inputs, name) });
  return nativeKernel({
    kernel: 'calibrate',
    params: {
      by: sharedKeys(params.by, inputs, [INPUT_PORT, LABELLED_PORT]),
      ...{ probability, window, refit_every, min_rows, pending, max_keys, written },
      interval: { kind: interval, two_sided: sides === 'two_sided', coverage, step, window, min_rows, coverage_rows },
      drift: { kind: drift, delta, threshold },
      on_loss: drift_of === 'log_loss',
      abstain: on_drift === 'abstain',
      recover_rows: recover,
    },
    inputs: { [INPUT_PORT]: port(INPUT_PORT), [LABELLED_PORT]: port(LABELLED_PORT) },
    outputs: {
      [MAIN_PORT]: {
        schema: outputs[MAIN_PORT] as Schema,
        carry: { rows: 'taken', columns: passedOf(given) },
      },
      [ALARMS_PORT]: { schema: outputs[ALARMS_PORT] as Schema, carry: { rows: 'taken', columns: same(carriedOf(params, inputs)) } },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
