import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEmbeddedLog } from '../../connectors/embedded/log.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import { endpoint, pause } from '../crash/process.ts';
import { clickhouseMissing, startClickhouse } from '../services/clickhouse.ts';
import { type Kafka, kafkaMissing, startKafka } from '../services/kafka.ts';
import { consumeAll } from '../services/kafka-client.ts';
import { launch } from '../services/process.ts';
import { questdbMissing, startQuestdb } from '../services/questdb.ts';
import { describeWith } from '../services/suite.ts';
import { isCaptured, lastReceiptNs, secondsOf, type Trade, tradesOf, VENUES } from './captures.ts';
import { asked, copyOf, DATA, temporary } from './example.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../cli/millrace.cjs');
const TRADES = ['venue', 'symbol', 'trade_id', 'price', 'size', 'aggressor_side', 'flags'] as const;
const BARS = [
  ...['venue', 'symbol', 'open', 'high', 'low', 'close', 'volume', 'notional', 'vwap', 'trades', 'signed_volume', 'ema_20', 'rsi_14'],
  ...['macd_12_26_9', 'macd_12_26_9_signal', 'macd_12_26_9_hist', 'bbands_20_2_lower', 'bbands_20_2_middle', 'bbands_20_2_upper', 'atr_14'],
] as const;
/** What the sources of the example wait for lines that come late, ns. */
const LATENESS_NS = 1_000_000_000n;
/** How long a run may stand still, ms. */
const STILL_MS = 60_000;
const PLACES = ['Kafka', 'ClickHouse', 'QuestDB', 'embedded broker', 'embedded ClickHouse', 'QuestDB of the embedded run'] as const;

/** A row: its time in us, then its columns. */
type Row = readonly unknown[];
interface Output {
  readonly trades: readonly Row[];
  readonly bars: readonly Row[];
}
const hash = (rows: readonly Row[]): string =>
  createHash('sha256')
    .update(
      rows
        .map((row) => row.map((value) => String(value)).join(' '))
        .toSorted()
        .join('\n'),
    )
    .digest('hex');

/** Rows of the topic of trades, Arrow batches. */
function tradesIn(messages: readonly Uint8Array[]): Row[] {
  return messages.flatMap((message) => {
    const { batches } = tableFromIPC(message);
    return batches.flatMap((batch) => {
      const times = batch.getChild('ts_event')?.data[0]?.values as BigInt64Array;
      const columns = TRADES.map((name) => batch.getChild(name));
      return Array.from({ length: batch.numRows }, (_, i) => [
        Number((times[i] as bigint) / 1_000n),
        ...columns.map((column) => column?.get(i)),
      ]);
    });
  });
}

/** Rows of the topic of bars, JSON. */
function barsIn(messages: readonly Uint8Array[]): Row[] {
  return messages.map((message) => {
    const row = JSON.parse(Buffer.from(message).toString()) as Record<string, unknown>;
    return [Date.parse(`${String(row.ts_event).slice(0, 23)}Z`) * 1_000, ...BARS.map((name) => row[name])];
  });
}

async function stored(rows: (sql: string) => Promise<unknown[][]>, us: string): Promise<Output> {
  const table = async (name: string, columns: readonly string[]): Promise<Row[]> => {
    const found = await rows(`SELECT ${us}, ${columns.join(', ')} FROM ${name}`);
    return found.map((row) => row.map((value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value)));
  };
  return { trades: await table('binance_trades', TRADES), bars: await table('binance_bars', BARS) };
}
const CLICKHOUSE_US = 'toUnixTimestamp64Micro(ts_event)';
const QUESTDB_US = 'ts_event::long / 1000';

/** What the run that is asked for by `env` alone leaves in its topics and tables, once all that can be is written. */
async function ran(folder: string, env: NodeJS.ProcessEnv, wanted: Readonly<Record<keyof Output, number>>): Promise<void> {
  const { CLICKHOUSE_URL: _, MILLRACE_BROKER: __, MILLRACE_INSTANCE: ___, ...inherited } = process.env;
  const log = join(folder, 'run.log');
  const args = [LAUNCHER, 'run', '--file', join(folder, 'services.yaml'), '--json', '--status-port', '0'];
  const server = launch(process.execPath, args, log, { ...inherited, MILLRACE_DATA: DATA ?? '', ...env });
  try {
    for (let [seen, since] = ['', Date.now()]; ; await pause(100)) {
      const views = (await endpoint<{ pipelines: PipelineView[] }>(folder, '/status'))?.body.pipelines ?? [];
      const rows = views.flatMap(({ sinks }) => sinks.map(({ name, rows }) => [name, rows] as const));
      const isDone = (name: string): boolean =>
        rows.some(([sink, count]) => sink === name && count >= wanted[name.startsWith('trades') ? 'trades' : 'bars']);
      if (SINKS.every(isDone)) break;
      if (JSON.stringify(rows) !== seen) [seen, since] = [JSON.stringify(rows), Date.now()];
      if (server.ended() || Date.now() - since > STILL_MS)
        throw new Error(`${seen} stays, of ${JSON.stringify(wanted)}: ${readFileSync(log, 'utf8')}`);
    }
    server.signal('SIGINT');
    const { code } = await server.gone;
    if (code !== 0) throw new Error(`ended with ${code}: ${readFileSync(log, 'utf8')}`);
  } finally {
    await server.end('SIGKILL');
  }
}
const SINKS = ['trades_clickhouse', 'trades_questdb', 'bars_clickhouse', 'bars_questdb'];

