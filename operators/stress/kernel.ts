import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { sectorsOf } from '../instruments/sectors.ts';
import { amount, mulDiv } from '../money/money.ts';
import type { Valued } from '../money/valued.ts';
import { valuedKernel } from '../money/valued-kernel.ts';
import type { StressParams } from './operator.ts';
import { type Scenario, scenariosOf } from './scenarios.ts';

/** Shocks are counted in 10^-8. */
const SHOCK_ONE = 10n ** 8n;

/** Profit summed over all positions anew at every row: the oracle of the native kernel. */
export function referenceStress(context: KernelContext<StressParams>): Kernel {
  const { params, outputs, files } = context;
  const scenarios = scenariosOf(params.scenarios, files);
  const sectors = sectorsOf(context);
  const state = { positions: new Map<string, Valued>(), shown: new Map<string, string>() };

  const shockOf = ({ shocks }: Scenario, { symbol, currency }: Valued): bigint => {
    const price = shocks.symbol.get(symbol) ?? shocks.sector.get(sectors.get(symbol) ?? '') ?? shocks.all.get('') ?? 0n;
    return price + (shocks.currency.get(currency) ?? 0n);
  };

  const take = (row: Valued): Row[] => {
    state.positions.set(JSON.stringify([row.account, row.symbol]), row);
    const held = [...state.positions.values()].filter(({ account }) => account === row.account);
    return scenarios.flatMap((scenario): Row[] => {
      const parts = held.map((position) => {
        const shock = shockOf(scenario, position);
        return shock === 0n ? 0n : position.value === null ? null : mulDiv(position.value, shock, SHOCK_ONE);
      });
      const profit = parts.reduce<bigint>((sum, part) => sum + (part ?? 0n), 0n);
      const unknown = parts.filter((part) => part === null).length;
      const key = JSON.stringify([row.account, scenario.name]);
      const text = `${profit} ${unknown}`;
      if ((state.shown.get(key) ?? '0 0') === text) return [];
      state.shown.set(key, text);
      return [{ ts_event: row.ns, account: row.account, scenario: scenario.name, profit: unknown > 0 ? null : amount(profit) }];
    });
  };

  return valuedKernel(outputs[MAIN_PORT] as Schema, state, take);
}
