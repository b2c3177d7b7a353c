import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { Schema } from 'apache-arrow';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { clickhouseConnector } from '../../connectors/clickhouse/connector.ts';
import { clickhouseParams } from '../../connectors/clickhouse/params.ts';
import { COLUMNS, LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { Block, RefusedRow, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { testCertificate } from '../services/certificate.ts';
import { type Clickhouse, clickhouseMissing, startClickhouse } from '../services/clickhouse.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price]);
const WRITTEN = new Schema([...SCHEMA.fields, ...LINEAGE_FIELDS]);
const NS = 1_723_161_255_030_314_667n;
const SRC = 'inc/feed/0';
const USER = { name: 'mill', password: 'p@ss:w/rd' };
const LIMITED = [
  { name: 'reader', password: 'x', grants: ['SELECT ON *.*'], readonly: true },
  { name: 'looker', password: 'x', grants: ['SELECT ON *.*'] },
  { name: 'writer', password: 'x', grants: ['SELECT, INSERT ON *.*'] },
];

let server: Clickhouse;
let tables = 0;
const writers: SinkWriter[] = [];

const nextTable = (): string => `s${++tables}`;

async function open(params: unknown, url = server.url, options: Record<string, unknown> = {}): Promise<SinkWriter> {
  const { sink } = clickhouseConnector({ embedded: () => Promise.reject(new Error('no embedded engine')) });
  if (!sink) throw new Error('no sink');
  const connection = { name: 'clickhouse', url, shown: 'the server', options };
  const context = { pipeline: 'p', node: 'n', folder: '.', dataDir: '.', connection, note: () => undefined };
  const writer = await sink.open(clickhouseParams.parse(params), SCHEMA, context);
  writers.push(writer);
  return writer;
}

/** The address of the server with other words in it. */
function address(change: (url: URL) => void): string {
  const url = new URL(server.url);
  change(url);
  return url.toString();
}

const rowAt = (i: number): Row => ({
  ts_event: NS + BigInt(i),
  symbol: `S${i % 3}`,
  price: 1 + (i % 1000) / 8,
  _src: SRC,
  _seq: BigInt(i),
  _task: 1,
  _epoch: 5n,
});

function block(from: number, rows: number, change: (row: Row, i: number) => Row = (row) => row): Block {
  const made = Array.from({ length: rows }, (_, i) => change(rowAt(from + i), i));
  return { src: SRC, fromSeq: BigInt(from), toSeq: BigInt(from + rows - 1), batches: [batchOf(WRITTEN, made)], rows, bytes: 0 };
}

const count = async (table: string): Promise<number> => Number((await server.rows(`SELECT count() FROM ${table}`))[0]?.[0]);

async function failure(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MillraceError)) throw new Error(`expected a MillraceError, got ${String(error)}`);
  return error;
}

