import type { Schema } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { stateChunks, stateOf } from '../money/state.ts';
import { horizonOf, IGNORED_PORT } from './layout.ts';
import type { MoodParams } from './operator.ts';

interface Headline {
  readonly known: bigint;
  readonly ns: bigint;
  readonly sentiment: number;
  readonly weight: number;
}

interface State {
  /** By symbol, every headline so far, as they came. */
  readonly symbols: Map<string, Headline[]>;
  watermark: bigint;
}

type Fate = 'counts' | 'ignored' | [code: string, reason: string];

/** Every point summed by the definition over all headlines so far: the oracle of the native kernel. */
export function referenceMood({ params, inputs, outputs }: KernelContext<MoodParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const { every, half_life, emit: when, prior_weight, max_headlines, max_keys } = params;
  const horizon = horizonOf(params);
  let state: State = { symbols: new Map(), watermark: MIN_NS };

  const fate = (row: Row, floor: bigint): Fate => {
    const ns = row.ts_event as bigint | null;
    if (ns === null) return ['ts-missing', 'ts_event is null'];
    if (row.symbol === null || row.sentiment === null || row.confidence === null) return 'ignored';
    for (const [name, least] of [
      ['sentiment', -1],
      ['confidence', 0],
      ['credibility', 0],
    ] as const) {
      // biome-ignore format: a table
      const value = row[name] as number | null | undefined;
      if (value != null && !(value >= least && value <= 1))
        return [`${name}-out-of-range`, `${name} is ${shown(value)}, not in [${least}, 1]`];
    }
    const known = later(ns, floor);
    if (known + horizon + every > MAX_NS || ns - horizon - every < MIN_NS) return ['ts-out-of-range', `ts_event ${ns} has no horizon`];
    return known - ns >= horizon ? 'ignored' : 'counts';
  };

  const take = (row: Row, floor: bigint): Fate => {
    const judged = fate(row, floor);
    if (judged !== 'counts') return judged;
    const [ns, symbol] = [row.ts_event as bigint, row.symbol as string];
    const known = later(ns, floor);
    if (!state.symbols.has(symbol) && state.symbols.size >= max_keys) return ['keys-full', `there are ${max_keys} keys already`];
    const all = state.symbols.get(symbol) ?? [];
    if (all.filter((other) => known - other.ns < horizon).length >= max_headlines)
      return ['headlines-full', `there are ${max_headlines} headlines within the horizon already`];
    const weight = (row.confidence as number) * ((row.credibility as number | null | undefined) ?? 1);
    state.symbols.set(symbol, [...all, { known, ns, sentiment: row.sentiment as number, weight }]);
    return 'counts';
  };

  /** Times in [from, to) at which a symbol may have a row. */
  const times = (all: readonly Headline[], from: bigint, to: bigint): bigint[] => {
    const found = new Set<bigint>();
    for (const { known, ns } of all) {
      if (when !== 'grid') found.add(known);
      if (when === 'row') continue;
      const start = known + ((((-known % every) + every) % every) as bigint);
      for (let at = start; at - ns < horizon; at += every) found.add(at);
    }
    return [...found].filter((at) => at >= from && at < to).sort((a, b) => (a < b ? -1 : 1));
  };

  const point = (symbol: string, all: readonly Headline[], at: bigint): Row[] => {
    const active = all.filter(({ known, ns }) => known <= at && at - ns < horizon);
    if (active.length === 0) return [];
    const weights = active.map(({ ns, weight }) => weight * 2 ** -(Number(at - ns) / Number(half_life)));
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const mood_weight = sum(weights);
    const whole = mood_weight + prior_weight;
    const mood = whole > 0 ? sum(weights.map((weight, i) => weight * (active[i]?.sentiment ?? 0))) / whole : null;
    return [{ ts_event: at, symbol, mood, mood_weight, headlines: BigInt(active.length) }];
  };

  return {
    push(batch, _port, emit, floorNs) {
      const ignored: number[] = [];
      const rejected: Row[] = [];
      const floor = later(floorNs, state.watermark);
      rowsOf(batch).forEach((row, i) => {
        const found = take(row, floor);
        if (found === 'ignored') ignored.push(i);
        else if (found !== 'counts') rejected.push({ row: i, code: found[0], reason: found[1], raw: Buffer.from(rowText(batch, i)) });
      });
      if (ignored.length > 0) emit(IGNORED_PORT, gather(schema, [batch], null, Int32Array.from(ignored)));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance(watermarkNs, _clockNs, emit) {
      if (watermarkNs <= state.watermark) return;
      const rows = [...state.symbols].flatMap(([symbol, all]) =>
        times(all, state.watermark, watermarkNs).flatMap((at) => point(symbol, all, at)),
      );
      state.watermark = watermarkNs;
      rows.sort((a, b) => ((a.ts_event as bigint) < (b.ts_event as bigint) ? -1 : a.ts_event === b.ts_event ? 0 : 1));
      if (rows.length > 0) emit(MAIN_PORT, batchOf(outputs[MAIN_PORT] as Schema, rows));
    },
    nextTimer: () => null,
    snapshot: () => stateChunks(state),
    restore(chunks) {
      if (chunks.length > 0) state = stateOf<State>(chunks);
    },
  };
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function shown(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}
