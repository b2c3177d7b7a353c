import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Field, Float64, List, type RecordBatch, Schema } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clickhouseConnector } from '../../connectors/clickhouse/connector.ts';
import { type EmbeddedClickhouse, openEmbeddedClickhouse } from '../../connectors/clickhouse/embedded.ts';
import { clickhouseParams } from '../../connectors/clickhouse/params.ts';
import { query } from '../../connectors/clickhouse/query.ts';
import { COLUMNS, LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { Block, ConnectorContext, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.trade_id, COLUMNS.price, COLUMNS.final]);
const WRITTEN = new Schema([...SCHEMA.fields, ...LINEAGE_FIELDS]);
const NS = 1_723_161_255_030_314_667n;

let folder: string;
let engine: EmbeddedClickhouse;
let tables = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-clickhouse-'));
  engine = await openEmbeddedClickhouse({ dataDir: folder, note: () => undefined });
});

afterAll(async () => {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
});

const nextTable = (): string => `t${++tables}`;

function context(url?: string, options: Record<string, unknown> = {}): ConnectorContext {
  const connection = url === undefined ? null : { name: 'clickhouse', url, shown: 'the server', options };
  return { pipeline: 'p', node: 'n', folder, dataDir: folder, connection, note: () => undefined };
}

async function open(params: unknown, schema: Schema = SCHEMA, at: ConnectorContext = context()): Promise<SinkWriter> {
  const { sink } = clickhouseConnector({ embedded: () => engine.address() });
  if (!sink) throw new Error('no sink');
  return sink.open(clickhouseParams.parse(params), schema, at);
}

const rowAt = (i: number): Row => ({
  ts_event: NS + BigInt(i),
  symbol: `S${i % 3}`,
  trade_id: i % 2 ? BigInt(i) : null,
  price: i / 7,
  final: i % 2 === 0,
  _src: 'inc/feed/0',
  _seq: BigInt(i),
  _task: 1,
  _epoch: 5n,
});

function blockOf(batches: readonly RecordBatch[], from: number, to: number): Block {
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  return { src: 'inc/feed/0', fromSeq: BigInt(from), toSeq: BigInt(to), batches, rows, bytes: 0 };
}

function block(from: number, rows: number): Block {
  return blockOf(
    [
      batchOf(
        WRITTEN,
        Array.from({ length: rows }, (_, i) => rowAt(from + i)),
      ),
    ],
    from,
    from + rows - 1,
  );
}

const count = async (table: string): Promise<unknown> => (await query(engine.url, `SELECT count() AS n FROM ${table}`)).rows[0]?.n;

async function failure(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MillraceError)) throw new Error(`expected a MillraceError, got ${String(error)}`);
  return error;
}

