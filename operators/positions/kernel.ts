import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { fitsInt64 } from '../money/money.ts';
import { refusals } from '../money/refused.ts';
import { stateChunks, stateOf } from '../money/state.ts';
import { type Account, balanceOf, deposit, newAccount, settle, turns } from './account.ts';
import { type Holding, lotsOf, trade } from './holding.ts';
import { depositOf, fillOf } from './judge.ts';
import { BALANCES_PORT, crossingColumns, EQUITY_PORT, FILLS_PORT, PRICES_PORT } from './layout.ts';
import { isKnown, type Market, marketOf, takePrice } from './market.ts';
import type { PositionsParams } from './operator.ts';
import { explain, type Refusal, type RefusedColumns } from './refusal.ts';
import { balanceRow, equityRow, type Head, positionRow } from './show.ts';
import { termsOf } from './terms.ts';

/** Positions with every sum worked out anew at every event: the oracle of the native kernel. */
export function referencePositions(context: KernelContext<PositionsParams>): Kernel {
  const { params, inputs, outputs } = context;
  const terms = termsOf(context);
  const names = crossingColumns(params, inputs);
  let market: Market = marketOf(terms, params.base);
  let accounts = new Map<string, Account>();
  const rows: Record<string, Row[]> = { [MAIN_PORT]: [], [EQUITY_PORT]: [], [BALANCES_PORT]: [] };

  const accountOf = (name: string): Account => {
    const account = accounts.get(name) ?? newAccount(terms, market);
    accounts.set(name, account);
    return account;
  };

  const showAccount = (head: Head, account: Account, touched: ReadonlySet<string>): void => {
    for (const currency of terms.currencies.filter((name) => touched.has(name))) {
      rows[BALANCES_PORT]?.push(balanceRow(head, account, currency, market, terms));
    }
    rows[EQUITY_PORT]?.push(equityRow(head, account, params.base, market, terms));
  };

  const markUntil = (now: bigint): void => {
    const { due } = market;
    if (due === null || due > now) return;
    for (const [name, account] of accounts) {
      const head: Head = { ts_event: due, account: name, event: 'mark' };
      const balances = terms.currencies.map((currency) => [currency, balanceOf(account, currency, market, terms)] as const);
      const touched = new Set(
        balances.filter(([currency, { empty }]) => market.movedRates.has(currency) && !empty).map(([currency]) => currency),
      );
      for (const holding of account.holdings.values()) {
        const listed = terms.instruments.get(holding.symbol);
        if (!listed || lotsOf(holding) === 0n) continue;
        if (!market.moved.has(holding.symbol) && !market.movedRates.has(listed.currency)) continue;
        rows[MAIN_PORT]?.push(positionRow(head, holding, listed, 0n, market, terms));
        touched.add(listed.currency);
      }
      if (touched.size > 0) showAccount(head, account, touched);
    }
    market = { ...market, moved: new Set(), movedRates: new Set(), due: null };
  };

  const takeFill = (row: Row): Refusal | null => {
    const fill = fillOf(row, terms, names[FILLS_PORT]?.refused ?? { price: 'price', size: 'size', currency: 'fee_currency' });
    if (typeof fill === 'string') return fill;
    const { listed, signed, price, notional, fee, feeCurrency } = fill;
    const account = accountOf(row.account as string);
    const holding: Holding = account.holdings.get(listed.symbol) ?? {
      symbol: listed.symbol,
      open: [],
      realised: 0n,
      fees: 0n,
      last: price,
    };
    const lots = lotsOf(holding) + signed;
    if (!fitsInt64(lots) || !fitsInt64(-lots)) return 'position-out-of-range';
    if (!turns(account, notional, fee)) return 'amount-out-of-range';
    account.holdings.set(listed.symbol, holding);
    trade(holding, params.method, signed, price, listed);
    account.fees.set(feeCurrency, (account.fees.get(feeCurrency) ?? 0n) + fee);
    const own = feeCurrency === listed.currency ? fee : 0n;
    holding.fees += own;
    const head: Head = { ts_event: fill.ns, account: row.account as string, event: 'fill' };
    rows[MAIN_PORT]?.push(positionRow(head, holding, listed, own, market, terms));
    showAccount(head, account, new Set([listed.currency, ...(fee === 0n ? [] : [feeCurrency])]));
    return null;
  };

  const takePriceRow = (row: Row, floorNs: bigint): Refusal | null => {
    const column = names[PRICES_PORT]?.refused.price ?? 'price';
    if (row.ts_event === null) return 'ts-missing';
    if (row.symbol === null) return 'symbol-missing';
    if (!isKnown(row.symbol as string, terms) || row[column] === null) return null;
    const fresh = takePrice(market, row, column, later(row.ts_event as bigint, floorNs), { terms, every: params.mark_every });
    if (typeof fresh === 'string') return fresh;
    for (const account of accounts.values()) for (const currency of fresh) settle(account, currency, market);
    return null;
  };

  const takeCash = (row: Row): Refusal | null => {
    const given = depositOf(row, terms);
    if (typeof given === 'string') return given;
    const account = accountOf(row.account as string);
    if (!turns(account, given.units)) return 'amount-out-of-range';
    deposit(account, given.currency, given.units, market);
    showAccount({ ts_event: row.ts_event as bigint, account: row.account as string, event: 'cash' }, account, new Set([given.currency]));
    return null;
  };

  const flush = (emit: Emit): void => {
    for (const [port, some] of Object.entries(rows)) {
      if (some.length > 0) emit(port, batchOf(outputs[port] as Schema, some.splice(0)));
    }
  };

  return {
    push(batch, port, emit, floorNs) {
      const take = port === FILLS_PORT ? takeFill : port === PRICES_PORT ? takePriceRow : takeCash;
      const columns = names[port]?.refused as RefusedColumns;
      const refused = refusals(
        batch,
        (row) => {
          if (row.ts_event !== null) markUntil(later(row.ts_event as bigint, floorNs));
          return take(row, floorNs);
        },
        (code, row) => explain(code, row, columns),
      );
      flush(emit);
      if (refused.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, refused));
    },
    advance(watermarkNs, _clockNs, emit) {
      markUntil(watermarkNs);
      flush(emit);
    },
    nextTimer: () => null,
    snapshot: () => stateChunks({ market, accounts }),
    restore(chunks) {
      if (chunks.length > 0) ({ market, accounts } = stateOf<{ market: Market; accounts: Map<string, Account> }>(chunks));
    },
  };
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
