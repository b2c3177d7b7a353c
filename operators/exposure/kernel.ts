import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { sectorsOf } from '../instruments/sectors.ts';
import { amount } from '../money/money.ts';
import type { Valued } from '../money/valued.ts';
import { valuedKernel } from '../money/valued-kernel.ts';
import type { ExposureParams } from './operator.ts';

/** What was last shown of a group. */
interface Shown {
  readonly account: string;
  readonly by: string;
  readonly name: string | null;
  readonly text: string;
}

/** Exposure summed over all positions anew at every row: the oracle of the native kernel. */
export function referenceExposure(context: KernelContext<ExposureParams>): Kernel {
  const { params, outputs } = context;
  const sectors = sectorsOf(context);
  const state = { positions: new Map<string, Valued>(), groups: new Map<string, Shown>() };

  const nameOf = (position: Valued, by: ExposureParams['by'][number]): string | null =>
    by === 'sector' ? sectors.get(position.symbol) || null : position[by];

  const take = (row: Valued): Row[] => {
    const key = JSON.stringify([row.account, row.symbol]);
    const before = state.positions.get(key);
    state.positions.set(key, row);
    return params.by.flatMap((by) => {
      const names = new Set([...(before ? [nameOf(before, by)] : []), nameOf(row, by)]);
      return [...names].flatMap((name): Row[] => {
        const members = [...state.positions.values()].filter((other) => other.account === row.account && nameOf(other, by) === name);
        const of = (sign: bigint) =>
          members.map(({ value }) => (value ?? 0n) * sign).reduce((sum, units) => (units > 0n ? sum + units : sum), 0n);
        const [long, short, unknown] = [of(1n), of(-1n), members.filter(({ value }) => value === null).length];
        const group = JSON.stringify([row.account, by, name]);
        const text = `${long} ${short} ${unknown}`;
        if (state.groups.get(group)?.text === text) return [];
        state.groups.set(group, { account: row.account, by, name, text });
        const sums = { long, short, gross: long + short, net: long - short };
        const shown = Object.entries(sums).map(([column, units]) => [column, unknown > 0 ? null : amount(units)]);
        return [{ ts_event: row.ns, account: row.account, by, name, ...Object.fromEntries(shown) }];
      });
    });
  };

  return valuedKernel(outputs[MAIN_PORT] as Schema, state, take);
}
