import { Dice } from '../../connectors/embedded/faults/dice.ts';

/** Partitions of the input, and tasks of the pipeline. */
export const PARTITIONS = 4;
const ACCOUNTS = 24;
const SYMBOLS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF'];
/** Event time from one print to the next, us. */
const STEP_US = 5_000;
/** Event time of the first print, us: 2024-01-01. */
const FIRST_US = 1_704_067_200_000_000;
/** How many steps a print may be stamped before its place: less than the lateness that the pipeline allows. */
const DISORDER = 60;
const BAD_SHARE = 0.004;
/** A day ahead of all else: it closes every bar. */
const CLOSING_US = FIRST_US + 86_400_000_000;

/** A message for the input topic. */
export interface Line {
  readonly partition: number;
  readonly value: string;
}

/** A print as its message says it. */
export interface Print {
  readonly ts_event: number;
  readonly account: string;
  readonly symbol: string;
  readonly nth: number;
  readonly price: number;
  readonly size: number;
}

/**
 * Prints of a market, by seed: an account's are all in one partition, a symbol's are not; times are a little out of order, and some
 * messages are no prints. Sizes and prices are such that sums of them are exact.
 */
export class Market {
  readonly #dice: Dice;
  readonly #nth = new Map<string, number>();
  #made = 0;

  constructor(seed: number) {
    this.#dice = new Dice(seed);
  }

  /** The next message. */
  next(): Line {
    const i = this.#made++;
    const roll = (name: string, many: number): number => this.#dice.between(name, 0, many - 1);
    const account = roll('account', ACCOUNTS);
    const partition = account % PARTITIONS;
    if (this.#dice.hits('bad', BAD_SHARE)) return { partition, value: `no print ${i}` };
    const ts_event = FIRST_US + (i - roll('disorder', DISORDER)) * STEP_US + (i % (STEP_US - 1)); // no two are alike
    const symbol = SYMBOLS[roll('symbol', SYMBOLS.length)] as string;
    return this.#print(partition, {
      ts_event,
      account: `a${account}`,
      symbol,
      price: 100 + roll('price', 400) / 4,
      size: 1 + roll('size', 9),
    });
  }

  /** A message for each partition that ends all bars. */
  closing(): Line[] {
    return Array.from({ length: PARTITIONS }, (_, partition) =>
      this.#print(partition, { ts_event: CLOSING_US + partition, account: `end${partition}`, symbol: 'END', price: 1, size: 1 }),
    );
  }

  #print(partition: number, print: Omit<Print, 'nth'>): Line {
    const nth = (this.#nth.get(print.account) ?? 0) + 1;
    this.#nth.set(print.account, nth);
    return { partition, value: JSON.stringify({ ...print, nth }) };
  }
}

/** What would break every sum, were it seen: it is written in transactions that are aborted. */
export const aborted = (partition: number): Line => ({
  partition,
  value: JSON.stringify({ ts_event: FIRST_US, account: `a${partition}`, symbol: 'AAA', nth: 1e9, price: 1e6, size: 1e6 }),
});

/** Where the pipeline finds its servers. */
export interface Addresses {
  readonly broker: string;
  readonly clickhouse: string;
  readonly questdb: string;
}

/** Sums by account and bars by symbol, both behind an exchange, into a topic and both stores. */
export const pipeline = ({ broker, clickhouse, questdb }: Addresses): string => `version: 1
connections:
  broker: { url: "${broker}", options: { session.timeout.ms: 6000 } }
  clickhouse: "${clickhouse}"
  questdb: "${questdb}"
pipelines:
  market:
    latency: 20ms
    tasks: ${PARTITIONS}
    dead_letters: { topic: rejected }
    sources:
      prints:
        topic: prints
        format: json
        schema:
          columns:
            ts_event: { type: timestamp, unit: us }
            account: dictionary
            symbol: dictionary
            nth: float64
            price: float64
            size: float64
        time: { column: ts_event, lateness: 1s, idle: never }
    operators:
      totals: { use: indicators, from: prints, with: { by: [account], series: [{ obv: { close: nth, volume: size, as: total } }] } }
      bars: { use: bars, from: prints, with: { every: 1s } }
    sinks:
      totals_topic: { from: totals, topic: totals, format: json, key: account, partitions: ${PARTITIONS} }
      totals_clickhouse: { from: totals, clickhouse: { table: totals } }
      totals_questdb: { from: totals, questdb: { table: totals, partition_by: hour } }
      bars_topic: { from: bars, topic: bars, format: json, key: symbol, partitions: ${PARTITIONS} }
      bars_clickhouse: { from: bars, clickhouse: { table: bars } }
      bars_questdb: { from: bars, questdb: { table: bars, partition_by: hour } }
`;
