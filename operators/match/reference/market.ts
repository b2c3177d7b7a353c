import type { MatchParams } from '../operator.ts';
import { ACTIONS, PHASES } from '../words.ts';
import { settle } from './act.ts';
import { amend, ownOrder } from './amend.ts';
import { type Book, newBook, type Settings } from './book.ts';
import { enter } from './enter.ts';
import { type Instruction, type Refusal, refusal } from './instruction.ts';
import { changed, expiring, set } from './phases.ts';
import { publish } from './publish.ts';
import { inRange, MOST } from './range.ts';
import { end, type Session } from './session.ts';

/** All that the kernel remembers. */
export interface MarketState {
  /** Books by symbol, in order of their first row. */
  readonly books: ReadonlyMap<string, Book>;
  /** How symbols to come begin. */
  readonly defaults: Settings;
}

/** The books of all symbols, and the rows that they gave. */
export class Market {
  readonly #params: MatchParams;
  #books = new Map<string, Book>();
  #defaults: Settings;
  #rows: Omit<Session, 'book'> = noRows();

  constructor(params: MatchParams) {
    this.#params = params;
    this.#defaults = {
      phase: params.phase,
      reference: null,
      lower: -MOST,
      upper: MOST,
      incrementTicks: BigInt(params.increment_ticks),
      incrementLots: BigInt(params.increment_lots),
    };
  }

  get state(): MarketState {
    return { books: this.#books, defaults: this.#defaults };
  }

  set state({ books, defaults }: MarketState) {
    this.#books = new Map(books);
    this.#defaults = defaults;
  }

  /** The rows given since it was last asked. */
  drain(): Omit<Session, 'book'> {
    const rows = this.#rows;
    this.#rows = noRows();
    return rows;
  }

  /** A row of the port `orders`. */
  order(given: Instruction, floorNs: bigint): Refusal | null {
    if (given.ts_event === null) return refusal('ts-missing', 'ts_event', null);
    if (given.symbol === null) return refusal('symbol-missing', 'symbol', null);
    const book = this.#book(given.symbol, given.ts_event, floorNs);
    return this.#instruction(book, (session) => headFault(given) ?? this.#act(session, given));
  }

  #act(session: Session, given: Instruction): Refusal | null {
    if (given.action === 'new') return enter(session, given, this.#params.self_trade);
    if (given.action === 'amend') return amend(session, given);
    const order = ownOrder(session.book, given);
    if (!order) return refusal('order-unknown', 'order_id', given.order_id);
    end(session, order, 'canceled', null);
    settle(session);
    return null;
  }

  /** A row of the port `symbols`. */
  symbols(given: Instruction, floorNs: bigint): Refusal | null {
    const { ts_event, symbol } = given;
    if (ts_event === null) return refusal('ts-missing', 'ts_event', null);
    const names = symbol === null ? [...this.#books.keys()] : [symbol];
    const books = names.map((name) => this.#book(name, ts_event, floorNs));
    const refused = settingsFault(given);
    if (refused) return refused;
    if (symbol === null) this.#defaults = changed(this.#defaults, given);
    for (const book of books) this.#instruction(book, (session) => set(session, given));
    return null;
  }

  /** Event time has reached `untilNs` without a row. */
  expire(untilNs: bigint): void {
    for (const book of this.#books.values()) this.#expire(book, untilNs);
  }

  /** The book of a symbol at the time of a row, after what expired before. */
  #book(symbol: string, rowNs: bigint, floorNs: bigint): Book {
    const ns = later(rowNs, floorNs);
    const book = this.#books.get(symbol) ?? newBook(symbol, ns, this.#defaults);
    this.#books.set(symbol, book);
    this.#expire(book, ns);
    book.time = later(book.time, ns);
    return book;
  }

  #expire(book: Book, untilNs: bigint): void {
    for (let [order] = expiring(book, untilNs); order; [order] = expiring(book, untilNs)) {
      const over = order;
      book.time = over.expireAt ?? book.time;
      this.#instruction(book, (session) => {
        end(session, over, 'expired', 'gtd');
        settle(session);
      });
    }
  }

  #instruction<T>(book: Book, act: (session: Session) => T): T {
    const session: Session = { ...this.#rows, book };
    const result = act(session);
    publish(session, this.#params.depth);
    return result;
  }
}

function noRows(): Omit<Session, 'book'> {
  return { fills: [], orders: [], levels: [], auctions: [] };
}

/** What every row must have. */
function headFault({ action, order_id, account }: Instruction): Refusal | null {
  if (action === null) return refusal('action-missing', 'action', null);
  if (!ACTIONS.some((known) => known === action)) return refusal('action-unknown', 'action', action);
  if (order_id === null) return refusal('order-id-missing', 'order_id', null);
  return account === null ? refusal('account-missing', 'account', null) : null;
}

function settingsFault(given: Instruction): Refusal | null {
  const { phase, lower_ticks: lower, upper_ticks: upper } = given;
  if (phase !== null && !PHASES.some((known) => known === phase)) return refusal('phase-unknown', 'phase', phase);
  for (const column of ['reference_ticks', 'lower_ticks', 'upper_ticks'] as const) {
    const price = given[column];
    if (price !== null && !inRange(price)) return refusal('price-out-of-range', column, price);
  }
  for (const column of ['increment_ticks', 'increment_lots'] as const) {
    const increment = given[column];
    if (increment !== null && increment < 1n) return refusal('increment-not-positive', column, increment);
  }
  return lower !== null && upper !== null && lower > upper ? refusal('band-empty', 'lower_ticks', lower) : null;
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
