import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { RecordBatchFileWriter, RecordBatchReader, RecordBatchStreamWriter, Schema, tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileConnector } from '../../connectors/file/connector.ts';
import { LONGEST_LINE } from '../../connectors/file/lines.ts';
import { Pace, Stamps } from '../../connectors/file/pace.ts';
import { fileSinkParams, fileSourceParams } from '../../connectors/file/params.ts';
import { arrow } from '../../connectors/formats/arrow.ts';
import { COLUMNS, LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { Block, ConnectorContext, SinkWriter, SourceReader } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Payloads } from '../../graph/contract/format.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';

const DATA = process.env.MILLRACE_DATA ?? join(import.meta.dirname, '../../../shared/data');
const CAPTURE = join(DATA, 'binance/usdm-btcusdt-20240808.ndjson.gz');

let folder: string;
let open: SourceReader[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-file-'));
});

afterEach(async () => {
  await Promise.all(open.map((reader) => reader.close()));
  open = [];
  await rm(folder, { recursive: true, force: true });
});

const context = (): ConnectorContext => ({
  pipeline: 'p',
  node: 'n',
  folder,
  dataDir: join(folder, '.millrace'),
  connection: null,
  note: () => undefined,
});

async function source(params: unknown): Promise<SourceReader> {
  const reader = await fileConnector.source?.open(fileSourceParams.parse(params), context());
  if (!reader) throw new Error('no source');
  open.push(reader);
  return reader;
}

const lines = ({ bytes, offsets }: Payloads): string[] =>
  Array.from({ length: offsets.length - 1 }, (_, i) => Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString('utf8'));

async function read(reader: SourceReader, from = 0, rows = 1e9, partition = 0): Promise<string[]> {
  const out: string[] = [];
  while (out.length < rows && !reader.ended(partition, from + out.length)) {
    const chunk = await reader.read(partition, from + out.length, rows - out.length, 1e9);
    if (!chunk?.payloads) break;
    expect(chunk).toMatchObject({ partition, from: from + out.length, to: from + out.length + chunk.payloads.offsets.length - 1 });
    out.push(...lines(chunk.payloads));
  }
  return out;
}

async function failure(work: Promise<unknown>): Promise<MillraceError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MillraceError)) throw new Error(`expected a MillraceError, got ${String(error)}`);
  return error;
}

