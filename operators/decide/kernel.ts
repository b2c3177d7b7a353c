import type { RecordBatch, Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Cell, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { evaluateRows } from '../expression/rows.ts';
import { exponential } from '../learning/exponential.ts';
import { Histories } from '../statistics/histories.ts';
import { Refusal } from '../statistics/returns.ts';
import { type Listed, listedOf } from './instruments.ts';
import { ORDERS_PORT, ORDERS_SCHEMA, POSITIONS_PORT, RULES } from './layout.ts';
import type { DecideParams } from './operator.ts';
import { type Rule, rulesOf, usedColumns } from './rules.ts';
import { limitOf, sizedOf } from './sizing.ts';

/** Positions of more lots are passed over. */
const MOST_LOTS = 2n ** 53n - 1n;

interface State {
  triggers: number;
  last: bigint | null;
  orders: number;
  ordered: bigint | null;
  wanted: bigint;
  told: bigint | null;
}

interface Verdict {
  readonly decision: 'buy' | 'sell' | 'hold' | 'close';
  readonly target: bigint;
}

/** A row at a time. */
export function referenceDecide(context: KernelContext<DecideParams>): Kernel {
  const { params, inputs, outputs } = context;
  const given = inputs[INPUT_PORT] as Schema;
  const instruments = new Map(listedOf(context).map((listed) => [listed.symbol, listed]));
  const rules = rulesOf(params, given);
  const used = usedColumns(params, rules);
  const states = new Histories<State>(['symbol'], () => ({ triggers: 0, last: null, orders: 0, ordered: null, wanted: 0n, told: null }));

  const heldOf = (state: State, ns: bigint): bigint => {
    const recent = state.ordered !== null && ns < state.ordered + params.confirm;
    return recent || !inputs[POSITIONS_PORT] ? state.wanted : (state.told ?? 0n);
  };

  const against = (state: State, row: Row): string[] => {
    const ns = row.ts_event as bigint;
    if (state.last !== null && ns < state.last) return ['older than the trigger before'];
    const lacking = used.flatMap((name) => {
      const value = row[name] ?? null;
      if (value === null) return [`${name} is null`];
      return typeof value === 'number' && !Number.isFinite(value) ? [`${name} is not finite`] : [];
    });
    if (lacking.length > 0) return lacking;
    if ((row[params.price] as number) <= 0) return ['the price is not above 0'];
    if (state.triggers < params.warm_up) return [`warm-up ${state.triggers + 1} of ${params.warm_up}`];
    return [];
  };

  const verdictOf = (state: State, listed: Listed, row: Row, held: bigint, fired: Fired, reasons: string[]): Verdict => {
    const hold: Verdict = { decision: 'hold', target: held };
    reasons.push(...against(state, row));
    if (reasons.length > 0) return hold;
    const closing = [
      ['close', fired.close],
      ['close_long', held > 0n && fired.close_long],
      ['close_short', held < 0n && fired.close_short],
    ] as const;
    for (const [name, fires] of closing) if (fires) reasons.push(shown(name, rules[name] as Rule, row));
    if (reasons.length > 0) {
      if (held !== 0n) return { decision: 'close', target: 0n };
      reasons.push('nothing to close');
    }
    if (fired.buy && rules.buy) reasons.push(shown('buy', rules.buy, row));
    if (fired.sell && rules.sell) reasons.push(shown('sell', rules.sell, row));
    if (!fired.buy && !fired.sell) {
      if (reasons.length === 0) reasons.push('no rule fired');
      return hold;
    }
    if (fired.buy && fired.sell && params.conflict === 'hold') {
      reasons.push('buy and sell conflict');
      return hold;
    }
    const buys = fired.buy && fired.sell ? params.conflict === 'buy' : fired.buy;
    const left = state.ordered === null ? 0n : state.ordered + params.cooldown - (row.ts_event as bigint);
    if (left > 0n) {
      reasons.push(`cooldown ${seconds(left)} left`);
      return hold;
    }
    let target = 0n;
    if (buys || params.short) {
      const { lots, says } = sizedOf(params, listed, row, buys);
      if (says !== null) reasons.push(says);
      target = lots === null ? held : BigInt(buys ? lots : -lots);
    }
    if (buys ? target > held : target < held) return { decision: buys ? 'buy' : 'sell', target };
    reasons.push(`holds ${held} of ${target} lots`);
    return hold;
  };

  /** A verdict with the limit of its order; one whose limit no order may have is held. */
  const sendable = (verdict: Verdict, listed: Listed, row: Row, held: bigint, reasons: string[]): Verdict & { limit: bigint | null } => {
    if (params.type === 'market' || verdict.target === held) return { ...verdict, limit: null };
    const limit = limitOf(params, listed, row[params.price] as number, verdict.target > held);
    if (limit >= 1n) return { ...verdict, limit };
    reasons.push('the limit is below one tick');
    return { decision: 'hold', target: held, limit: null };
  };

  const trigger = (row: Row, fired: Fired, orders: Row[]): Row | Refusal => {
    const ns = row.ts_event as bigint | null;
    if (ns === null) return new Refusal('ts-missing', 'ts_event is null');
    const symbol = row.symbol as string | null;
    if (symbol === null) return new Refusal('symbol-missing', 'symbol is null');
    const listed = instruments.get(symbol);
    if (!listed) return new Refusal('symbol-unknown', `${quoted(symbol)} is not in the instrument table`);
    const state = states.of(row);
    const held = heldOf(state, ns);
    const reasons: string[] = [];
    const { decision, target, limit } = sendable(verdictOf(state, listed, row, held, fired, reasons), listed, row, held, reasons);
    state.triggers += 1;
    if (state.last === null || ns > state.last) state.last = ns;
    const lots = target > held ? target - held : held - target;
    let order_id: bigint | null = null;
    if (lots > 0n) {
      Object.assign(state, { orders: state.orders + 1, ordered: ns, wanted: target });
      order_id = BigInt(params.id_prefix) * 2n ** 49n + BigInt(listed.number) * 2n ** 32n + BigInt(state.orders);
      const buys = target > held;
      orders.push({
        ts_event: ns,
        action: 'new',
        order_id,
        account: params.account,
        symbol,
        side: buys ? 'buy' : 'sell',
        type: params.type,
        time_in_force: params.time_in_force,
        price_ticks: limit,
        size_lots: lots,
        strategy: params.strategy,
      });
    }
    const sizes = { target_size: Number(target) * listed.lot, size: Number(lots) * listed.lot };
    return { ...row, decision, reasons: reasons.join('; '), ...sizes, order_id };
  };

  const tell = (row: Row): void => {
    const { account, symbol, position_lots } = row;
    const lots = position_lots as bigint | null;
    const usable = lots !== null && lots <= MOST_LOTS && -lots <= MOST_LOTS;
    if (account === params.account && typeof symbol === 'string' && instruments.has(symbol) && usable) states.of(row).told = lots;
  };

  return {
    push(batch: RecordBatch, port, emit) {
      if (port === POSITIONS_PORT) {
        rowsOf(batch).forEach(tell);
        return;
      }
      const truthsOf = (rule: Rule | null) => (rule ? evaluateRows(rule.checked, batch) : []);
      const truths = Object.fromEntries(RULES.map((name) => [name, truthsOf(rules[name])])) as Truths;
      const out: Row[] = [];
      const orders: Row[] = [];
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        const made = trigger(row, firedOf(truths, i), orders);
        if (made instanceof Refusal) rejected.push({ row: i, code: made.code, reason: made.reason, raw: Buffer.from(rowText(batch, i)) });
        else out.push(made);
      });
      if (out.length > 0) emit(MAIN_PORT, batchOf(outputs[MAIN_PORT] as Schema, out));
      if (orders.length > 0) emit(ORDERS_PORT, batchOf(ORDERS_SCHEMA, orders));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => states.snapshot(),
    restore: (chunks) => states.restore(chunks),
  };
}

type Fired = Readonly<Record<(typeof RULES)[number], boolean>>;

/** Of every row of a batch. */
type Truths = Readonly<Partial<Record<keyof Fired, readonly unknown[]>>>;

const firedOf = (truths: Truths, row: number): Fired =>
  Object.fromEntries(RULES.map((name) => [name, truths[name]?.[row] === true])) as Fired;

const shown = (name: string, { shown: pieces }: Rule, row: Row): string =>
  `${name}: ${pieces.map(([text, column]) => (column === null ? text : `${text} ${valueText(row[column] ?? null)}`)).join('')}`;

function valueText(value: Cell): string {
  if (typeof value === 'string') return [...value].slice(0, 40).join('');
  if (typeof value !== 'number') return String(value);
  const size = Math.abs(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return size >= 1e-6 && size < 1e15 ? String(value) : exponential(value);
}

function seconds(ns: bigint): string {
  const rest = String(ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${ns / 1_000_000_000n}${rest === '' ? '' : `.${rest}`}s`;
}

/** As Rust quotes a value in a reason. */
function quoted(text: string): string {
  const characters = [...text];
  return characters.length > 80 ? `"${characters.slice(0, 80).join('')}…"` : `"${text}"`;
}
