import { Field, type RecordBatch, Schema, type Utf8, type Vector } from 'apache-arrow';
import { dictionaryVector, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import { type Layout, layoutOf } from './blocks.ts';
import { asInt64, setBit, setInt64 } from './int64.ts';
import { hash, hashLong, PricePath } from './noise.ts';
import type { OrdersParams } from './orders-params.ts';
import { LOTS } from './rows.ts';

const nullable = ({ name, type, metadata }: Field): Field => new Field(name, type, true, metadata);

/** Columns of the order flow: those of `match`, and who sent an order by which strategy. */
export const ORDERS_SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.action,
  COLUMNS.order_id,
  COLUMNS.account,
  field('strategy', dictionaryOf('strategy'), false, 'what decided to send the order'),
  COLUMNS.symbol,
  COLUMNS.venue,
  nullable(COLUMNS.side),
  COLUMNS.type,
  COLUMNS.time_in_force,
  nullable(COLUMNS.price_ticks),
  nullable(COLUMNS.size_lots),
  COLUMNS.stop_ticks,
  COLUMNS.display_lots,
  COLUMNS.self_trade,
  COLUMNS.post_only,
]);

const ACTIONS = ['new', 'amend', 'cancel'] as const;
const SIDES = ['buy', 'sell'] as const;
const TYPES = ['limit', 'market', 'stop'] as const;
const TIMES_IN_FORCE = ['gtc', 'day', 'ioc', 'fok'] as const;
const WORDS = {
  action: dictionaryVector(ACTIONS),
  side: dictionaryVector(SIDES),
  type: dictionaryVector(TYPES),
  time: dictionaryVector(TIMES_IN_FORCE),
  venue: dictionaryVector(['sim']),
  selfTrade: dictionaryVector(['cancel_newest']),
  postOnly: dictionaryVector(['slide']),
};
/** Strategies: an account keeps to one. */
const STRATEGIES = ['maker', 'momentum', 'reversion', 'execution'];
/** An order is amended or cancelled within this many rows of its partition. */
const REACH = 4096;
const UNIT = 1 / 4294967296;

/** Decides of a draw which of its independent parts to take: number `n`, from 0 to 1. */
const share = (draw: number, n: number): number => (hash(draw, n) >>> 0) * UNIT;

/** A rank from 0, by Zipf's law with exponent 1, of `count`. Source: the inverse of the continuous law, P(rank < x) = ln(1 + x) / ln(1 + count). */
const rank = (u: number, count: number): number => Math.min(count - 1, Math.floor((1 + count) ** u - 1));

/** Index into `TYPES`. */
function typeOf(draw: number): number {
  const kind = share(draw, 22);
  return kind < 0.9 ? 0 : kind < 0.97 ? 1 : 2;
}

/** Index into `TIMES_IN_FORCE`. */
function timeOf(draw: number, type: number): number {
  if (type > 0) return type === 1 ? 2 : 0;
  const until = share(draw, 24);
  return until < 0.6 ? 0 : until < 0.85 ? 1 : until < 0.97 ? 2 : 3;
}

/** What an order is when it comes, by place. */
interface Order {
  readonly draw: number;
  readonly symbol: number;
  readonly account: number;
  readonly sell: boolean;
}

/** Instructions of the simulated accounts: a pure function of parameters, partition and position. */
export class OrderGenerator {
  readonly layout: Layout;
  readonly #params: OrdersParams;
  readonly #paths: readonly PricePath[];
  readonly #levels: readonly number[];
  readonly #symbols: Vector<Utf8>;
  readonly #accounts: Vector<Utf8>;
  readonly #strategies = dictionaryVector(STRATEGIES);

  constructor(params: OrdersParams) {
    const { market, accounts } = params;
    this.#params = params;
    this.layout = layoutOf(market);
    const seconds = Number(this.layout.blockNs) / 1e9;
    const { instruments } = market;
    this.#paths = instruments.map((_, i) => new PricePath(hash(market.seed, 1_000_003 * (i + 1)), this.layout.slots, seconds));
    this.#levels = instruments.map(({ level, tickSize }) => level / tickSize);
    this.#symbols = dictionaryVector(instruments.map(({ symbol }) => symbol));
    this.#accounts = dictionaryVector(Array.from({ length: accounts }, (_, i) => `A${String(i + 1).padStart(4, '0')}`));
  }

  /** Event time of a position, ns after the origin. */
  timeOf(partition: number, position: number): number {
    const { partitions, rate } = this.#params.market;
    return Math.floor(((position * partitions + partition) * 1e9) / rate);
  }