describe('file source', () => {
  test('gives the lines that have a character, whatever their ends, and any range of them again', async () => {
    const word = fc.string({ maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, '·'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(word, fc.constantFrom('\n', '\r\n')), { minLength: 1, maxLength: 50 }),
        fc.boolean(),
        fc.boolean(),
        fc.nat(60),
        fc.nat(60),
        async (parts, gzip, open_, a, b) => {
          const text = parts.map(([line, end]) => line + end).join('');
          const content = Buffer.from(open_ ? text.replace(/\r?\n$/, '') : text);
          await writeFile(join(folder, 'lines'), gzip ? gzipSync(content) : content);
          const expected = parts.map(([line]) => line).filter((line) => line !== '');
          const reader = await source('lines');
          await reader.start(0, 'earliest');
          expect(await read(reader)).toEqual(expected);
          expect(reader.ended(0, expected.length)).toBe(true);
          for (const [from, rows] of [
            [a, b],
            [b, a],
          ] as const) {
            if (from < expected.length && rows > 0) expect(await read(reader, from, rows)).toEqual(expected.slice(from, from + rows));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('reads on from a position after a restart, across blocks', async () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `{"i": ${i}, "pad": "${'x'.repeat(i % 90)}"}`);
    await writeFile(join(folder, 'many.ndjson.gz'), gzipSync(text.join('\n')));
    expect(await read(await source('many.ndjson.gz'), 47_123, 100)).toEqual(text.slice(47_123, 47_223));
    const reader = await source('many.ndjson.gz');
    expect(await reader.start(0, 'latest')).toBe(60_000);
    expect(await read(reader, 59_990)).toEqual(text.slice(59_990));
    expect(await reader.read(0, 60_000, 10, 1e9)).toBeNull();
  });

  test('a pattern is a partition a file, in order of names', async () => {
    await mkdir(join(folder, 'a1'));
    await mkdir(join(folder, 'b1'));
    for (const name of ['a1/y.csv', 'a1/x.csv', 'b1/x.csv', 'a1/z.txt', 'a1/.x.csv']) await writeFile(join(folder, name), `${name}\n`);
    const reader = await source('{a,b}?/*.csv');
    expect(reader.partitions).toEqual(['a1/x.csv', 'a1/y.csv', 'b1/x.csv']);
    expect(await read(reader, 0, 10, 2)).toEqual(['b1/x.csv']);
    expect(fileConnector.source?.partitions?.(fileSourceParams.parse('a.csv'))).toBe(1);
    expect(fileConnector.source?.partitions?.(fileSourceParams.parse('*.csv'))).toBeNull();
    expect(await failure(source('no/*.csv'))).toMatchObject({ code: 'file-missing', domain: 'user' });
  });

  test('a line that is too long is one payload that no format takes, and costs no memory', async () => {
    await writeFile(
      join(folder, 'long'),
      Buffer.concat([Buffer.from('first\n'), Buffer.alloc(LONGEST_LINE + 5_000_000, 97), Buffer.from('\nlast\n')]),
    );
    const [first, long, last] = await read(await source('long'));
    expect([first, last]).toEqual(['first', 'last']);
    expect(long).toMatch(/^a{1024}\ufffd line longer than 16777216 bytes$/);
    expect(await read(await source('long'), 2)).toEqual(['last']);
  });

  test('what cannot be read says so', async () => {
    const whole = gzipSync(Array.from({ length: 200_000 }, (_, i) => `line ${i} ${Math.sin(i)}`).join('\n'));
    await writeFile(join(folder, 'cut.gz'), whole.subarray(0, whole.length >> 1));
    await writeFile(join(folder, 'broken.gz'), Buffer.concat([whole.subarray(0, 1000), Buffer.alloc(1000, 255), whole.subarray(2000)]));
    expect(await failure(read(await source('cut.gz')))).toMatchObject({ code: 'file-truncated', domain: 'user', retry: 'never' });
    expect(await failure(read(await source('broken.gz')))).toMatchObject({ code: 'file-damaged', domain: 'user' });
    expect(await failure(read(await source('absent')))).toMatchObject({ code: 'file-unreadable', domain: 'user' });
    expect(await failure(read(await source('.')))).toMatchObject({ code: 'file-unreadable', domain: 'user' });
  });

  test('a file that is no text says so, once', async () => {
    for (const [name, content] of [
      ['picture', Buffer.from('PNG\r\n\u0000\u0000\n1\n2\n')],
      ['utf-16', Buffer.from('price\n1\n', 'utf16le')],
      ['packed', gzipSync(Buffer.from('PK\u0000\n1\n'))],
    ] as const) {
      await writeFile(join(folder, name), content);
      const reader = await source(name);
      expect(await failure(reader.read(0, 0, 10, 1e9))).toMatchObject({ code: 'file-not-text', domain: 'user', retry: 'never' });
    }
  });

  test('an Arrow file or stream is a payload a batch', async () => {
    const schema = new Schema([COLUMNS.symbol, COLUMNS.price]);
    const rows = [['A', 'B'], ['C'], ['A', 'C']].map((symbols, i) => symbols.map((symbol) => ({ symbol, price: i })));
    const batches = rows.map((some) => batchOf(schema, some));
    const whole = batchOf(schema, rows.flat());
    await writeFile(join(folder, 'stream.arrows'), RecordBatchStreamWriter.writeAll(batches).toUint8Array(true));
    const inFile = RecordBatchStreamWriter.writeAll([whole.slice(0, 2), whole.slice(2, 5)]).toUint8Array(true);
    await writeFile(
      join(folder, 'file.arrow'),
      Buffer.concat([Buffer.from('ARROW1\0\0'), inFile, Buffer.from('a footer'), Buffer.from('ARROW1')]),
    );
    await writeFile(join(folder, 'headless.arrow'), RecordBatchFileWriter.writeAll([whole]).toUint8Array(true));
    await writeFile(join(folder, 'cut.arrows'), RecordBatchStreamWriter.writeAll(batches).toUint8Array(true).subarray(0, -100));
    const decoder = arrow.decoder(schema, {});
    for (const [name, payloads] of [
      ['stream.arrows', 3],
      ['file.arrow', 2],
    ] as const) {
      const reader = await source(name);
      const found: Row[] = [];
      for (let from = 0; !reader.ended(0, from); from++) {
        const chunk = await reader.read(0, from, 100, 1e9);
        if (!chunk?.payloads) break;
        expect(chunk.to).toBe(from + 1);
        const { batch, rejected } = decoder.decode(chunk.payloads);
        expect(rejected && rowsOf(rejected)).toBeNull();
        if (batch) found.push(...rowsOf(batch));
      }
      expect(found).toEqual(rows.flat());
      expect(reader.ended(0, payloads)).toBe(true);
      const again = await reader.read(0, payloads - 1, 1, 1e9);
      expect(again?.payloads && decoder.decode(again.payloads).batch?.numRows).toBeGreaterThan(0);
    }
    expect(await failure(read(await source('headless.arrow')))).toMatchObject({ code: 'file-damaged', domain: 'user' });
    expect(await failure(read(await source('cut.arrows'), 2))).toMatchObject({ code: 'file-damaged' });
  });

  test('starts at an instant by the stamps of its lines', async () => {
    await writeFile(
      join(folder, 'capture'),
      ['1723161255000000000 {"a":1}', '1723161256000000000 {"a":2}', '1723161257000000000 {"a":3}'].join('\n'),
    );
    const reader = await source('capture');
    expect(await reader.start(0, { instantNs: 1_723_161_255_500_000_000n })).toBe(1);
    expect(await reader.start(0, { instantNs: 1_823_161_255_500_000_000n })).toBe(3);
    await writeFile(join(folder, 'words'), 'one\ntwo\n');
    expect(await failure((await source('words')).start(0, { instantNs: 1n }))).toMatchObject({ code: 'file-without-time' });
  });

  test.skipIf(!existsSync(CAPTURE))('reads every line of a real capture', async () => {
    const expected = gunzipSync(await readFile(CAPTURE))
      .toString('utf8')
      .trimEnd()
      .split('\n');
    expect(expected).toHaveLength(93_954); // data/SOURCES.md
    const reader = await source(CAPTURE);
    expect(await read(reader)).toEqual(expected);
  });
});

describe('pace', () => {
  const payloads = (texts: readonly string[]): Payloads => {
    const parts = texts.map((text) => Buffer.from(text));
    return {
      bytes: Buffer.concat(parts),
      offsets: Int32Array.from([0, ...parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, part) => sum + part.length, 0))]),
      recvNs: null,
    };
  };

  test.each([
    ['capture', ['1723161255000000000 {"ts":5}', '1723161256000000000 {}', '1723161259000000000 {}']],
    ['JSON with ISO times', ['{"ts": "2024-08-08T23:54:15Z"}', '{"a":1,"ts":"2024-08-08T23:54:16Z"}', '{"ts":"2024-08-08T23:54:19Z"}']],
    ['JSON with ms', ['{"ts":1723161255000}', '{"ts":1723161256000}', '{"ts":1723161259000}']],
    ['CSV with seconds', ['1723161255.0,1', '1723161256.0,2', '1723161259.0,3']],
  ])('%s lines become due as they were stamped', (_, texts) => {
    let now = 0n;
    const pace = new Pace(2, () => now);
    const stamps = new Stamps('ts');
    stamps.of(Buffer.from('ts,value'));
    const due = (): number => pace.due(payloads(texts), 0, 3, stamps);
    expect(due()).toBe(1);
    now = 499_000_000n;
    expect(due()).toBe(1);
    now = 500_000_000n;
    expect(due()).toBe(2);
    now = 2_000_000_000n;
    expect(due()).toBe(3);
  });

  test('a source that is paced gives nothing before its time, then the same lines', async () => {
    await writeFile(join(folder, 'slow'), '1723161255000000000 a\n1723161255000000001 b\n1723164855000000000 c\n');
    const reader = await source({ path: 'slow', pace: '1x' });
    expect(await read(reader)).toEqual(['1723161255000000000 a', '1723161255000000001 b']);
    expect(await reader.read(0, 2, 10, 1e9)).toBeNull();
    expect(reader.ended(0, 2)).toBe(false);
  });

  test('a paced CSV file goes by its header from any line on', async () => {
    await writeFile(join(folder, 'slow.csv'), 'n,ts_recv\n1,1723161255000000000\n2,1723161255000000001\n3,1723164855000000000\n');
    const reader = await source({ path: 'slow.csv', pace: '1x' });
    expect(await read(reader, 2)).toEqual(['2,1723161255000000001']);
  });
});

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price]);
const WRITTEN = new Schema([...SCHEMA.fields, ...LINEAGE_FIELDS]);

