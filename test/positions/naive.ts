import { minus, ofText, over, plus, type Rational, rational, sumOf, times, ZERO } from './rational.ts';

export type Method = 'fifo' | 'lifo' | 'average';

/** An event of an account, numbers as decimals in text. */
export type Event =
  | {
      readonly kind: 'fill';
      readonly account: string;
      readonly symbol: string;
      readonly signed: bigint;
      readonly price: string;
      readonly fee: string;
      readonly feeCurrency: string;
    }
  | { readonly kind: 'cash'; readonly account: string; readonly currency: string; readonly amount: string }
  | { readonly kind: 'price'; readonly symbol: string; readonly price: string };

/** Size of a lot in units of the underlying, and the currency. */
export type Table = Readonly<Record<string, { readonly lot: string; readonly currency: string }>>;

/** What an account has in one currency, exactly. */
export interface Balance {
  readonly cash: Rational;
  readonly value: Rational;
  readonly deposits: Rational;
  readonly realised: Rational;
  readonly unrealised: Rational;
  readonly fees: Rational;
}

interface Book {
  /** What each open lot was opened for, one entry a lot, oldest first; not kept with average cost. */
  units: Rational[];
  /** What all of them were opened for, and how many there are. */
  total: Rational;
  count: bigint;
  /** 1 long, -1 short. */
  side: bigint;
  realised: Rational;
}

/**
 * Accounts kept lot by lot in exact fractions: fills are taken one lot at a time, cash is the sum of what was paid and received, and
 * nothing is rounded.
 */
export class Naive {
  readonly books = new Map<string, Book>();
  readonly #paid = new Map<string, Rational>();
  readonly #deposits = new Map<string, Rational>();
  readonly #fees = new Map<string, Rational>();
  readonly #marks = new Map<string, Rational>();
  readonly #last = new Map<string, Rational>();

  readonly method: Method;
  readonly table: Table;

  constructor(method: Method, table: Table) {
    this.method = method;
    this.table = table;
  }

  take(event: Event): void {
    if (event.kind === 'price') this.#marks.set(event.symbol, ofText(event.price));
    else if (event.kind === 'cash') this.#add(this.#deposits, `${event.account} ${event.currency}`, ofText(event.amount));
    else this.#fill(event);
  }

  book(account: string, symbol: string): Book {
    const key = `${account} ${symbol}`;
    const book = this.books.get(key) ?? { units: [], total: ZERO, count: 0n, side: 1n, realised: ZERO };
    this.books.set(key, book);
    return book;
  }

  /** What the open lots were opened for; below zero when they are sold. */
  cost(account: string, symbol: string): Rational {
    const { total, side } = this.book(account, symbol);
    return times(total, rational(side));
  }

  value(account: string, symbol: string): Rational {
    const { count, side } = this.book(account, symbol);
    const price = this.#marks.get(symbol) ?? this.#last.get(`${account} ${symbol}`) ?? ZERO;
    return times(times(price, ofText(this.table[symbol]?.lot ?? '1')), rational(side * count));
  }

  balance(account: string, currency: string): Balance {
    const symbols = Object.keys(this.table).filter((symbol) => this.table[symbol]?.currency === currency);
    const of = (map: ReadonlyMap<string, Rational>) => map.get(`${account} ${currency}`) ?? ZERO;
    const value = sumOf(symbols.map((symbol) => this.value(account, symbol)));
    const cost = sumOf(symbols.map((symbol) => this.cost(account, symbol)));
    return {
      cash: minus(minus(of(this.#deposits), of(this.#paid)), of(this.#fees)),
      value,
      deposits: of(this.#deposits),
      realised: sumOf(symbols.map((symbol) => this.book(account, symbol).realised)),
      unrealised: minus(value, cost),
      fees: of(this.#fees),
    };
  }

  #fill({ account, symbol, signed, price, fee, feeCurrency }: Event & { kind: 'fill' }): void {
    const { lot = '1', currency = '' } = this.table[symbol] ?? {};
    const book = this.book(account, symbol);
    const side = signed > 0n ? 1n : -1n;
    const each = times(ofText(price), ofText(lot));
    this.#add(this.#paid, `${account} ${currency}`, times(each, rational(signed)));
    this.#add(this.#fees, `${account} ${feeCurrency}`, ofText(fee));
    this.#last.set(`${account} ${symbol}`, ofText(price));
    for (let i = 0n; i < signed * side; i++) {
      if (book.count === 0n) book.side = side;
      if (book.side === side) this.#open(book, each);
      else this.#close(book, each);
    }
  }

  #open(book: Book, each: Rational): void {
    if (this.method !== 'average') book.units.push(each);
    book.total = plus(book.total, each);
    book.count += 1n;
  }

  #close(book: Book, each: Rational): void {
    const mean = () => over(book.total, rational(book.count));
    const closed = (this.method === 'average' ? mean() : this.method === 'lifo' ? book.units.pop() : book.units.shift()) ?? ZERO;
    book.realised = plus(book.realised, times(minus(each, closed), rational(book.side)));
    book.total = minus(book.total, closed);
    book.count -= 1n;
  }

  #add(map: Map<string, Rational>, key: string, amount: Rational): void {
    map.set(key, plus(map.get(key) ?? ZERO, amount));
  }
}
