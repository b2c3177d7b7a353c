import type { RecordBatch, Schema } from 'apache-arrow';
import { columnIndex } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { LABELLED_PORT, ORIGIN, sharedKeys } from '../learning/columns.ts';
import { exponential } from '../learning/exponential.ts';
import { Remembered } from '../learning/remembered.ts';
import { Histories } from '../statistics/histories.ts';
import { Refusal } from '../statistics/returns.ts';
import {
  fitIsotonic,
  fitPlatt,
  type Isotonic,
  isotonicOf,
  logLoss,
  oddsOf,
  offsetsOf,
  type Pair,
  type Platt,
  plattOf,
} from './definitions.ts';
import { type Adwin, type Cut, type PageHinkley, pushAdwin, pushPageHinkley } from './detectors.ts';
import { ALARMS_PORT, HORIZON, readOf } from './layout.ts';
import { defaultsOf } from './native.ts';
import type { CalibrateParams } from './operator.ts';

/** Texts, since JSON has no infinities. */
type Bounds = readonly [lower: string, upper: string];

interface State {
  pairs: Pair[];
  fresh: number;
  platt: Platt | null;
  isotonic: { readonly points: Isotonic; readonly rows: number } | null;
  errors: number[];
  miss: number;
  inside: boolean[];
  readonly adwin: Adwin;
  readonly pageHinkley: PageHinkley;
  abstains: number;
  rows: number;
  uncalibrated: number;
  /** By horizon, as JSON. */
  readonly pending: Record<string, Remembered<Bounds | null>[]>;
}