describe.skipIf(clickhouseMissing() !== null)('a server reached by address', () => {
  beforeAll(async () => {
    server = await startClickhouse({ user: USER, limited: LIMITED });
  });
  afterAll(async () => {
    await server?.stop();
  });
  afterEach(async () => {
    for (const writer of writers.splice(0)) await writer.close();
  });

  test('takes blocks once, also under another writer', async () => {
    const table = nextTable();
    const [one, two] = [await open(table), await open({ table: `default.${table}` })];
    for (const writer of [one, two, one]) await writer.write(block(0, 100), 'a');
    await two.write(block(100, 50), 'b');
    expect(await count(table)).toBe(150);
  });

  test('holds every row once when it is killed in the middle of inserts, and so do exact views', async () => {
    const table = nextTable();
    const writer = await open(table);
    await writer.ensure();
    await server.rows(`CREATE TABLE ${table}_sums (symbol String, n Int64, total Float64) ENGINE = SummingMergeTree ORDER BY symbol
      SETTINGS non_replicated_deduplication_window = 10000`);
    await server.rows(`CREATE MATERIALIZED VIEW ${table}_view TO ${table}_sums AS
      SELECT toString(symbol) AS symbol, count() AS n, sum(price) AS total FROM ${table} GROUP BY symbol`);
    await writer.ensure();
    let written = 0;
    let broken = 0;
    for (let round = 0; round < 4; round++) {
      const blocks = Array.from({ length: 4 }, (_, i) => block((round * 4 + i) * 20_000, 20_000));
      const writes = blocks.map((one) => writer.write(one, `token ${one.fromSeq}`));
      const settled = Promise.allSettled(writes);
      if (round > 0) await writes[round - 1]?.catch(() => undefined); // kill before, or between, the acknowledgements
      await server.kill();
      const results = await settled;
      await server.start();
      for (const [i, one] of blocks.entries()) {
        if (results[i]?.status === 'rejected') broken++;
        await writer.ensure();
        // as after a restart of ours: it is looked for, and written again where it may be missing
        if ((await writer.has(one)) !== 'all') await writer.write(one, `token ${one.fromSeq}`);
        written += one.rows;
      }
    }
    expect(broken).toBeGreaterThan(0);
    const whole = Array.from({ length: written }, (_, i) => rowAt(i));
    const total = whole.reduce((sum, row) => sum + Number(row.price), 0);
    expect(await server.rows(`SELECT count(), countDistinct(_seq), sum(price) FROM ${table}`)).toEqual([[written, written, total]]);
    expect(await server.rows(`SELECT sum(n), sum(total) FROM ${table}_sums`)).toEqual([[written, total]]);
  }, 120_000);

  test('completes a view that a crash cut off from a block', async () => {
    const table = nextTable();
    const writer = await open(table);
    await writer.write(block(0, 40), 'a');
    await server.rows(`CREATE MATERIALIZED VIEW ${table}_view ENGINE = MergeTree ORDER BY tuple()
      SETTINGS non_replicated_deduplication_window = 10000 AS SELECT toString(symbol) AS s FROM ${table}`);
    expect(await count(`${table}_view`)).toBe(0);
    const next = await open(table);
    await next.ensure();
    expect(await next.has(block(0, 40))).toBe('keyed');
    for (let i = 0; i < 3; i++) await next.write(block(0, 40), 'a');
    expect([await count(table), await count(`${table}_view`)]).toEqual([40, 40]);
  });

  test.each([
    [
      'a view whose table forgets',
      '',
      /"s\d+_target", which forgets which blocks it has/,
      /ALTER TABLE `default`.`s\d+_target` MODIFY SETTING non_repl/,
    ],
    [
      'a view of its own table that forgets',
      'inner',
      /"s\d+_view" forgets which blocks/,
      /make it anew with SETTINGS non_replicated_dedup\w+ = 10000/,
    ],
    ['a view into memory', 'memory', /has the engine Memory/, /MergeTree family/],
    ['a view behind a view', 'chain', /"s\d+_last" writes to "s\d+_end", which forgets/, /`s\d+_end` MODIFY SETTING/],
  ])('refuses %s, unless that is allowed', async (_, kind, message, remedy) => {
    const table = nextTable();
    const writer = await open(table);
    await writer.ensure();
    const rows = `SELECT toString(symbol) AS s FROM ${table}`;
    const [plain, good] = [
      'ENGINE = MergeTree ORDER BY s',
      'ENGINE = MergeTree ORDER BY s SETTINGS non_replicated_deduplication_window = 10000',
    ];
    if (kind === 'inner') await server.rows(`CREATE MATERIALIZED VIEW ${table}_view ${plain} AS ${rows}`);
    else {
      await server.rows(
        `CREATE TABLE ${table}_target (s String) ${kind === 'memory' ? 'ENGINE = Memory' : kind === 'chain' ? good : plain}`,
      );
      await server.rows(`CREATE MATERIALIZED VIEW ${table}_view TO ${table}_target AS ${rows}`);
      if (kind === 'chain') {
        await server.rows(`CREATE TABLE ${table}_end (s String) ${plain}`);
        await server.rows(`CREATE MATERIALIZED VIEW ${table}_last TO ${table}_end AS SELECT s FROM ${table}_target`);
      }
    }
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code: 'clickhouse-views', domain: 'user', retry: 'never' });
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
    expect(error.remedy).toMatch(/allow_views: true/);
    const allowed = await open({ table, allow_views: true });
    await allowed.write(block(0, 10), 'a');
    expect(await allowed.has(block(0, 10))).toBe('all');
    const last = kind === 'chain' ? `${table}_end` : kind === 'inner' ? `${table}_view` : `${table}_target`;
    expect([await count(table), await count(last)]).toEqual([10, 10]);
  });

  test('lets a view be that reads the table by itself', async () => {
    await server.rows('CREATE DATABASE atomic ENGINE = Atomic'); // the only kind that has them
    const table = `atomic.${nextTable()}`;
    const writer = await open(table);
    await writer.ensure();
    await server.rows(`CREATE MATERIALIZED VIEW ${table}_view REFRESH EVERY 1 DAY ENGINE = Memory AS SELECT count() AS n FROM ${table}`);
    await writer.ensure();
  });

  test.each([
    ['', 40],
    ['', 100],
    ['an exact view', 40],
    ['an exact view', 100],
  ])('mends a block whose token is used up by rows that are gone: %s %i', async (view, gone) => {
    const table = nextTable();
    const writer = await open({ table, partition_by: 'hour' });
    await writer.ensure();
    if (view) {
      await server.rows(`CREATE MATERIALIZED VIEW ${table}_view ENGINE = MergeTree ORDER BY tuple()
        SETTINGS non_replicated_deduplication_window = 10000 AS SELECT toString(symbol) AS s FROM ${table}`);
      await writer.ensure();
    }
    const spread = block(0, 100, (row, i) => ({ ...row, ts_event: (row.ts_event as bigint) + BigInt(i) * 60_000_000_000n }));
    await writer.write(spread, 'a');
    await server.rows(`ALTER TABLE ${table} DELETE WHERE _seq < ${gone} SETTINGS mutations_sync = 2`);
    expect(await writer.has(spread)).toBe(view ? 'keyed' : gone === 100 ? 'none' : 'partial');
    await writer.remove(spread);
    await writer.write(spread, 'a');
    expect(await server.rows(`SELECT count(), countDistinct(_seq) FROM ${table}`)).toEqual([[100, 100]]);
    if (view) expect(await count(`${table}_view`)).toBe(100);
    expect(await server.rows(`SHOW TABLES LIKE '${table}_mend%'`)).toEqual([]);
  });

  test('refuses rows by a constraint: they are told, the others are written, and again', async () => {
    const table = nextTable();
    const writer = await open(table);
    await writer.ensure();
    await server.rows(`ALTER TABLE ${table} ADD CONSTRAINT cheap CHECK price < 500`);
    const bad = new Set([0, 7, 8, 49]);
    const mixed = block(0, 50, (row, i) => (bad.has(i) ? { ...row, price: 1_000 + i } : row));
    for (let round = 0; round < 2; round++) {
      const refused: RefusedRow[] = [];
      await writer.write(mixed, 'a', (row) => refused.push(row));
      expect(refused.map(({ row, code }) => [row, code])).toEqual([...bad].map((row) => [row, 'clickhouse-row-refused']));
      expect(refused[1]?.reason).toMatch(/Constraint `cheap` .* is violated\. Expression: \(price < 500\)\..* price = 1007/);
      expect(await writer.has(mixed)).toBe('partial'); // as after a restart: the rest is not counted twice
      await writer.remove(mixed);
    }
    expect(await server.rows(`SELECT count(), countDistinct(_seq), max(price) < 500 FROM ${table}`)).toEqual([[46, 46, 1]]);
    expect(
      await failure(
        writer.write(
          block(100, 3, (row) => ({ ...row, price: 501 })),
          'b',
        ),
      ),
    ).toMatchObject({ code: 'clickhouse-rows-refused' });
    const all = block(1_000, 200, (row) => ({ ...row, price: 501 }));
    const error = await failure(writer.write(all, 'c', () => undefined));
    expect(error).toMatchObject({ code: 'clickhouse-rows-refused', domain: 'user', retry: 'never' });
    expect(error.message).toMatch(/after 100 rows of one block/);
  });

  test.each<[string, (url: URL) => void, string, RegExp, RegExp]>([
    ['a wrong password', (url) => (url.password = 'wrong'), 'clickhouse-access', /516/, /check user and password/],
    ['an unknown user', (url) => (url.username = 'nobody'), 'clickhouse-access', /516/, /check user and password/],
    ['an unknown database', (url) => (url.pathname = '/nowhere'), 'clickhouse-database-unknown', /nowhere/, /create the database/],
    [
      'a user who only reads',
      (url) => ([url.username, url.password] = ['reader', 'x']),
      'clickhouse-access',
      /164|497/,
      /may create, read and insert/,
    ],
    [
      'a user who may not create',
      (url) => ([url.username, url.password] = ['looker', 'x']),
      'clickhouse-access',
      /497.*CREATE TABLE/,
      /may create/,
    ],
  ])('is told apart: %s', async (_, change, code, message, remedy) => {
    const error = await failure((await open(nextTable(), address(change))).ensure());
    expect(error).toMatchObject({ code, domain: 'user', retry: 'never' });
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
    expect(`${error.message} ${error.remedy}`).not.toContain('wrong');
  });

  test('takes rows of a user who may only look and insert, in a table that is there', async () => {
    const table = nextTable();
    await (await open(table)).ensure();
    const writer = await open(
      table,
      address((url) => ([url.username, url.password] = ['writer', 'x'])),
    );
    await writer.write(block(0, 5), 'a');
    expect(await count(table)).toBe(5);
    const reader = await open(
      table,
      address((url) => ([url.username, url.password] = ['looker', 'x'])),
    );
    await reader.ensure();
    expect(await failure(reader.write(block(0, 5), 'b'))).toMatchObject({ code: 'clickhouse-access', domain: 'user' });
  });

  test('that speaks no TLS is a fault of the address', async () => {
    const writer = await open(
      nextTable(),
      address((url) => (url.protocol = 'https:')),
    );
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code: 'clickhouse-tls', domain: 'user', retry: 'never' });
    expect(error.remedy).toMatch(/http:\/\//);
  });

  test('behind TLS is believed by the certificate of its authority, and by no other', async () => {
    const { store, password, ca } = await testCertificate();
    const { port } = new URL(server.url);
    const proxy = createTlsServer({ pfx: readFileSync(store), passphrase: password }, (from, to) => {
      const { method, url, headers } = from;
      const through = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(to);
      });
      from.pipe(through);
    });
    const own = await listening(proxy);
    const secure = address((url) => {
      url.protocol = 'https:';
      url.port = String(own);
    });
    try {
      const error = await failure((await open(nextTable(), secure)).ensure());
      expect(error).toMatchObject({ code: 'clickhouse-certificate', domain: 'user', retry: 'never' });
      expect(error.remedy).toMatch(/tls_ca/);
      const missing = await failure(open(nextTable(), secure, { tls_ca: 'nowhere.pem' }).then((writer) => writer.ensure()));
      expect(missing).toMatchObject({ code: 'clickhouse-certificate', domain: 'user' });
      const table = nextTable();
      await (await open(table, secure, { tls_ca: ca })).write(block(0, 7), 'a');
      expect(await count(table)).toBe(7);
    } finally {
      for (const writer of writers.splice(0)) await writer.close();
      await new Promise((resolve) => proxy.close(resolve));
    }
  });
});