describe('table', () => {
  test('is created with types, comments, key, partition, window and lineage of the schema', async () => {
    const table = nextTable();
    const writer = await open({ table, comment: "trades, 'clean'" });
    await writer.ensure();
    await writer.ensure();
    await writer.close();
    const { rows } = await query(engine.url, `SELECT name, type, comment FROM system.columns WHERE table = '${table}' ORDER BY position`);
    expect(rows.map(({ name, type }) => [name, type])).toEqual([
      ['ts_event', "DateTime64(9, 'UTC')"],
      ['symbol', 'LowCardinality(String)'],
      ['trade_id', 'Nullable(Int64)'],
      ['price', 'Float64'],
      ['final', 'Bool'],
      ['_src', 'LowCardinality(String)'],
      ['_seq', 'Int64'],
      ['_task', 'Int32'],
      ['_epoch', 'Int64'],
    ]);
    expect(rows[1]?.comment).toBe("venue's symbol, upper case");
    const about = await query(
      engine.url,
      `SELECT sorting_key, partition_key, engine_full, comment FROM system.tables WHERE name = '${table}'`,
    );
    expect(about.rows[0]).toMatchObject({
      sorting_key: 'symbol, ts_event',
      partition_key: 'toYYYYMM(ts_event)',
      comment: "trades, 'clean'",
    });
    expect(about.rows[0]?.engine_full).toContain('non_replicated_deduplication_window = 10000');
  });

  test('with a short ttl is partitioned so that whole parts expire', async () => {
    const table = nextTable();
    const writer = await open({ table, ttl: '2h', order_by: ['ts_event'] });
    await writer.ensure();
    await writer.close();
    const [about] = (await query(engine.url, `SELECT sorting_key, partition_key, engine_full FROM system.tables WHERE name = '${table}'`))
      .rows;
    expect(about).toMatchObject({ sorting_key: '(ts_event)', partition_key: 'toStartOfTenMinutes(ts_event)' });
    expect(about?.engine_full).toMatch(
      /TTL toDateTime\(ts_event\) \+ toIntervalSecond\(7200\).*ttl_only_drop_parts = 1, merge_with_ttl_timeout = 720/,
    );
  });

  test.each([
    [
      'a missing column',
      'ts_event DateTime64(9)',
      'clickhouse-column-missing',
      /no column "symbol" \(LowCardinality\(String\)\)/,
      /ADD COLUMN `symbol` LowCardinality\(String\)/,
    ],
    [
      'another type',
      "ts_event DateTime64(6, 'UTC'), symbol String, trade_id Nullable(Int64), price Float64, final Bool, _src String, _seq Int64, _task Int64, _epoch Int64",
      'clickhouse-column-type',
      /column "ts_event" as DateTime64\(6, 'UTC'\), the pipeline writes DateTime64\(9, 'UTC'\)/,
      /MODIFY COLUMN/,
    ],
    [
      'a foreign column',
      'ts_event DateTime64(9), symbol String, trade_id Nullable(Int64), price Float64, final Bool, _src String, _seq Int64, _task Int64, _epoch Int64, note String',
      'clickhouse-column-foreign',
      /column "note" \(String\) that the pipeline does not write/,
      /DROP COLUMN `note`/,
    ],
  ])('with %s is refused, naming column, ours, theirs and what to do', async (_, columns, code, message, remedy) => {
    const table = nextTable();
    await query(engine.url, `CREATE TABLE ${table} (${columns}) ENGINE = MergeTree ORDER BY tuple()`);
    const error = await failure((await open(table)).ensure());
    expect(error).toMatchObject({ code, domain: 'user', retry: 'never' });
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
  });

  test('of another make that holds every value is taken, once it remembers enough blocks', async () => {
    const table = nextTable();
    await query(
      engine.url,
      `CREATE TABLE ${table} (ts_event DateTime64(9), symbol String, trade_id Nullable(Int64), price Nullable(Float64), final Bool, _src String,
       _seq Int64, _task Int64, _epoch Int64, at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY tuple()`,
    );
    const writer = await open(table);
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code: 'clickhouse-window', domain: 'user', retry: 'never' });
    expect(error.message).toMatch(/forgets too early which blocks it has \(non_replicated_deduplication_window is 0\)/);
    const remedy = `ALTER TABLE \`${table}\` MODIFY SETTING non_replicated_deduplication_window = 10000`;
    expect(error.remedy).toBe(`run ${remedy}`);
    await query(engine.url, remedy);
    await writer.write(block(0, 5), 'a');
    await writer.write(block(0, 5), 'a');
    await writer.close();
    expect(await count(table)).toBe(5);
  });

  test('of ours that was made to remember less is set right; more partitions need more', async () => {
    const table = nextTable();
    const writer = await open(table);
    await writer.ensure();
    const window = async (): Promise<unknown> =>
      (
        await query(
          engine.url,
          `SELECT extract(engine_full, 'non_replicated_deduplication_window = (\\d+)') AS n FROM system.tables WHERE name = '${table}'`,
        )
      ).rows[0]?.n;
    await query(engine.url, `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = 7`);
    expect(await window()).toBe('7');
    await writer.ensure();
    expect(await window()).toBe('10000');
    const wide = await open(table, SCHEMA, { ...context(), partitions: 20 });
    await wide.ensure();
    expect(await window()).toBe('12000');
    await Promise.all([writer.close(), wide.close()]);
  });

  test('that keeps no order is refused', async () => {
    const table = nextTable();
    await query(engine.url, `CREATE TABLE ${table}_log (a Int32) ENGINE = Memory`);
    expect(await failure((await open(`${table}_log`)).ensure())).toMatchObject({ code: 'clickhouse-engine', domain: 'user' });
  });

  test('parameters that do not fit the schema are refused before anything is asked of a server', () => {
    const { sink } = clickhouseConnector({ embedded: () => Promise.reject(new Error('not asked')) });
    const accepts = (params: unknown, schema = SCHEMA): string | null | undefined => sink?.accepts(schema, clickhouseParams.parse(params));
    expect(accepts('t')).toBeNull();
    expect(accepts({ table: 't', order_by: ['simbol'] })).toMatch(
      /order_by names "simbol", which is no column; there are ts_event, symbol/,
    );
    expect(accepts({ table: 't', order_by: ['trade_id'] })).toMatch(/may be null/);
    expect(accepts({ table: 't', ttl: '1d' }, new Schema([COLUMNS.price]))).toMatch(/ttl needs a time column/);
    const list = new Field('levels', new List(new Field('price', new Float64())), false);
    expect(accepts('t', new Schema([list]))).toMatch(/column "levels" is List<Float64>, which ClickHouse cannot hold exactly/);
    expect(() => clickhouseParams.parse('t; DROP TABLE t')).toThrow();
  });
});

