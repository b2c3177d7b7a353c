import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RefusedRow } from '../../graph/contract/connector.ts';
import type { MillraceError } from '../../graph/contract/error.ts';
import { type Questdb, questdbMissing, startQuestdb } from '../services/questdb.ts';
import { block, blockOf, failure, NS, open, rowAt } from './questdb-fixture.ts';

const missing = questdbMissing();
const title = missing === null ? 'QuestDB 9.3.4' : `QuestDB 9.3.4 (skipped: ${missing})`;

describe.skipIf(missing !== null && !process.env.CI)(title, () => {
  let server: Questdb;
  let tables = 0;
  const nextTable = (): string => `t${++tables}`;
  const shown = async (table: string): Promise<void> => void (await server.rows(`SELECT wait_wal_table('${table}')`));
  const count = async (table: string): Promise<unknown> => {
    await shown(table);
    return (await server.rows(`SELECT count() FROM ${table}`))[0]?.[0];
  };

  beforeAll(async () => {
    server = await startQuestdb({ 'dev.mode.enabled': 'true' }); // lets a table be suspended
  }, 400_000);

  afterAll(async () => {
    await server?.stop();
  });

  test('creates the table with types, designated timestamp, partitions and keys', async () => {
    const table = nextTable();
    const writer = await open({ table, partition_by: 'hour', symbols: ['payload'] }, server);
    await writer.ensure();
    await writer.ensure();
    await writer.close();
    expect(await server.rows(`SELECT "column", "type", designated, upsertKey FROM table_columns('${table}')`)).toEqual([
      ['ts_event', 'TIMESTAMP_NS', true, true],
      ['symbol', 'SYMBOL', false, false],
      ['trade_id', 'LONG', false, false],
      ['price', 'DOUBLE', false, false],
      ['flags', 'INT', false, false],
      ['final', 'BOOLEAN', false, false],
      ['payload', 'SYMBOL', false, false],
      ['_src', 'SYMBOL', false, true],
      ['_seq', 'LONG', false, true],
      ['_task', 'INT', false, false],
      ['_epoch', 'LONG', false, false],
    ]);
    expect(await server.rows(`SELECT partitionBy, walEnabled, dedup FROM tables() WHERE table_name = '${table}'`)).toEqual([
      ['HOUR', true, true],
    ]);
  });

  test('keeps every value: nanoseconds, nulls, words and text that need escapes, edges of numbers', async () => {
    const table = nextTable();
    const writer = await open({ table }, server);
    const rows = [
      rowAt(0),
      { ...rowAt(1), ts_event: 0n, trade_id: 2n ** 63n - 1n, flags: -(2 ** 31) + 1 },
      { ...rowAt(2), symbol: 'a b,c=d\\e\n"f" ü😀', payload: 'line\nbreak "quoted" \\ , = \r' },
      { ...rowAt(3), symbol: '', payload: '', trade_id: -(2n ** 63n) + 1n, flags: 2 ** 31 - 1, price: -0.1 },
      { ...rowAt(4), price: Number.MIN_VALUE, trade_id: null },
      { ...rowAt(5), price: Number.MAX_VALUE },
    ];
    await writer.write(blockOf(rows.slice(0, 1), rows.slice(1, 4), rows.slice(4)), 'a');
    await writer.close();
    await shown(table);
    const found = await server.rows(
      `SELECT cast(cast(ts_event AS LONG) AS STRING), symbol, cast(trade_id AS STRING), price, flags, final, payload, _src, _seq, _task, _epoch FROM ${table} ORDER BY _seq`,
    );
    expect(found).toEqual(
      rows.map((row) => [
        String(row.ts_event),
        row.symbol,
        row.trade_id === null ? null : String(row.trade_id),
        row.price,
        row.flags,
        row.final,
        row.payload,
        row._src,
        Number(row._seq),
        1,
        5,
      ]),
    );
  });

  test('counts rows once, however often and in whatever order blocks come', async () => {
    const table = nextTable();
    const [one, other] = [await open({ table }, server), await open({ table }, server)];
    for (const from of [200, 0, 100, 200, 0, 50]) await one.write(block(from, 100), 'a');
    await Promise.all([one.write(block(300, 100), 'b'), other.write(block(350, 100), 'c'), one.write(block(0, 450), 'd')]);
    expect(await one.has({ src: 'inc/feed/0', fromSeq: 0n, toSeq: 449n, rows: 450 })).toBe('keyed');
    await Promise.all([one.close(), other.close()]);
    expect(await count(table)).toBe(450);
    expect((await server.rows(`SELECT sum(_seq), count_distinct(_seq), sum(price) FROM ${table}`))[0]?.slice(0, 2)).toEqual([
      (449 * 450) / 2,
      450,
    ]);
  });

  test('keeps two real rows that differ in nothing but their origin', async () => {
    const table = nextTable();
    const writer = await open({ table }, server);
    const twin = { ...rowAt(1), _seq: 2n };
    await writer.write(blockOf([rowAt(1), twin]), 'a');
    await writer.close();
    expect(await count(table)).toBe(2);
  });

  test('loses nothing and doubles nothing when it is killed in the middle of writes', async () => {
    const table = nextTable();
    const writer = await open({ table }, server);
    await writer.ensure();
    const broken: MillraceError[] = [];
    let written = 0;
    for (let round = 0; round < 2; round++) {
      const blocks = Array.from({ length: 4 }, (_, i) => block((round * 4 + i) * 20_000, 20_000));
      const writes = blocks.map((one) => writer.write(one, 'a'));
      const settled = Promise.allSettled(writes);
      if (round > 0) await writes[0]?.catch(() => undefined); // kill before, or between, the acknowledgements
      await server.kill();
      const results = await settled;
      await server.start();
      await writer.ensure();
      for (const [i, result] of results.entries()) {
        const one = blocks[i] as ReturnType<typeof block>;
        if (result.status === 'rejected') {
          broken.push(result.reason as MillraceError);
          await writer.write(one, 'a');
        }
        written += one.rows;
      }
    }
    await writer.close();
    expect(await count(table)).toBe(written);
    expect((await server.rows(`SELECT count_distinct(_seq), max(_seq) FROM ${table}`))[0]).toEqual([written, written - 1]);
    expect(broken.length).toBeGreaterThan(0);
    for (const error of broken) expect(error).toMatchObject({ code: 'questdb-unreachable', domain: 'external', retry: 'backoff' });
  }, 200_000);

  test('refuses a row: it is told with its place, the others are written, again and again', async () => {
    const table = nextTable();
    const writer = await open({ table }, { url: server.url });
    const rows = Array.from({ length: 20 }, (_, i) => rowAt(3 * 65_536 + i));
    for (const bad of [0, 7, 8, 19]) rows[bad] = { ...(rows[bad] as ReturnType<typeof rowAt>), ts_event: -5n };
    for (let round = 0; round < 2; round++) {
      const refused: RefusedRow[] = [];
      await writer.write(blockOf(rows.slice(0, 8), rows.slice(8)), 'a', (row) => refused.push(row));
      const reason = `table: ${table}, timestamp: -5; designated timestamp before 1970-01-01 is not allowed`;
      expect(refused).toEqual([0, 7, 8, 19].map((row) => ({ row, code: 'questdb-row-refused', reason })));
    }
    await writer.close();
    expect(await count(table)).toBe(16);
  });

  test.each([
    [
      'a column that is missing',
      'ts_event TIMESTAMP_NS, _src SYMBOL, _seq LONG',
      'questdb-column-missing',
      /has no column "symbol" \(SYMBOL\)/,
      /ADD COLUMN "symbol" SYMBOL/,
    ],
    [
      'another type',
      'ts_event TIMESTAMP_NS, symbol SYMBOL, trade_id DOUBLE, price DOUBLE, flags INT, final BOOLEAN, payload VARCHAR, _src SYMBOL, _seq LONG, _task INT, _epoch LONG',
      'questdb-column-type',
      /column "trade_id" as DOUBLE, the pipeline writes LONG/,
      /ALTER COLUMN "trade_id" TYPE LONG/,
    ],
    [
      'microseconds',
      'ts_event TIMESTAMP, _src SYMBOL, _seq LONG',
      'questdb-column-type',
      /"ts_event" as TIMESTAMP, the pipeline writes TIMESTAMP_NS/,
      /another table/,
    ],
  ])('with %s is refused, naming column, ours, theirs and what to do', async (_, columns, code, message, remedy) => {
    const table = nextTable();
    await server.rows(
      `CREATE TABLE ${table} (${columns}) TIMESTAMP(ts_event) PARTITION BY DAY WAL DEDUP UPSERT KEYS(ts_event, _src, _seq)`,
    );
    const writer = await open(table, server);
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code, domain: 'user', retry: 'never' });
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
    await writer.close();
  });

  const ALL =
    'TS_event TIMESTAMP_NS, symbol VARCHAR, trade_id LONG, price DOUBLE, flags LONG, final BOOLEAN, payload STRING, _src SYMBOL, _seq LONG, _task LONG, _epoch LONG, note VARCHAR';

  test.each([
    [
      'no keys',
      'TIMESTAMP(TS_event) PARTITION BY DAY WAL',
      'questdb-keys-differ',
      /has no upsert keys, the pipeline needs ts_event, _src, _seq/,
      /DEDUP ENABLE UPSERT KEYS\("ts_event", "_src", "_seq"\)/,
    ],
    [
      'fewer keys',
      'TIMESTAMP(TS_event) PARTITION BY DAY WAL DEDUP UPSERT KEYS(TS_event, symbol)',
      'questdb-keys-differ',
      /has the upsert keys TS_event, symbol/,
      /DEDUP ENABLE/,
    ],
    ['no write-ahead', 'TIMESTAMP(TS_event) PARTITION BY DAY BYPASS WAL', 'questdb-keys-differ', /is not written ahead/, /SET TYPE WAL/],
    ['no time', '', 'questdb-time-differs', /has no designated timestamp, the pipeline writes "ts_event"/, /another table/],
  ])('with %s is refused, and says how to mend it', async (_, rest, code, message, remedy) => {
    const table = nextTable();
    await server.rows(`CREATE TABLE ${table} (${ALL}) ${rest}`);
    const writer = await open(table, server);
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code, domain: 'user', retry: 'never' });
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
    await writer.close();
  });

  test('of another make that holds every value is taken', async () => {
    const table = nextTable();
    await server.rows(`CREATE TABLE ${table} (${ALL}) TIMESTAMP(TS_event) PARTITION BY MONTH WAL DEDUP UPSERT KEYS(TS_event, _src, _seq)`);
    const writer = await open(table.toUpperCase(), server);
    await writer.write(block(0, 50), 'a');
    await writer.write(block(0, 50), 'a');
    await writer.close();
    expect(await count(table)).toBe(50);
    expect(await server.rows(`SELECT symbol, payload, flags, note FROM ${table} WHERE _seq = 7`)).toEqual([['S1', 'p7', 2, null]]);
  });

  test('that somebody dropped is made anew with its keys, not by the server without them', async () => {
    const table = nextTable();
    const writer = await open(table, server);
    await writer.write(block(0, 10), 'a');
    await server.rows(`DROP TABLE ${table}`);
    await writer.write(block(10, 10), 'b');
    await writer.write(block(10, 10), 'b');
    await writer.close();
    expect(await count(table)).toBe(10);
    expect(await server.rows(`SELECT dedup FROM tables() WHERE table_name = '${table}'`)).toEqual([[true]]);
  });

  test('that is suspended is waited for, since its rows would not show', async () => {
    const table = nextTable();
    const writer = await open(table, server);
    await writer.write(block(0, 10), 'a');
    await shown(table);
    await server.rows(`ALTER TABLE ${table} SUSPEND WAL`);
    const error = await failure(writer.write(block(10, 10), 'b'));
    expect(error).toMatchObject({ code: 'questdb-suspended', domain: 'external', retry: 'backoff' });
    expect(error.remedy).toContain(`ALTER TABLE "${table}" RESUME WAL`);
    await server.rows(`ALTER TABLE ${table} RESUME WAL`);
    await writer.write(block(10, 10), 'b');
    await writer.close();
    expect(await count(table)).toBe(20);
  });

  test('takes a time column as declared', async () => {
    const table = nextTable();
    const writer = await open({ table, time: 'ts_event' }, server);
    await writer.write(block(0, 3), 'a');
    await writer.close();
    await shown(table);
    expect(await server.rows(`SELECT cast(cast(max(ts_event) AS LONG) AS STRING) FROM ${table}`)).toEqual([[String(NS + 2n)]]);
  });
});

describe.skipIf(missing !== null && !process.env.CI)(`${title} with a password`, () => {
  test('takes the right one and refuses others, without telling them', async () => {
    const server = await startQuestdb({ 'http.user': 'admin', 'http.password': 's3cret' });
    try {
      const at = (user: string): string => server.url.replace('//', `//${user}@`);
      const writer = await open('t', { url: at('admin:s3cret') });
      await writer.write(block(0, 10), 'a');
      await writer.close();
      const stranger = await open('t', { url: at('admin:wr0ng') });
      const error = await failure(stranger.ensure());
      expect(error).toMatchObject({ code: 'questdb-access', domain: 'user', retry: 'never' });
      expect(`${error.message} ${error.remedy}`).not.toContain('wr0ng');
      await stranger.close();
    } finally {
      await server.stop();
    }
  }, 400_000);
});
