import type { RecordBatch, Schema } from 'apache-arrow';
import { gather } from '../../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../../graph/contract/columns.ts';
import { type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../../graph/contract/kernel.ts';
import { type KernelContext, REJECTED_PORT } from '../../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../../graph/contract/rows.ts';
import { ACCEPTED_PORT, DENIED_PORT, DENIED_SCHEMA, limitsOf } from '../layout.ts';
import { faultText, parseLimits } from '../limits/parse.ts';
import type { TradingState } from '../limits/table.ts';
import type { RiskParams } from '../operator.ts';
import { booksOf, type Event, isLive, priceOf, sizeOf } from './books.ts';
import { checked } from './checks.ts';
import { filled, fits, inRange, Malformed, maybe, maybeName, name, number, SIDES, STATUSES, size, stray, TYPES, word } from './rows.ts';
import { type Denial, fingerprint, type Instruction, ownPrice, type Recent, timeAt, type World } from './world.ts';

/** What happened to an account, whole. */
interface Account {
  readonly name: string;
  readonly events: Event[];
  readonly recent: Recent;
}

interface State {
  /** The newest text that came on `limits`; null: the file. */
  newest: string | null;
  prices: Map<string, { price: bigint; ts: bigint }>;
  killed: Map<string, string>;
  states: Map<string, TradingState>;
  accounts: Map<string, Account>;
}

/** A denied row with whom it is of, as it leaves. */
class Denied extends Error {
  readonly row: Instruction;
  readonly denial: Denial;

  constructor(row: Instruction, denial: Denial) {
    super(denial.reason);
    this.row = row;
    this.denial = denial;
  }
}

/** The gate that keeps every event and recomputes its books for each row: the oracle of the native kernel. */
export function referenceRisk(context: KernelContext<RiskParams>): Kernel {
  const { params, inputs } = context;
  const schema = inputs.orders as Schema;
  const told = { fills: inputs.fills !== undefined, updates: inputs.updates !== undefined };
  let limits = limitsOf(context);
  let state: State = { newest: null, prices: new Map(), killed: new Map(), states: new Map(), accounts: new Map() };

  const accountOf = (of: string): Account => {
    const account = state.accounts.get(of) ?? { name: of, events: [], recent: { time: null, messages: [], prints: [] } };
    state.accounts.set(of, account);
    return account;
  };
  const worldOf = ({ events, recent }: Account): World => {
    const { prices, killed, states } = state;
    return { limits, prices, killed, states, recent, told, books: booksOf(events, told) };
  };

  const orders = (row: Row): undefined => {
    const ts = number(row, 'ts_event', 'ts-missing');
    const action = word(row, 'action', ['new', 'amend', 'cancel']);
    const id = number(row, 'order_id', 'order-id-missing');
    const [of, symbol] = [name(row, 'account'), name(row, 'symbol')];
    if (action === 'cancel') return;
    const account = accountOf(of);
    const prices = { price: maybe(row, 'price_ticks'), stop: maybe(row, 'stop_ticks'), size: maybe(row, 'size_lots') };
    const asked = { ts, id, account: of, symbol, strategy: maybeName(row, 'strategy'), venue: maybeName(row, 'venue'), ...prices };
    if (action === 'new') {
      const [side, type] = [word(row, 'side', SIDES) as 'buy' | 'sell', word(row, 'type', TYPES)];
      size(number(row, 'size_lots', 'size-missing'));
      fits(row, type);
      placed(account, { ...asked, side, type });
    } else {
      if (asked.size !== null) size(asked.size);
      inRange(asked.price, 'price_ticks', 'price-out-of-range');
      inRange(asked.stop, 'stop_ticks', 'stop-out-of-range');
      amended(account, { ...asked, side: 'buy', type: 'limit' });
    }
  };

  const placed = (account: Account, row: Instruction): undefined => {
    const found = checked(worldOf(account), row, null);
    if ('code' in found) throw new Denied(row, found);
    const { symbol, id, side, type, strategy, venue } = row;
    const order = { symbol, id, side, type, strategy, venue };
    account.events.push({ kind: 'new', order, size: row.size ?? 0n, price: found.price });
    const now = message(account, row);
    const window = own(account, 'duplicate');
    const prints = [...account.recent.prints, { time: now, print: fingerprint(row) }];
    account.recent.prints = window === undefined ? [] : prints.filter(({ time }) => now - time < window);
  };

  const amended = (account: Account, row: Instruction): undefined => {
    const order = worldOf(account).books.orders.find((one) => one.symbol === row.symbol && one.id === row.id && isLive(one));
    if (!order) {
      const reason = `account "${row.account}" has no open order ${row.id} in "${row.symbol}"`;
      throw new Denied(row, { code: 'order-unknown', scope: null, limit: null, value: null, reason });
    }
    stray('price_ticks', row.price, order.type);
    stray('stop_ticks', row.stop, order.type);
    const { side, type, strategy, venue } = order;
    const whole = { ...row, side, type, strategy, venue };
    const found = checked(worldOf(account), whole, order);
    if ('code' in found) throw new Denied(whole, found);
    account.events.push({ kind: 'amend', symbol: row.symbol, id: row.id, size: row.size, price: ownPrice(whole) });
    message(account, row);
  };

  const own = <K extends 'duplicate' | 'rate'>(account: Account, key: K) =>
    limits.accounts.find(([of]) => of === account.name)?.[1][key] ?? limits.defaults[key];

  const message = (account: Account, row: Instruction): bigint => {
    const { recent } = account;
    const now = timeAt(recent, row.ts);
    const rate = own(account, 'rate');
    recent.time = now;
    recent.messages = rate ? [...recent.messages, now].slice(-rate.messages) : [];
    return now;
  };

  const prices = (row: Row): undefined => {
    const ts = number(row, 'ts_event', 'ts-missing');
    const symbol = name(row, 'symbol');
    const price = number(row, params.price, 'price-missing');
    inRange(price, params.price, 'price-out-of-range');
    state.prices.set(symbol, { price, ts });
  };

  const fills = (row: Row): undefined => {
    const [of, symbol] = [name(row, 'account'), name(row, 'symbol')];
    const side = word(row, 'side', SIDES) as 'buy' | 'sell';
    const price = number(row, 'price_ticks', 'price-missing');
    inRange(price, 'price_ticks', 'price-out-of-range');
    const lots = size(number(row, 'size_lots', 'size-missing'));
    accountOf(of).events.push({ kind: 'fill', symbol, id: maybe(row, 'order_id'), side, price, size: lots });
  };

  const updates = (row: Row): undefined => {
    const [of, symbol] = [name(row, 'account'), name(row, 'symbol')];
    const id = number(row, 'order_id', 'order-id-missing');
    const status = word(row, 'status', STATUSES);
    if (status === 'replaced') {
      const lots = size(number(row, 'size_lots', 'size-missing'));
      const [price, stop] = [maybe(row, 'price_ticks'), maybe(row, 'stop_ticks')];
      inRange(price, 'price_ticks', 'price-out-of-range');
      inRange(stop, 'stop_ticks', 'stop-out-of-range');
      accountOf(of).events.push({ kind: 'replaced', symbol, id, size: lots, price, stop });
    } else if (['canceled', 'expired', 'filled', 'rejected'].includes(status)) {
      accountOf(of).events.push({ kind: 'over', symbol, id, filled: filled(row, status) });
    }
  };

  /** The cancels that the row makes. */
  const control = (row: Row): Row[] => {
    const ts = number(row, 'ts_event', 'ts-missing');
    const action = word(row, 'action', ['kill', 'resume', 'state']);
    const scope = word(row, 'scope', ['all', 'account', 'strategy', 'venue', 'symbol']);
    const whom = scope === 'all' ? '' : name(row, 'name');
    const key = `${scope} ${whom}`;
    if (action === 'state') state.states.set(key, word(row, 'state', ['active', 'reducing', 'halted']) as TradingState);
    if (action === 'resume') state.killed.delete(key);
    if (action !== 'kill') return [];
    state.killed.set(key, maybeName(row, 'reason') ?? '');
    if (!params.cancel_on_kill) return [];
    return [...state.accounts.values()].flatMap((account) =>
      booksOf(account.events, told).orders.filter(isLive).flatMap((order) => {
        const { symbol, id, side, type, strategy, venue } = order;
          const limit = type === 'limit' || type === 'stop_limit' ? priceOf(order) : null;
        const names: Readonly<Record<string, string | null>> = { all: '', account: account.name, strategy, venue, symbol };
        if (names[scope] !== whom) return [];
        const fields = { order_id: id, account: account.name, symbol, side, type, size_lots: sizeOf(order), price_ticks: limit };
        return [{ ts_event: ts, action: 'cancel', ...fields, strategy, venue }];
      }),
    ); // biome-ignore format: one step
  };

  const newLimits = (row: Row): undefined => {
    const text = maybeName(row, 'text');
    if (text === null) throw new Malformed('limits-invalid', 'text is null');
    const parsed = parseLimits(text);
    if ('faults' in parsed) throw new Malformed('limits-invalid', parsed.faults.map((fault) => faultText(text, fault)).join('; '));
    limits = parsed.limits;
    state.newest = text;
  };

  const take: Readonly<Record<string, (row: Row) => readonly Row[] | undefined>> = {
    orders,
    prices,
    fills,
    updates,
    control,
    limits: newLimits,
  };
  return {
    push(batch: RecordBatch, port, emit) {
      const accepted: number[] = [];
      const cancels: Row[] = [];
      const denied: Row[] = [];
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        try {
          cancels.push(...(take[port]?.(row) ?? []));
          if (port === 'orders') accepted.push(i);
        } catch (refusal) {
          if (!(refusal instanceof Malformed) && !(refusal instanceof Denied)) throw refusal;
          const code = refusal instanceof Denied ? refusal.denial.code : refusal.code;
          if (refusal instanceof Denied) denied.push(deniedRow(refusal));
          rejected.push({ row: i, code, reason: refusal.message, raw: Buffer.from(rowText(batch, i)) });
        }
      });
      if (accepted.length > 0) emit(ACCEPTED_PORT, gather(schema, [batch], null, Int32Array.from(accepted)));
      if (cancels.length > 0) emit(ACCEPTED_PORT, batchOf(schema, cancels));
      if (denied.length > 0) emit(DENIED_PORT, batchOf(DENIED_SCHEMA, denied));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot() {
      const bytes = Buffer.from(JSON.stringify(state, asText));
      return Array.from({ length: Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES) }, (_, i) =>
        Uint8Array.from(bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES)),
      );
    },
    restore(chunks) {
      if (chunks.length === 0) return;
      state = JSON.parse(Buffer.concat(chunks).toString(), fromText) as State;
      const parsed = state.newest === null ? null : parseLimits(state.newest);
      if (parsed && 'limits' in parsed) limits = parsed.limits;
    },
  };
}

function deniedRow({ row, denial }: Denied): Row {
  const { ts, id, account, symbol, strategy, venue } = row;
  const { code, scope, limit, value } = denial;
  return { ts_event: ts, order_id: id, account, symbol, strategy, venue, code, scope, limit, value };
}

const asText = (_name: string, value: unknown): unknown =>
  typeof value === 'bigint' ? { int: value.toString() } : value instanceof Map ? { map: [...value] } : value;
const fromText = (_name: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if ('int' in value && typeof value.int === 'string') return BigInt(value.int);
  return 'map' in value && Array.isArray(value.map) ? new Map(value.map as [unknown, unknown][]) : value;
};