describe('block', () => {
  test('arrives exactly: nanoseconds, nulls, words of several dictionaries, infinities', async () => {
    const table = nextTable();
    const writer = await open({ table });
    const rows = [
      rowAt(0),
      { ...rowAt(1), price: Number.POSITIVE_INFINITY },
      { ...rowAt(2), symbol: "q'\\ü" },
      { ...rowAt(3), ts_event: 1n },
    ];
    await writer.write(
      blockOf([batchOf(WRITTEN, rows.slice(0, 1)), batchOf(WRITTEN, rows.slice(1, 3)), batchOf(WRITTEN, rows.slice(3))], 0, 3),
      'a',
    );
    await writer.close();
    const result = await query(
      engine.url,
      `SELECT toString(toUnixTimestamp64Nano(ts_event)) AS ns, symbol, trade_id, toString(price) AS price, final, _src, _seq, _task, _epoch FROM ${table} ORDER BY _seq`,
    );
    const shown = (price: unknown): string => (price === Number.POSITIVE_INFINITY ? 'inf' : String(price));
    expect(result.rows).toEqual(
      rows.map(({ ts_event, price, trade_id, ...row }) => ({
        ns: String(ts_event),
        trade_id: trade_id === null ? null : Number(trade_id),
        price: shown(price),
        ...row,
        _seq: Number(row._seq),
        _epoch: 5,
      })),
    );
  });

  test('counts once under one token, however often it comes', async () => {
    const table = nextTable();
    const writer = await open({ table });
    await Promise.all([writer.ensure(), (await open({ table })).ensure()]);
    for (const token of ['a', 'a', 'b', 'b', 'a']) await writer.write(block(token === 'a' ? 0 : 100, 50), token);
    await writer.close();
    expect(await count(table)).toBe(100);
  });

  test('is looked for, removed, and written again also under a token that is used up', async () => {
    const table = nextTable();
    const writer = await open({ table });
    const whole = block(0, 100);
    expect(await writer.has(whole)).toBe('none');
    await writer.write(block(0, 40), 'part');
    expect(await writer.has(whole)).toBe('partial');
    await writer.remove(whole);
    await writer.write(whole, 'part');
    expect(await writer.has(whole)).toBe('all');
    await writer.close();
    expect(await count(table)).toBe(100);
  });

  test('over more than 100 months is one insert', async () => {
    const table = nextTable();
    const writer = await open({ table });
    const rows = Array.from({ length: 130 }, (_, i) => ({ ...rowAt(i), ts_event: BigInt(Date.UTC(1980, i, 2)) * 1_000_000n }));
    await writer.write(blockOf([batchOf(WRITTEN, rows)], 0, 129), 'a');
    await writer.write(blockOf([batchOf(WRITTEN, rows)], 0, 129), 'a');
    await writer.close();
    expect(await count(table)).toBe(130);
  });

  test('finds its table again when somebody dropped it', async () => {
    const table = nextTable();
    const writer = await open({ table });
    await writer.write(block(0, 10), 'a');
    await query(engine.url, `DROP TABLE ${table} SYNC`);
    expect(await failure(writer.write(block(10, 10), 'b'))).toMatchObject({ code: 'clickhouse-table-gone', retry: 'backoff' });
    await writer.write(block(10, 10), 'b');
    await writer.close();
    expect(await count(table)).toBe(10);
  });

  test('is complete after the engine was killed in the middle of inserts', async () => {
    const table = nextTable();
    const writer = await open({ table });
    await writer.ensure();
    let written = 0;
    const broken: MillraceError[] = [];
    for (let round = 0; round < 3; round++) {
      const { pid } = JSON.parse(readFileSync(join(folder, 'clickhouse.json'), 'utf8')) as { pid: number };
      const blocks = Array.from({ length: 4 }, (_, i) => block((round * 4 + i) * 20_000, 20_000));
      const writes = blocks.map((one) => writer.write(one, `token ${one.fromSeq}`));
      const settled = Promise.allSettled(writes);
      if (round > 0) await writes[0]?.catch(() => undefined); // kill before, or between, the acknowledgements
      process.kill(pid, 'SIGKILL');
      const results = await settled;
      await engine.address();
      await writer.ensure();
      for (const [i, result] of results.entries()) {
        const one = blocks[i] as Block;
        if (result.status === 'rejected') {
          broken.push(result.reason as MillraceError);
          await writer.write(one, `token ${one.fromSeq}`);
        }
        expect(await writer.has(one)).toBe('all');
        written += one.rows;
      }
    }
    await writer.close();
    expect(await count(table)).toBe(written);
    expect(broken.length).toBeGreaterThan(0);
    for (const error of broken) expect(error).toMatchObject({ code: 'clickhouse-unreachable', domain: 'external', retry: 'backoff' });
  });
});

