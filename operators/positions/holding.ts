import { absolute, mulDiv } from '../money/money.ts';
import type { PositionsParams } from './operator.ts';
import type { Listed } from './terms.ts';

/** What an account holds of an instrument, kept in the plainest way: every open lot, or one sum. Money is in 10^-18. */
export interface Holding {
  readonly symbol: string;
  /** Signed lots and what they cost, oldest first; one of all with average cost. */
  open: { readonly lots: bigint; readonly cost: bigint }[];
  realised: bigint;
  fees: bigint;
  /** Price of the last fill, thousandths of a tick. */
  last: bigint;
}

export const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
export const lotsOf = (holding: Holding): bigint => sum(holding.open.map(({ lots }) => lots));
export const costOf = (holding: Holding): bigint => sum(holding.open.map(({ cost }) => cost));

/** Takes a fill of `signed` lots at a price in thousandths of a tick. */
export function trade(holding: Holding, method: PositionsParams['method'], signed: bigint, price: bigint, listed: Listed): void {
  let rest = signed;
  while (rest !== 0n && holding.open.some(({ lots }) => lots > 0n !== rest > 0n)) {
    const open = method === 'lifo' ? holding.open.pop() : holding.open.shift();
    if (!open) break;
    const closed = absolute(rest) < absolute(open.lots) ? -rest : open.lots;
    const cost = mulDiv(open.cost, absolute(closed), absolute(open.lots)) ?? 0n;
    holding.realised += closed * price * listed.point - cost;
    rest += closed;
    const left = { lots: open.lots - closed, cost: open.cost - cost };
    if (left.lots !== 0n) holding.open[method === 'lifo' ? 'push' : 'unshift'](left);
  }
  if (rest !== 0n) holding.open.push({ lots: rest, cost: rest * price * listed.point });
  if (method === 'average' && holding.open.length > 1) holding.open = [{ lots: lotsOf(holding), cost: costOf(holding) }];
  holding.last = price;
}