/** A row at a time, by the definitions. */
export function referenceCalibrate({ params, inputs, outputs }: KernelContext<CalibrateParams>): Kernel {
  const { step, delta, threshold, recover } = defaultsOf(params);
  const labelled = inputs[LABELLED_PORT] as Schema;
  const tellsOrigin = columnIndex(labelled, ORIGIN) >= 0;
  const tellsHorizon = readOf(params, inputs, LABELLED_PORT).includes(HORIZON);
  const states = new Histories<State>(sharedKeys(params.by, inputs, [INPUT_PORT, LABELLED_PORT]), () => ({
    ...{
      pairs: [],
      fresh: 0,
      platt: null,
      isotonic: null,
      errors: [],
      miss: 1 - params.coverage,
      inside: [],
      abstains: 0,
      rows: 0,
      uncalibrated: 0,
      pending: {},
    },
    adwin: { ticks: 0, buckets: [] },
    pageHinkley: { values: [] },
  }));
  const number = (row: Row, name: string) => (row[name] ?? null) as number | null;

  const refusal = (row: Row, later: boolean): Refusal | null => {
    if (row.ts_event === null) return new Refusal('ts-missing', 'ts_event is null');
    const p = number(row, 'p_up');
    if (p !== null && !(p >= 0 && p <= 1)) return new Refusal('probability-invalid', `p_up is ${exponential(p)}`);
    for (const name of later ? ['expected_return', 'label_return'] : ['expected_return']) {
      const value = number(row, name);
      if (value !== null && !(Math.abs(value) < 1e75)) return new Refusal('value-not-finite', `${name} is ${exponential(value)}`);
    }
    return null;
  };

  const boundsOf = (state: State, expected: number | null): readonly [number, number] | null => {
    if (state.abstains > 0 || params.interval === 'none' || state.errors.length < params.min_rows || expected === null) return null;
    const [lower, upper] = offsetsOf(state.errors, state.miss, params.sides === 'two_sided');
    return [expected + lower, expected + upper];
  };

  const probability = (state: State, p: number | null): { readonly p_up: number | null; readonly p_down: number | null } => {
    if (p === null) return { p_up: null, p_down: null };
    if (params.probability === 'none') return { p_up: p, p_down: 1 - p };
    if (state.platt) {
      const [slope, shift] = state.platt;
      return { p_up: plattOf(state.platt, oddsOf(p)), p_down: plattOf([-slope, -shift], oddsOf(p)) };
    }
    if (!state.isotonic) return { p_up: null, p_down: null };
    const up = isotonicOf(state.isotonic.points, p, state.isotonic.rows);
    return { p_up: up, p_down: 1 - up };
  };

  const horizonOf = (row: Row): string | null => (tellsHorizon ? ((row[HORIZON] ?? null) as string | null) : null);
  const remembered = (state: State, horizon: string | null): Remembered<Bounds | null>[] => {
    const name = JSON.stringify(horizon);
    const queue = state.pending[name] ?? [];
    state.pending[name] = queue;
    return queue;
  };

  const stageOf = (state: State, bounds: readonly number[] | null): string => {
    if (state.abstains > 0) return 'abstains';
    const cold = params.probability !== 'none' && !state.platt && !state.isotonic;
    if (cold || (params.interval !== 'none' && state.errors.length < params.min_rows)) return 'warm_up';
    return bounds && !bounds.every(Number.isFinite) ? 'open' : 'ready';
  };

  const calibrated = (row: Row): Row => {
    const state = states.of(row);
    const bounds = boundsOf(state, number(row, 'expected_return'));
    if (tellsOrigin) {
      const said: Bounds | null = bounds && [String(bounds[0]), String(bounds[1])];
      Remembered.push(remembered(state, horizonOf(row)), row.ts_event as bigint, said, params.pending);
    }
    const finite = (bound: number | undefined) => (bound !== undefined && Number.isFinite(bound) ? bound : null);
    const coverage = state.inside.length === 0 ? null : state.inside.filter(Boolean).length / state.inside.length;
    const calibration = stageOf(state, bounds);
    if (calibration === 'warm_up' || calibration === 'abstains') state.uncalibrated += 1;
    const told = { p_up_raw: number(row, 'p_up'), coverage, calibration, uncalibrated: BigInt(state.uncalibrated) };
    const none = { p_up: null, p_down: null, expected_return: null, lower: null, upper: null };
    if (state.abstains > 0) return { ...row, ...none, ...told };
    return { ...row, ...probability(state, number(row, 'p_up')), lower: finite(bounds?.[0]), upper: finite(bounds?.[1]), ...told };
  };

  const detect = (state: State, loss: number): Cut | null => {
    if (params.drift === 'adwin') return pushAdwin(state.adwin, loss, delta);
    return params.drift === 'none' ? null : pushPageHinkley(state.pageHinkley, loss, delta, threshold);
  };

  const refit = (state: State): void => {
    const due = state.platt || state.isotonic ? state.fresh >= params.refit_every : state.pairs.length >= params.min_rows;
    if (!due) return;
    state.fresh = 0;
    if (params.probability === 'platt') state.platt = fitPlatt(state.pairs);
    else state.isotonic = { points: fitIsotonic(state.pairs), rows: state.pairs.length };
  };

  const learnt = (row: Row): Row | null => {
    const state = states.of(row);
    state.rows += 1;
    const [p, expected, actual] = [number(row, 'p_up'), number(row, 'expected_return'), number(row, 'label_return')];
    const up = (row.label_up ?? null) as boolean | null;
    const origin = tellsOrigin ? (row[ORIGIN] as bigint | null) : null;
    const taken = (horizon: string | null) => (origin === null ? null : Remembered.take(remembered(state, horizon), origin));
    const horizon = horizonOf(row);
    const given = (horizon === null ? null : taken(horizon)) ?? taken(null);
    const bounds = given ? (given.said?.map(Number) ?? null) : boundsOf(state, expected);
    if (bounds && actual !== null) {
      const inside = (bounds[0] as number) <= actual && actual <= (bounds[1] as number);
      state.inside = [...state.inside, inside].slice(-params.coverage_rows);
      if (params.interval === 'adaptive') state.miss = Math.min(1, state.miss + step * (1 - params.coverage - (inside ? 0 : 1)));
    }
    const error = actual === null || expected === null ? null : actual - expected;
    const loss =
      params.drift_of === 'log_loss' ? (p === null || up === null ? null : logLoss(p, up)) : error === null ? null : Math.abs(error);
    state.abstains = Math.max(0, state.abstains - 1);
    const cut = loss === null ? null : detect(state, loss);
    if (params.on_drift === 'abstain' && cut?.rose) {
      Object.assign(state, { abstains: recover, pairs: [], fresh: 0, platt: null, isotonic: null, errors: [], miss: 1 - params.coverage });
    }
    if (error !== null) state.errors = [...state.errors, error].slice(-params.window);
    if (p !== null && up !== null && params.probability !== 'none') {
      state.pairs = [...state.pairs, { p, up }].slice(-params.window);
      state.fresh += 1;
      refit(state);
    }
    if (!cut) return null;
    const { statistic, threshold: passed, rose } = cut;
    const code = rose ? 'loss-rose' : 'loss-fell';
    return { ...row, detector: params.drift, statistic, threshold: passed, code, rows: BigInt(state.rows) };
  };

  return {
    push(batch: RecordBatch, port, emit) {
      const later = port === LABELLED_PORT;
      const to = later ? ALARMS_PORT : MAIN_PORT;
      const out: Row[] = [];
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        const full = states.isFull(row, params.max_keys);
        if (!full) states.of(row);
        const refused = full ? new Refusal('keys-full', `there are ${params.max_keys} keys already`) : refusal(row, later);
        if (refused) {
          rejected.push({ row: i, code: refused.code, reason: refused.reason, raw: Buffer.from(rowText(batch, i)) });
          return;
        }
        const made = later ? learnt(row) : calibrated(row);
        if (made) out.push(made);
      });
      if (out.length > 0) emit(to, batchOf(outputs[to] as Schema, out));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => states.snapshot(),
    restore: (chunks) => states.restore(chunks),
  };
}