function block(partition: number, from: number, rows: number, incarnation = 'inc'): Block {
  const src = `${incarnation}/feed/${partition}`;
  const content = Array.from({ length: rows }, (_, i) => ({
    ts_event: 1_723_161_255_030_314_667n + BigInt(from + i),
    symbol: `S"${(from + i) % 2}`,
    price: (from + i) / 4,
    _src: src,
    _seq: BigInt(from + i),
    _task: 0,
    _epoch: 1n,
  }));
  return { src, fromSeq: BigInt(from), toSeq: BigInt(from + rows - 1), batches: [batchOf(WRITTEN, content)], rows, bytes: 0 };
}

async function sink(params: unknown): Promise<SinkWriter> {
  const writer = await fileConnector.sink?.open(fileSinkParams.parse(params), WRITTEN, context());
  if (!writer) throw new Error('no sink');
  await writer.ensure();
  return writer;
}

describe('a file source that is opened again', () => {
  const said: string[] = [];
  const told = () => said.splice(0).map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, 'DATE'));
  const path = () => join(folder, 'trades.csv');

  async function session<T>(work: (reader: SourceReader) => Promise<T>): Promise<T> {
    const note = (line: string): void => void said.push(line);
    const reader = await fileConnector.source?.open(fileSourceParams.parse('trades.csv'), { ...context(), note });
    if (!reader) throw new Error('no source');
    try {
      return await work(reader);
    } finally {
      await reader.close();
    }
  }

  /** Reads from the start, to the end or so far as `rows` says. */
  const first = (rows?: number) =>
    session(async (reader) => {
      await reader.start(0, 'earliest');
      return read(reader, 0, rows);
    });
  const again = async () => {
    await session(async (reader) => reader.finished?.(0));
    return told();
  };

  test('says how a file stands that was read to its end', async () => {
    await writeFile(path(), 'a,b\n1,2\n3,4\n');
    expect(await first()).toHaveLength(3);
    expect(told()).toEqual([]);
    expect(await again()).toEqual(['trades.csv was read to its end on DATE; nothing new']);
    await utimes(path(), 1, 1);
    expect(await again()).toEqual(['trades.csv was read to its end on DATE; nothing new']);
    await appendFile(path(), '5,6\n');
    expect(await again()).toEqual([
      'trades.csv has grown since it was read to its end on DATE: the new rows are not read; "millrace reset" reads it again',
    ]);
    await writeFile(path(), 'a,b\n1,2\n3,5\n');
    expect(await again()).toEqual([
      'trades.csv has changed since it was read to its end on DATE: it is not read again; "millrace reset" does that',
    ]);
    await writeFile(path(), 'a,b\n');
    expect(await again()).toEqual([
      'trades.csv has shrunk since it was read to its end on DATE: it is not read again; "millrace reset" does that',
    ]);
    await rm(path());
    expect(await again()).toEqual(['trades.csv is no longer there; it was read to its end on DATE']);
  });

  test('goes on from its middle only in the same file, which may have grown', async () => {
    const rows = Array.from({ length: 400_000 }, (_, i) => `${i},x`);
    await writeFile(path(), `${rows.join('\n')}\n`);
    await first(10);
    const on = () => session((reader) => read(reader, 10, 2));
    expect(await on()).toEqual(['10,x', '11,x']);
    await appendFile(path(), 'new\n');
    expect(await on()).toEqual(['10,x', '11,x']);
    expect(await session((reader) => read(reader, 399_999))).toEqual(['399999,x', 'new']);
    for (const [content, what] of [
      ['0,y', 'shrunk'],
      [`${rows.join('\n').replace('3,x', '3,y')}\nnew\n`, 'changed'],
      [`${rows.join('\n').replace('399999,x', '399999,y')}\nnew\nmore\n`, 'changed'],
    ] as const) {
      await writeFile(path(), content);
      const error = await failure(on());
      expect(error).toMatchObject({ code: 'file-changed', domain: 'user', retry: 'never' });
      expect(error.message).toContain(`trades.csv has ${what} since`);
    }
  });

  test('forgets what it was when a run starts from nothing, and what it never could read', async () => {
    await writeFile(path(), 'a\nb\n');
    await first();
    await writeFile(path(), 'c\n');
    expect(await first()).toEqual(['c']);
    expect(await again()).toEqual(['trades.csv was read to its end on DATE; nothing new']);
    await writeFile(path(), Buffer.from([0, 0, 0]));
    await failure(first());
    await writeFile(path(), 'd\n');
    expect(await session((reader) => read(reader))).toEqual(['d']);
    expect(told()).toEqual([]);
  });

  test('reads on where nothing can be remembered, and says so once', async () => {
    await writeFile(path(), 'a\nb\n');
    await first();
    const [record = ''] = await readdir(join(folder, '.millrace/files'));
    await rm(join(folder, '.millrace/files', record));
    await mkdir(join(folder, '.millrace/files', `${record}.${process.pid}.new`));
    expect(await session((reader) => read(reader))).toEqual(['a', 'b']);
    expect(told()).toEqual([expect.stringContaining('what was read of trades.csv cannot be remembered')]);
  });
});