/** Statements that a server is asked, which answers the same to each kind; a table of copies cannot be had here. */
describe('a table with copies', () => {
  const COLUMN_TYPES = [
    ['ts_event', "DateTime64(9, 'UTC')"],
    ['symbol', 'LowCardinality(String)'],
    ['price', 'Float64'],
    ['_src', 'LowCardinality(String)'],
    ['_seq', 'Int64'],
    ['_task', 'Int32'],
    ['_epoch', 'Int64'],
  ];

  async function withServer(
    defaults: Readonly<Record<string, number>>,
    counts: readonly number[],
    work: (url: string, asked: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const asked: string[] = [];
    let at = 0;
    const fake = createServer((from, to) => {
      const parts: Buffer[] = [];
      from.on('data', (part: Buffer) => parts.push(part));
      from.on('end', () => {
        const parameters = new URL(from.url ?? '', 'http://x').searchParams;
        const sql = parameters.get('query') ?? Buffer.concat(parts).toString('latin1');
        const consistent = parameters.get('select_sequential_consistency') === '1' ? ' consistent' : '';
        asked.push(`${sql.split('\n')[0]}${consistent} ${parameters.get('insert_deduplication_token') ?? ''}`.trim());
        const rows = sql.includes('system.tables')
          ? [
              {
                database: 'd',
                name: 't',
                engine: 'ReplicatedMergeTree',
                engine_full: 'ReplicatedMergeTree',
                create_table_query: '',
                views: [],
              },
            ]
          : sql.includes('system.columns')
            ? COLUMN_TYPES.map(([name, type]) => ({ name, type, default_kind: '' }))
            : sql.includes('system.replicated_merge_tree_settings')
              ? Object.entries(defaults).map(([name, value]) => ({ name, value: String(value) }))
              : sql.startsWith('SELECT count()')
                ? [{ rows: String(counts[Math.min(at++, counts.length - 1)]) }]
                : [];
        to.end(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      });
    });
    const port = await listening(fake);
    try {
      await work(`http://127.0.0.1:${port}`, asked);
    } finally {
      for (const writer of writers.splice(0)) await writer.close();
      await new Promise((resolve) => fake.close(resolve));
    }
  }

  const GOOD = { replicated_deduplication_window: 10_000, replicated_deduplication_window_seconds: 3_600 };

  test('is looked at when the copy has caught up, and never given a block under another token', async () => {
    await withServer(GOOD, [0, 30, 50], async (url, asked) => {
      const writer = await open('t', url);
      await writer.ensure();
      expect(await writer.has(block(0, 50))).toBe('none');
      expect(await failure(writer.write(block(0, 50), 'a'))).toMatchObject({ code: 'clickhouse-block-lost', retry: 'backoff' });
      await writer.write(block(0, 50), 'a');
      const looks = asked.flatMap((one, i) => (one.startsWith('SELECT count()') ? [[asked[i - 1], one.endsWith('consistent')]] : []));
      expect(looks).toEqual(Array.from({ length: 3 }, () => ['SYSTEM SYNC REPLICA `t` LIGHTWEIGHT', true]));
      expect(asked.filter((one) => one.startsWith('INSERT')).map((one) => one.split(' ').at(-1))).toEqual(['a', 'a']);
      expect(asked.filter((one) => one.startsWith('ALTER'))).toEqual([]);
    });
  });

  test('has to remember enough blocks, and for long enough', async () => {
    await withServer({ ...GOOD, replicated_deduplication_window: 100 }, [0], async (url) => {
      const error = await failure((await open('t', url)).ensure());
      expect(error).toMatchObject({ code: 'clickhouse-window', domain: 'user' });
      expect(error.remedy).toBe('run ALTER TABLE `t` MODIFY SETTING replicated_deduplication_window = 10000');
    });
    await withServer({ ...GOOD, replicated_deduplication_window_seconds: 60 }, [0], async (url) => {
      const error = await failure((await open('t', url)).ensure());
      expect(error.message).toMatch(/replicated_deduplication_window_seconds is 60/);
    });
  });
});

async function listening(at: Server): Promise<number> {
  await new Promise<void>((resolve) => at.listen(0, '127.0.0.1', resolve));
  return (at.address() as AddressInfo).port;
}
