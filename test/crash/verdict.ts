import type { Message } from '@confluentinc/kafka-javascript';
import { tableFromIPC } from 'apache-arrow';
import { consumeAll } from '../services/kafka-client.ts';
import type { Cluster } from './cluster.ts';
import { PARTITIONS } from './market.ts';
import { type Bar, barText, type Seen, type Total, type Truth, totalText } from './truth.ts';

const JOURNAL = `_millrace.market.tasks.${PARTITIONS}`;
/** Differences that are told of one output. */
const TOLD = 5;

/** All committed messages of a topic, by partition. */
export async function messagesOf({ kafka }: Cluster, topic: string): Promise<readonly (readonly Message[])[]> {
  const count = (await kafka.admin.describeTopic(topic))?.leaders.length ?? 0;
  const partitions: (readonly Message[])[] = [];
  for (let partition = 0; partition < count; partition++) partitions.push(await consumeAll(kafka, topic, partition));
  return partitions;
}

/** The input as it lies in its topic. */
export async function inputOf(cluster: Cluster): Promise<readonly Seen[]> {
  const text = ({ value }: Message): string => value?.toString() ?? '';
  const input = (await messagesOf(cluster, 'prints')).flat();
  return input.map((message) => ({ partition: message.partition, offset: message.offset, value: text(message) }));
}

/** A journal record: what is looked at of it. */
interface Entry {
  readonly inc: string;
  readonly epoch: number;
  readonly plan: string;
  readonly reads: readonly (readonly [string, number, number, number])[];
  readonly closed?: boolean;
}

/** A record of the journal, with its place and its writer. */
export interface Journalled {
  readonly task: number;
  readonly entry: Entry;
  readonly atMs: number;
  /** Transactional id of the writer. */
  readonly by: string;
}

/** The journal of every task. */
export async function journalOf(cluster: Cluster): Promise<readonly (readonly Journalled[])[]> {
  return (await messagesOf(cluster, JOURNAL)).map((messages, task) =>
    messages.map((message) => {
      const header = message.headers?.find((each) => 'm.root' in each)?.['m.root'];
      const root = JSON.parse(Buffer.from(String(header), 'base64url').toString()) as { readonly by: string };
      return { task, entry: JSON.parse(String(message.value)) as Entry, atMs: message.timestamp ?? 0, by: root.by };
    }),
  );
}

/** What is wrong with a journal: one incarnation, epochs one after the other, each reading where the one before ended. */
export function journalFaults(journal: readonly (readonly Journalled[])[]): readonly string[] {
  const faults: string[] = [];
  if (journal.length !== PARTITIONS) faults.push(`the journal has ${journal.length} partitions`);
  const [first] = journal.flat();
  for (const [task, records] of journal.entries()) {
    const at = new Map<string, number>();
    if (records.length === 0) faults.push(`the journal of task ${task} is empty`);
    for (const [i, { entry }] of records.entries()) {
      const { inc, epoch, plan, reads } = entry;
      if (epoch !== i) faults.push(`journal of task ${task}, record ${i}: epoch ${epoch}`);
      if (inc !== first?.entry.inc || plan !== first.entry.plan) faults.push(`journal of task ${task}, epoch ${epoch}: ${inc} ${plan}`);
      for (const [input, partition, from, to] of reads) {
        const before = at.get(`${input}/${partition}`);
        if (before !== undefined && before !== from)
          faults.push(`task ${task}, epoch ${epoch}: ${input}/${partition} from ${from}, not ${before}`);
        at.set(`${input}/${partition}`, to);
      }
    }
  }
  return faults.slice(0, TOLD);
}

/** The rows of every output, as texts; of the sums in the order that the output has of each account. */
export interface Outputs {
  readonly totals: Readonly<Record<string, readonly Total[]>>;
  readonly bars: Readonly<Record<string, readonly string[]>>;
  readonly rejected: Readonly<Record<string, readonly string[]>>;
  /** Rows in a table whose identity another row has. */
  readonly twice: Readonly<Record<string, number>>;
}