async function inKafka(kafka: Kafka): Promise<Output> {
  const values = async (topic: string): Promise<Uint8Array[]> => {
    const partitions = (await kafka.admin.describeTopic(topic))?.leaders.length ?? 0;
    const messages = [];
    for (let partition = 0; partition < partitions; partition++) messages.push(...(await consumeAll(kafka, topic, partition)));
    return messages.map(({ value }) => value ?? new Uint8Array(0));
  };
  return { trades: tradesIn(await values('binance.trades')), bars: barsIn(await values('binance.bars')) };
}

async function inEmbeddedLog(dataDir: string): Promise<Output> {
  const log = await openEmbeddedLog({ dir: join(dataDir, 'log'), clock: () => BigInt(Date.now()) * 1_000_000n, note: () => undefined });
  try {
    const values = async (topic: string): Promise<Uint8Array[]> => {
      const found = [];
      for (const [partition, { low, high }] of ((await log.describe(topic))?.ranges ?? []).entries())
        for await (const { value } of log.scan(topic, partition, low, high)) found.push(value);
      return found;
    };
    return { trades: tradesIn(await values('binance.trades')), bars: barsIn(await values('binance.bars')) };
  } finally {
    await log.close();
  }
}

async function inEmbeddedClickhouse(dataDir: string): Promise<Output> {
  return asked(dataDir, (ask) => stored(async (sql) => (await ask(sql)).map((row) => Object.values(row)), CLICKHOUSE_US));
}

/** What a plain reading of the captures gives, of all that is surely complete when the lines end. */
function expected(): { readonly trades: readonly Trade[]; readonly bars: readonly Trade[][] } {
  const least = VENUES.map(lastReceiptNs).reduce((a, b) => (a < b ? a : b));
  const endMs = Number((least - LATENESS_NS) / 1_000_000n);
  const venues = VENUES.map((venue) => tradesOf(venue).filter(({ ms }) => ms <= endMs));
  const bars = venues.flatMap((trades) => secondsOf(trades).flatMap(([second, group]) => ((second + 1) * 1_000 <= endMs ? [group] : [])));
  return { trades: venues.flat(), bars };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const missing = [
  isCaptured ? null : 'its captures are not there: set MILLRACE_DATA',
  kafkaMissing(),
  questdbMissing(),
  clickhouseMissing(),
];

describeWith('examples/binance in Kafka, ClickHouse and QuestDB', missing, () => {
  const place = temporary();
  const closing: (() => Promise<unknown>)[] = [];
  const outputs = new Map<string, Output>();
  const wanted = isCaptured ? expected() : { trades: [], bars: [] };

  beforeAll(async () => {
    const servers = [startKafka(), startClickhouse(), startQuestdb(), startQuestdb()] as const;
    closing.push(
      ...servers.map((starting) => async () => {
        const server = await starting;
        await ('close' in server ? server.close() : server.stop());
      }),
    );
    const [kafka, clickhouse, questdb, other] = await Promise.all(servers);
    const [onServices, embedded] = ['services', 'embedded'].map((name) => {
      const folder = join(place.folder, name);
      mkdirSync(folder);
      return copyOf('binance', folder);
    }) as [string, string];
    const counts = { trades: wanted.trades.length, bars: wanted.bars.length };
    const addresses = { MILLRACE_BROKER: `kafka://${kafka.bootstrap}`, CLICKHOUSE_URL: clickhouse.url, QUESTDB_URL: questdb.url };
    await ran(onServices, addresses, counts);
    await ran(embedded, { QUESTDB_URL: other.url }, counts);
    const dataDir = join(embedded, '.millrace');
    outputs.set('Kafka', await inKafka(kafka));
    outputs.set('ClickHouse', await stored(clickhouse.rows, CLICKHOUSE_US));
    for (const { rows } of [questdb, other])
      for (const table of ['binance_trades', 'binance_bars']) await rows(`SELECT wait_wal_table('${table}')`); // what is taken shows later
    outputs.set('QuestDB', await stored(questdb.rows, QUESTDB_US));
    outputs.set('embedded broker', await inEmbeddedLog(dataDir));
    outputs.set('embedded ClickHouse', await inEmbeddedClickhouse(dataDir));
    outputs.set('QuestDB of the embedded run', await stored(other.rows, QUESTDB_US));
  }, 240_000);

  afterAll(async () => {
    await Promise.all(closing.map((close) => close()));
    place.remove();
  });

  it.each(PLACES)('%s: has every trade that was captured, their sums, and every bar of them', (name) => {
    const { trades, bars } = outputs.get(name) as Output;
    const text = (row: Row): string => row.join(' ');
    const ids = trades.map(([us, venue, symbol, id, price, size, side]) => text([us, venue, symbol, id, price, size, side]));
    const told = wanted.trades.map(({ venue, symbol, id, ms, price, size, side }) =>
      text([ms * 1_000, venue, symbol, id, price, size, side]),
    );
    expect(told.length).toBeGreaterThan(30_000);
    expect(ids.toSorted()).toEqual(told.toSorted());
    expect(bars).toHaveLength(wanted.bars.length);
    const volumes = bars.map((row) => Number(row[BARS.indexOf('volume') + 1]));
    expect(sum(volumes)).toBeCloseTo(sum(wanted.bars.flat().map(({ size }) => size)), 6);
    expect(bars.filter((row) => row.at(-1) !== null).length).toBeGreaterThan(0); // atr_14 is warm
  });

  it.each(PLACES.slice(1))('%s: is equal to the others, row for row', (name) => {
    const [first, one] = [outputs.get(PLACES[0]) as Output, outputs.get(name) as Output];
    expect([hash(one.trades), hash(one.bars)]).toEqual([hash(first.trades), hash(first.bars)]);
  });
});