  /** Rows [from, to) of a partition. */
  batch(partition: number, from: number, to: number): RecordBatch {
    const n = to - from;
    const words = (): Int32Array => new Int32Array(n);
    const numbers = (): Int32Array => new Int32Array(2 * n);
    const bits = (): Uint8Array => new Uint8Array((n + 7) >> 3);
    const [ts, ids, price, size, stop, display] = [numbers(), numbers(), numbers(), numbers(), numbers(), numbers()];
    const [action, account, strategy, symbol, side, type, time] = [words(), words(), words(), words(), words(), words(), words()];
    const [isNew, priced, sized, stopped, displayed, slides] = [bits(), bits(), bits(), bits(), bits(), bits()];
    const { originNs, partitions } = this.#params.market;
    const [high, low] = [Number(originNs >> 32n), Number(originNs & 0xffffffffn)];
    for (let i = 0; i < n; i++) {
      const position = from + i;
      const afterNs = this.timeOf(partition, position);
      setInt64(ts, i, high, low + afterNs);
      const target = this.#target(partition, position);
      const place = target ?? position;
      const order = this.#order(partition, place);
      setInt64(ids, i, 0, place * partitions + partition + 1);
      account[i] = order.account;
      strategy[i] = hash(order.account, 5) & 3;
      symbol[i] = order.symbol;
      const draw = this.#draw(partition, position);
      const lots = LOTS[hash(draw, 20) & 1023] as number;
      const mid = this.#mid(order.symbol, afterNs);
      if (target !== null) {
        action[i] = share(draw, 1) < 0.65 ? 2 : 1;
        if (action[i] === 2) continue;
        const repriced = share(draw, 21) < 0.5;
        if (repriced) {
          setInt64(price, i, 0, this.#price(draw, order.sell, mid));
          setBit(priced, i);
        }
        setInt64(size, i, 0, lots);
        setBit(sized, i);
        continue;
      }
      setBit(isNew, i);
      side[i] = order.sell ? 1 : 0;
      type[i] = typeOf(draw);
      const oversized = share(draw, 23) < this.#params.oversized;
      setInt64(size, i, 0, oversized ? lots * 1000 : lots);
      setBit(sized, i);
      time[i] = timeOf(draw, type[i] as number);
      if (type[i] === 0) {
        setInt64(price, i, 0, this.#price(draw, order.sell, mid));
        setBit(priced, i);
        const rests = (time[i] as number) < 2;
        if (rests && lots >= 8 && share(draw, 25) < 0.3) {
          setInt64(display, i, 0, Math.ceil(lots / 4));
          setBit(displayed, i);
        } else if (rests && share(draw, 25) > 0.9) setBit(slides, i);
      } else if (type[i] === 2) {
        const away = 2 + Math.floor(share(draw, 26) * 20);
        setInt64(stop, i, 0, Math.max(1, order.sell ? mid - away : mid + away));
        setBit(stopped, i);
      }
    }
    return makeBatch(ORDERS_SCHEMA, n, [
      { values: asInt64(ts) },
      { values: action, dictionary: WORDS.action },
      { values: asInt64(ids) },
      { values: account, dictionary: this.#accounts },
      { values: strategy, dictionary: this.#strategies },
      { values: symbol, dictionary: this.#symbols },
      { values: words(), dictionary: WORDS.venue },
      { values: side, valid: isNew, dictionary: WORDS.side },
      { values: type, valid: isNew, dictionary: WORDS.type },
      { values: time, valid: isNew, dictionary: WORDS.time },
      { values: asInt64(price), valid: priced },
      { values: asInt64(size), valid: sized },
      { values: asInt64(stop), valid: stopped },
      { values: asInt64(display), valid: displayed },
      { values: words(), valid: isNew, dictionary: WORDS.selfTrade },
      { values: words(), valid: slides, dictionary: WORDS.postOnly },
    ]);
  }

  #draw(partition: number, position: number): number {
    return hashLong(hash(this.#params.market.seed ^ 0x2545f491, partition), position);
  }

  /** The position whose order is amended or cancelled here; null: a new order. */
  #target(partition: number, position: number): number | null {
    const draw = this.#draw(partition, position);
    if (share(draw, 2) >= 0.45) return null;
    const back = 1 + Math.floor(share(draw, 3) ** 2 * REACH);
    const at = position - back;
    if (at < 0) return null;
    const then = this.#draw(partition, at);
    const rested = typeOf(then) === 0 && timeOf(then, 0) < 2;
    return rested && share(then, 2) >= 0.45 ? at : null;
  }

  #order(partition: number, position: number): Order {
    const draw = this.#draw(partition, position);
    const { market, accounts } = this.#params;
    const own = Math.ceil((market.instruments.length - partition) / market.partitions);
    return {
      draw,
      symbol: rank(share(draw, 4), own) * market.partitions + partition,
      account: rank(share(draw, 5), accounts),
      sell: share(draw, 6) < 0.5,
    };
  }

  /** Where the market of a symbol stands, in ticks. */
  #mid(symbol: number, afterNs: number): number {
    const blockNs = Number(this.layout.blockNs);
    const block = Math.floor(afterNs / blockNs);
    const path = this.#paths[symbol] as PricePath;
    path.enter(block);
    const slot = ((afterNs - block * blockNs) / blockNs) * this.layout.slots;
    return Math.max(2, Math.round((this.#levels[symbol] as number) * Math.exp(path.at(slot))));
  }

  /** A limit around the market: mostly on its own side of it, now and then through it. */
  #price(draw: number, sell: boolean, mid: number): number {
    const away = Math.floor(-Math.log(1 - share(draw, 27)) * 6) - 2;
    return Math.max(1, sell ? mid + away : mid - away);
  }
}