/** Reads every output by itself, none through the program. */
export async function outputsOf(cluster: Cluster): Promise<Outputs> {
  const { clickhouse, questdb } = cluster;
  const totals = (await messagesOf(cluster, 'totals')).flat().map(({ value }) => totalOf(JSON.parse(String(value))));
  const bars = (await messagesOf(cluster, 'bars')).flat().map(({ value }) => barOf(JSON.parse(String(value))));
  const letters = (await messagesOf(cluster, 'rejected')).flat().flatMap(({ value }) => [...tableFromIPC(value ?? Buffer.alloc(0))]);
  const columns = { totals: 'account, nth, symbol, price, size, total', bars: 'symbol, open, high, low, close, volume, notional, trades' };
  const stores = {
    ClickHouse: { rows: clickhouse.rows, us: (column: string) => `toUnixTimestamp64Micro(${column})` },
    QuestDB: { rows: questdb.rows, us: (column: string) => `${column}::long / 1000` },
  };
  const asked = await Promise.all(
    Object.entries(stores).map(async ([name, { rows, us }]) => {
      const sums = await rows(`SELECT ${us('ts_event')}, ${columns.totals} FROM totals`);
      const seconds = await rows(`SELECT ${us('ts_open')}, ${columns.bars} FROM bars`);
      const identities = async (table: string): Promise<number> =>
        (await rows(`SELECT _src, _seq, count(*) FROM ${table} GROUP BY _src, _seq`)).filter(([, , count]) => Number(count) > 1).length;
      return {
        name,
        sums: sums.map(storedTotal),
        bars: seconds.map(storedBar),
        twice: (await identities('totals')) + (await identities('bars')),
      };
    }),
  );
  const table = await clickhouse.rows('SELECT partition, offset, raw FROM rejected');
  return {
    totals: { Kafka: totals, ...Object.fromEntries(asked.map(({ name, sums }) => [name, sums])) },
    bars: { Kafka: bars, ...Object.fromEntries(asked.map((store) => [store.name, store.bars])) },
    rejected: {
      Kafka: letters.map(({ partition, offset, raw }) => `${partition} ${offset} ${Buffer.from(raw)}`),
      ClickHouse: table.map((row) => row.join(' ')),
    },
    twice: Object.fromEntries(asked.map(({ name, twice }) => [name, twice])),
  };
}

const usOf = (iso: string): number => Date.parse(`${iso.slice(0, 23)}Z`) * 1_000 + Number(iso.slice(23, 26) || 0);

function totalOf(row: Omit<Total, 'ts_event'> & { readonly ts_event: string }): Total {
  return { ...row, ts_event: usOf(row.ts_event) };
}

function barOf(row: Omit<Bar, 'openUs'> & { readonly ts_open: string }): string {
  return barText({ ...row, openUs: usOf(row.ts_open) });
}

function storedTotal([us, account, nth, symbol, price, size, total]: unknown[]): Total {
  const number = Number;
  return {
    ...{ ts_event: number(us), account: String(account), symbol: String(symbol) },
    ...{ nth: number(nth), price: number(price), size: number(size), total: number(total) },
  };
}

function storedBar([us, symbol, ...values]: unknown[]): string {
  const [open = 0, high = 0, low = 0, close = 0, volume = 0, notional = 0, trades = 0] = values.map(Number);
  return barText({ symbol: String(symbol), openUs: Number(us), open, high, low, close, volume, notional, trades });
}

/** Every way in which the outputs are not the truth. */
export function differences(truth: Truth, outputs: Outputs): readonly string[] {
  const faults: string[] = [];
  const same = (what: string, found: readonly string[], wanted: readonly string[]): void => {
    const left = new Map<string, number>();
    for (const row of wanted) left.set(row, (left.get(row) ?? 0) + 1);
    for (const row of found) left.set(row, (left.get(row) ?? 0) - 1);
    const wrong = [...left].filter(([, count]) => count !== 0);
    if (wrong.length === 0) return;
    const told = wrong.slice(0, TOLD).map(([row, count]) => `${count > 0 ? 'lacks' : 'has too often'} ${row}`);
    faults.push(`${what}: ${found.length} rows for ${wanted.length}, ${wrong.length} wrong: ${told.join('; ')}`);
  };
  for (const [where, rows] of Object.entries(outputs.totals)) {
    same(`totals of ${where}`, rows.map(totalText), [...truth.totals.values()].flat());
    if (where !== 'Kafka') continue;
    for (const [account, wanted] of truth.totals) {
      const own = rows.filter((row) => row.account === account);
      const at = own.findIndex((row, i) => totalText(row) !== wanted[i]);
      if (at >= 0) faults.push(`totals of Kafka: ${account} is out of order from its row ${at}`);
    }
  }
  for (const [where, rows] of Object.entries(outputs.bars)) same(`bars of ${where}`, rows, truth.bars);
  for (const [where, rows] of Object.entries(outputs.rejected)) same(`rejected of ${where}`, rows, truth.rejected);
  for (const [where, count] of Object.entries(outputs.twice)) if (count > 0) faults.push(`${where}: ${count} identities are there twice`);
  return faults;
}
