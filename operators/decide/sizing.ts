import type { Row } from '../../graph/contract/rows.ts';
import type { Listed } from './instruments.ts';
import { sizingColumn } from './layout.ts';
import type { DecideParams } from './operator.ts';

const EXACT = 1e-9;
const MOST_LOTS = 2 ** 53 - 1;

/** Lots of a position and what is said of it; null where the rule gives none. */
export interface Sized {
  readonly lots: number | null;
  readonly says: string | null;
}

const none = (says: string): Sized => ({ lots: null, says });

/** Part of the capital by the rule, or the reason against one. */
function fractionOf({ sizing }: Pick<DecideParams, 'sizing'>, value: number, buys: boolean): number | string {
  if ('fixed_fraction' in sizing) return sizing.fixed_fraction;
  if ('volatility_target' in sizing) {
    const { target, cap } = sizing.volatility_target;
    return value <= 0 ? 'the volatility is not above 0' : Math.min(cap, target / value);
  }
  if (!('kelly' in sizing)) return 0;
  const { odds, multiple, cap } = sizing.kelly;
  const wins = buys ? value : 1 - value;
  const fraction = multiple * (wins - (1 - wins) / odds);
  return fraction <= 0 ? 'kelly gives no size' : Math.min(cap, fraction);
}

export function sizedOf(params: DecideParams, { lot, contract }: Listed, row: Row, buys: boolean): Sized {
  const fraction = fractionOf(params, row[sizingColumn(params)?.name ?? ''] as number, buys);
  if (typeof fraction === 'string') return none(fraction);
  const price = row[params.price] as number;
  const wanted = 'lots' in params.sizing ? params.sizing.lots : (fraction * params.capital) / (price * contract * lot);
  const most = Math.min(MOST_LOTS, params.max_position === undefined ? MOST_LOTS : Math.floor(params.max_position / lot + EXACT));
  const lots = Math.floor(wanted + EXACT);
  if (lots > most) return { lots: most, says: 'limited to max_position' };
  return lots < 1 ? none('the size is below one lot') : { lots, says: null };
}

/** The limit of an order in ticks; it may be below 1. */
export function limitOf({ offset_ticks }: DecideParams, { tick }: Listed, price: number, buys: boolean): bigint {
  const ticks = price / tick;
  const whole = buys ? Math.floor(ticks + EXACT) : Math.ceil(ticks - EXACT);
  return BigInt(Math.min(MOST_LOTS, whole)) + BigInt(buys ? offset_ticks : -offset_ticks);
}
