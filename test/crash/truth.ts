import type { Print } from './market.ts';

const SECOND_US = 1_000_000;

/** A message of the input as it lies in the topic. */
export interface Seen {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** What every output has to hold, each row as one text. */
export interface Truth {
  /** Running sums of each account, in the order of its prints. */
  readonly totals: ReadonlyMap<string, readonly string[]>;
  readonly bars: readonly string[];
  /** Messages that are no prints: `partition offset text`. */
  readonly rejected: readonly string[];
}

/** A row of the sums. */
export interface Total extends Print {
  readonly total: number;
}

/** A row of the bars. */
export interface Bar {
  readonly symbol: string;
  readonly openUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly notional: number;
  readonly trades: number;
}

export const totalText = ({ account, nth, ts_event, symbol, price, size, total }: Total): string =>
  [account, nth, ts_event, symbol, price, size, total].join(' ');

export const barText = ({ symbol, openUs, open, high, low, close, volume, notional, trades }: Bar): string =>
  [symbol, openUs, open, high, low, close, volume, notional, trades].join(' ');

/** A plain computation over the input, partition by partition in the order of offsets. */
export function truthOf(input: readonly Seen[]): Truth {
  const totals = new Map<string, string[]>();
  const sums = new Map<string, number>();
  const seconds = new Map<string, Print[]>();
  const rejected: string[] = [];
  for (const { partition, offset, value } of input) {
    if (!value.startsWith('{')) {
      rejected.push(`${partition} ${offset} ${value}`);
      continue;
    }
    const print = JSON.parse(value) as Print;
    const total = (sums.get(print.account) ?? 0) + print.size;
    sums.set(print.account, total);
    push(totals, print.account, totalText({ ...print, total }));
    if (print.symbol !== 'END') push(seconds, `${print.symbol} ${Math.floor(print.ts_event / SECOND_US)}`, print);
  }
  return { totals, bars: [...seconds.values()].map(barOf).sort(), rejected: rejected.sort() };
}

function barOf(prints: readonly Print[]): string {
  const byTime = prints.toSorted((a, b) => a.ts_event - b.ts_event);
  const [first, last] = [byTime[0] as Print, byTime.at(-1) as Print];
  const prices = prints.map(({ price }) => price);
  return barText({
    symbol: first.symbol,
    openUs: Math.floor(first.ts_event / SECOND_US) * SECOND_US,
    open: first.price,
    high: Math.max(...prices),
    low: Math.min(...prices),
    close: last.price,
    volume: prints.reduce((sum, { size }) => sum + size, 0),
    notional: prints.reduce((sum, { price, size }) => sum + price * size, 0),
    trades: prints.length,
  });
}

function push<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}