describe('server', () => {
  test('that is not there is asked again later', async () => {
    const writer = await open('t', SCHEMA, context('http://127.0.0.1:1'));
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code: 'clickhouse-unreachable', domain: 'external', retry: 'backoff' });
    expect(error.message).toMatch(/ClickHouse at the server cannot be reached: .*ECONNREFUSED/);
  });

  test('that does not know the user or the database is a fault of the file', async () => {
    const port = new URL(engine.url).port;
    const stranger = await open('t', SCHEMA, context(`http://nobody:secret@127.0.0.1:${port}`));
    const access = await failure(stranger.ensure());
    expect(access).toMatchObject({ code: 'clickhouse-access', domain: 'user', retry: 'never' });
    expect(access.message).not.toContain('secret');
    const lost = await open('t', SCHEMA, context(`http://127.0.0.1:${port}/nowhere`));
    expect(await failure(lost.ensure())).toMatchObject({ code: 'clickhouse-database-unknown', domain: 'user' });
  });

  test.each<[string, (server: HttpServer) => void]>([
    [
      'answers with a page of a proxy',
      (server) => server.on('request', (_, response) => void response.writeHead(502).end('<html>bad gateway</html>')),
    ],
    ['hangs up', (server) => server.on('request', (request) => void request.socket.destroy())],
    ['says nothing', (server) => server.on('request', () => undefined)],
    [
      'is overloaded',
      (server) =>
        server.on(
          'request',
          (_, response) =>
            void response.writeHead(500).end('Code: 202. DB::Exception: Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)'),
        ),
    ],
  ])('that %s is asked again later', async (_, behave) => {
    const server = createServer();
    behave(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const writer = await open('t', SCHEMA, context(url, { request_timeout: 200 }));
    expect(await failure(writer.ensure())).toMatchObject({ domain: 'external', retry: 'backoff' });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