describe('file sink', () => {
  test('shows nothing before the end, then all blocks by partition and sequence, written once', async () => {
    const writer = await sink('out.ndjson');
    for (const one of [block(1, 0, 2), block(0, 10, 2), block(0, 0, 10), block(0, 10, 2)]) await writer.write(one, 'token');
    expect(await writer.has(block(0, 0, 10))).toBe('all');
    expect(await writer.has(block(1, 2, 10))).toBe('none');
    expect(existsSync(join(folder, 'out.ndjson'))).toBe(false);
    await writer.finish();
    const found = (await readFile(join(folder, 'out.ndjson'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { price: number; symbol: string; ts_event: string });
    expect(found.map((row) => row.price * 4)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1]);
    expect(found[1]).toEqual({ ts_event: '2024-08-08T23:54:15.030314668Z', symbol: 'S"1', price: 0.25 });
    expect((await readdir(folder)).sort()).toEqual(['.millrace', 'out.ndjson']);
  });

  test('writes CSV with a header, packed by its ending', async () => {
    const writer = await sink({ path: 'out.csv.gz', lineage: true });
    await writer.write(block(0, 0, 2), 'token');
    await writer.finish();
    const text = gunzipSync(await readFile(join(folder, 'out.csv.gz'))).toString('utf8');
    expect(text).toBe(
      'ts_event,symbol,price,_src,_seq,_task,_epoch\n' +
        '2024-08-08T23:54:15.030314667Z,"S""0",0,inc/feed/0,0,0,1\n2024-08-08T23:54:15.030314668Z,"S""1",0.25,inc/feed/0,1,0,1\n',
    );
  });

  test.each(['out.arrow', 'out.arrow.gz'])('writes %s for any Arrow client, and goes on behind what it finished before', async (path) => {
    const content = async (): Promise<Uint8Array> => {
      const bytes = await readFile(join(folder, path));
      return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    };
    const first = await sink(path);
    await first.write(block(0, 0, 3), 'a');
    await first.finish();
    const second = await sink(path);
    await second.finish(); // nothing came: what is there stays
    expect(tableFromIPC(await content()).numRows).toBe(3);
    await second.ensure();
    await second.write(block(0, 3, 2), 'b');
    await second.finish();
    const rows = [...RecordBatchReader.from(await content())].flatMap((batch) => rowsOf(batch));
    expect(rows.map((row) => Number(row.price) * 4)).toEqual([0, 1, 2, 3, 4]);
  });

  test('starts over with a new incarnation, and replaces the file only at its end', async () => {
    await writeFile(join(folder, 'out.csv'), 'old');
    const broken = await sink('out.csv');
    await broken.write(block(0, 0, 5, 'first'), 'a');
    const writer = await sink('out.csv');
    await writer.write(block(0, 0, 1, 'second'), 'a');
    await writer.write(block(0, 1, 1, 'second'), 'b');
    expect(await readFile(join(folder, 'out.csv'), 'utf8')).toBe('old');
    await writer.finish();
    expect((await readFile(join(folder, 'out.csv'), 'utf8')).split('\n')).toHaveLength(4);
  });

  test('without a row is a file with a header', async () => {
    await (await sink('none.csv')).finish();
    expect(await readFile(join(folder, 'none.csv'), 'utf8')).toBe('ts_event,symbol,price\n');
  });

  test('a folder that cannot be written to, or an unknown ending, is said', async () => {
    await appendFile(join(folder, 'plain'), 'x');
    expect(await failure(sink('plain/out.csv'))).toMatchObject({ code: 'file-unwritable', domain: 'user' });
    expect(fileSinkParams.safeParse('out.parquet').error?.issues[0]?.message).toMatch(/expected an ending/);
    expect(fileSinkParams.parse({ path: 'out.txt', format: 'csv' })).toEqual({ path: 'out.txt', format: 'csv', lineage: false });
  });
});
