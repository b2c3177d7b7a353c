import type { AccountLimits } from '../limits/table.ts';
import { abs, max } from './books.ts';
import type { Check } from './checks.ts';
import { money, passes, total } from './sums.ts';
import { type Denial, first, named, plain } from './world.ts';

/** Gross and net exposure at the reference prices, and credit. */
export function exposures(check: Check, own: AccountLimits, added: { readonly lots: bigint; readonly cost: bigint }): Denial | null {
  const { books, limits, prices } = check.world;
  const touched = new Set([check.row.symbol, ...books.orders.map(({ symbol }) => symbol), ...books.fills.map(({ symbol }) => symbol)]);
  const symbols = [...touched].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const lots = (symbol: string) => (symbol === check.row.symbol ? added.lots : 0n);
  const cost = (symbol: string) => (symbol === check.row.symbol ? added.cost : 0n);
  const unit = (symbol: string) => named(limits.symbols, symbol)?.unit ?? 0n;
  /** [high, low] of the worst case. */
  const ends = (symbol: string, more: bigint) => {
    const { position, buys, sells } = check.line(symbol);
    const [up, down] = check.row.side === 'buy' ? [more, 0n] : [0n, more];
    return [position + buys + up, position - sells - down] as const;
  };
  const values = (symbol: string, more: bigint) => {
    const price = prices.get(symbol)?.price ?? 0n;
    const both = ends(symbol, more).map((end) => money(end * price, unit(symbol)));
    return both.every((value) => value !== null) ? both : null;
  };
  const worth = (of: (values: readonly bigint[]) => bigint, after: boolean) =>
    total(symbols.map((symbol) => { const both = values(symbol, after ? lots(symbol) : 0n); return both && of(both); })); // biome-ignore format: one line
  const gross = check.own(own, (some) => some.gross);
  const net = check.own(own, (some) => some.net);
  if (added.lots > 0n && (gross || net)) {
    const held = symbols.filter((symbol) => [...ends(symbol, 0n), ...ends(symbol, lots(symbol))].some((end) => end !== 0n));
    const stale = first(held, (symbol) => check.fresh(symbol));
    if (stale) return stale;
    const size = (both: readonly bigint[]) => max(...both.map(abs));
    const after = worth(size, true);
    if (gross && passes(after, worth(size, false), gross[1])) return check.tooMuch('gross-exposure', 'gross exposure', ...gross, after);
    const long = (both: readonly bigint[]) => max(...both);
    const short = (both: readonly bigint[]) => -max(...both.map((value) => -value));
    for (const [of, turn] of [
      [long, 1n],
      [short, -1n],
    ] as const) {
      // biome-ignore format: one line
      const [worst, was] = [worth(of, true), worth(of, false)];
      const turned = (value: bigint | null) => (value === null ? null : value * turn);
      if (net && passes(turned(worst), turned(was), net[1])) return check.tooMuch('net-exposure', 'net exposure', ...net, worst);
    }
  }
  const credit = check.own(own, (some) => some.credit);
  if (!credit || (added.lots === 0n && added.cost === 0n)) return null;
  const ticks = (symbol: string, after: boolean) => {
    const { paid, cost: open } = check.line(symbol);
    return paid === null ? null : paid + open + (after ? cost(symbol) : 0n);
  };
  const problem = first(symbols, (symbol) => {
    const { unpriced } = check.line(symbol);
    if (ticks(symbol, false) === 0n && ticks(symbol, true) === 0n && !unpriced) return null;
    if (!named(limits.symbols, symbol))
      return plain('symbol-unknown', 'symbol', `symbol "${symbol}" is not in the limits, and the account has it`);
    return unpriced
      ? plain('reference-missing', 'symbol', `an open order in symbol "${symbol}" has no price and had no reference price`)
      : null;
  });
  if (problem) return problem;
  const used = (after: boolean) => total(symbols.map((symbol) => { const of = ticks(symbol, after); return of === null ? null : money(of, unit(symbol)); })); // biome-ignore format: one line
  return passes(used(true), used(false), credit[1]) ? check.tooMuch('credit-limit', 'credit used', ...credit, used(true)) : null;
}
