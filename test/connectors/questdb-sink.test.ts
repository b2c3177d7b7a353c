import { createServer, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Binary, Bool, Field, Float32, Schema, Utf8 } from 'apache-arrow';
import { afterEach, describe, expect, test } from 'vitest';
import { portOf } from '../../connectors/questdb/client.ts';
import { questdbConnector } from '../../connectors/questdb/connector.ts';
import { questdbParams } from '../../connectors/questdb/params.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import type { RefusedRow } from '../../graph/contract/connector.ts';
import { block, blockOf, failure, open, rowAt, SCHEMA } from './questdb-fixture.ts';

/** Answers to `POST /write`, one request each; the last one stays. */
type Answer = (response: ServerResponse, socket: Socket) => void;

interface Fake {
  readonly url: string;
  /** Bodies of every write, whatever the answer, a character a byte. */
  readonly writes: string[];
  readonly authorizations: Set<string | undefined>;
  /** Most requests that were there at once. */
  readonly together: () => number;
}

const COLUMN_TYPES = [
  ['ts_event', 'TIMESTAMP_NS', true],
  ['symbol', 'SYMBOL', false],
  ['trade_id', 'LONG', false],
  ['price', 'DOUBLE', false],
  ['flags', 'INT', false],
  ['final', 'BOOLEAN', false],
  ['payload', 'VARCHAR', false],
  ['_src', 'SYMBOL', true],
  ['_seq', 'LONG', true],
  ['_task', 'INT', false],
  ['_epoch', 'LONG', false],
];

const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server with the right table that answers writes as told, in the place of QuestDB, which fails seldom. */
async function fake(...answers: readonly Answer[]): Promise<Fake> {
  const writes: string[] = [];
  const authorizations = new Set<string | undefined>();
  let [at, there, together] = [0, 0, 0];
  const server = createServer((request, response) => {
    authorizations.add(request.headers.authorization);
    there++;
    together = Math.max(together, there);
    response.on('close', () => there--);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.url?.startsWith('/exec')) {
        const query = new URL(request.url, 'http://x').searchParams.get('query') ?? '';
        const dataset = query.includes('table_columns') ? COLUMN_TYPES : [[7, 'ts_event', true, true, false]];
        response.end(JSON.stringify({ dataset }));
        return;
      }
      writes.push(Buffer.concat(parts).toString('latin1'));
      const answer = answers[Math.min(at++, answers.length - 1)] ?? taken;
      answer(response, request.socket);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, writes, authorizations, together: () => together };
}

const taken: Answer = (response) => void response.writeHead(204).end();
const says =
  (status: number, body: unknown): Answer =>
  (response) =>
    void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
const refuses = (line: number, reason: string): Answer =>
  says(400, {
    code: 'invalid',
    message: `failed to parse line protocol:errors encountered on line(s):\nerror in line ${line}: ${reason}`,
    line,
    errorId: 'e-1',
  });

/** `_seq` of each line. */
const sequences = (body: string): number[] => [...body.matchAll(/,_seq=(\d+)i/g)].map(([, seq]) => Number(seq));

describe('block', () => {
  test('is one request of its lines, each whole', async () => {
    const server = await fake();
    const writer = await open('trades', server);
    await writer.ensure();
    await writer.write(blockOf([rowAt(0), rowAt(1)], [rowAt(2)]), 'a');
    await writer.close();
    expect(server.writes.map(sequences)).toEqual([[0, 1, 2]]);
    const [trade, rest] = server.writes[0]?.split('\ntrades,')[1]?.split(',price==') ?? [];
    expect(trade).toBe('symbol=S1,_src=inc/feed/0 trade_id=1i');
    expect(rest?.slice(9)).toBe(',flags=1i,final=f,payload="p1",_seq=1i,_task=1i,_epoch=5i 1723161255030314668n');
  });

  test('without a row that is refused: what is before it, then what is after it', async () => {
    const server = await fake(refuses(3, 'table: t, column: a; wrong'), taken, refuses(1, 'first'), taken);
    const writer = await open('trades', server);
    const refused: RefusedRow[] = [];
    await writer.write(block(65_536, 6), 'a', (row) => refused.push(row));
    await writer.close();
    expect(server.writes.map((body) => sequences(body).map((seq) => seq - 65_536))).toEqual([
      [0, 1, 2, 3, 4, 5],
      [0, 1],
      [3, 4, 5],
      [4, 5],
    ]);
    expect(refused).toEqual([
      { row: 2, code: 'questdb-row-refused', reason: 'table: t, column: a; wrong' },
      { row: 3, code: 'questdb-row-refused', reason: 'first' },
    ]);
  });

  test('of which every row is refused stops the sink instead of melting away', async () => {
    const server = await fake(refuses(1, 'no'));
    const writer = await open('trades', server);
    const refused: RefusedRow[] = [];
    const error = await failure(writer.write(block(0, 1_200), 'a', (row) => refused.push(row)));
    expect(error).toMatchObject({ code: 'questdb-rows-refused', domain: 'user', retry: 'never' });
    expect(error.message).toMatch(/refuses rows: after 1000 rows of one block, line 1: no/);
    expect(refused).toEqual([]);
    await writer.close();
  });

  test('of which a row is refused stops the sink where refused rows have nowhere to go', async () => {
    const server = await fake(refuses(2, 'no'));
    const writer = await open('trades', server);
    const error = await failure(writer.write(block(0, 3), 'a'));
    expect(error).toMatchObject({ code: 'questdb-rows-refused', domain: 'user', retry: 'never' });
    expect(server.writes.map(sequences)).toEqual([[0, 1, 2]]);
    await writer.close();
  });

  test('is the only one of its table on its way', async () => {
    const server = await fake();
    const writer = await open('trades', server);
    await Promise.all(Array.from({ length: 6 }, (_, i) => writer.write(block(i * 10, 10), 'a')));
    await writer.close();
    expect(server.writes.map((body) => sequences(body)[0])).toEqual([0, 10, 20, 30, 40, 50]);
    expect(server.together()).toBe(1);
  });

  test.each<[string, Answer, { readonly code: string; readonly domain: string; readonly retry: string }, RegExp]>([
    [
      'an error of the server',
      says(500, { message: 'disk is full' }),
      { code: 'questdb-busy', domain: 'external', retry: 'backoff' },
      /answered 500: disk is full/,
    ],
    [
      'a page of a proxy',
      says(502, '<html>bad\n gateway</html>'),
      { code: 'questdb-busy', domain: 'external', retry: 'backoff' },
      /answered 502: <html>bad gateway/,
    ],
    ['a full server', says(503, ''), { code: 'questdb-busy', domain: 'external', retry: 'backoff' }, /answered 503$/],
    [
      'a hang-up',
      (_, socket) => void socket.destroy(),
      { code: 'questdb-unreachable', domain: 'external', retry: 'backoff' },
      /cannot be reached/,
    ],
    [
      'silence',
      () => undefined,
      { code: 'questdb-unreachable', domain: 'external', retry: 'backoff' },
      /cannot be reached: Headers Timeout/,
    ],
    [
      'an unknown user',
      says(401, 'Unauthorized'),
      { code: 'questdb-access', domain: 'user', retry: 'never' },
      /answered 401: Unauthorized/,
    ],
    ['a user without rights', says(403, ''), { code: 'questdb-access', domain: 'user', retry: 'never' }, /answered 403/],
    ['something else at the address', says(404, 'Not Found'), { code: 'questdb-address', domain: 'user', retry: 'never' }, /answered 404/],
    [
      'a refusal that names no row',
      says(400, { message: 'no', line: 'x' }),
      { code: 'questdb-refused', domain: 'external', retry: 'never' },
      /answered 400: no/,
    ],
  ])('that meets %s ends in an error of its kind at once, and is complete when it comes again', async (_, answer, expected, message) => {
    const server = await fake(answer, taken);
    const options = message.source.includes('Timeout') ? { request_timeout: 1_000 } : {};
    const writer = await open('trades', { url: server.url.replace('//', '//me:s3cret@'), options });
    await writer.ensure();
    const error = await failure(writer.write(block(0, 5), 'a'));
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(message);
    expect(JSON.stringify([error.message, error.remedy])).not.toContain('s3cret');
    expect(server.writes.length).toBe(1);
    await writer.write(block(0, 5), 'a');
    await writer.close();
    expect(sequences(server.writes[1] ?? '')).toEqual([0, 1, 2, 3, 4]);
    expect(server.writes[1]).toEqual(server.writes[0]);
  });
});

describe('connection', () => {
  test('that nobody listens on is asked again later', async () => {
    const writer = await open('t', { url: 'http://127.0.0.1:1' });
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code: 'questdb-unreachable', domain: 'external', retry: 'backoff' });
    expect(error.message).toMatch(/QuestDB at the server cannot be reached: .*ECONNREFUSED/);
    await writer.close();
  });

  test.each<[string, (url: string) => { readonly url: string; readonly options?: Readonly<Record<string, unknown>> }, string]>([
    ['in its address', (url) => ({ url: url.replace('//', '//me:p%40ss@') }), `Basic ${Buffer.from('me:p@ss').toString('base64')}`],
    [
      'in its options',
      (url) => ({ url, options: { username: 'me', password: 'pw;x' } }),
      `Basic ${Buffer.from('me:pw;x').toString('base64')}`,
    ],
    ['as a token', (url) => ({ url, options: { token: 'abc' } }), 'Bearer abc'],
  ])('takes its secrets %s, for statements and lines alike', async (_, at, header) => {
    const server = await fake();
    const writer = await open('trades', at(server.url));
    await writer.ensure();
    await writer.write(block(0, 1), 'a');
    await writer.close();
    expect([...server.authorizations]).toEqual([header]);
  });

  test('at which something else answers is a fault of the file', async () => {
    const server = createServer((_, response) => void response.end('<html>welcome</html>'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const writer = await open('t', { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const error = await failure(writer.ensure());
    expect(error).toMatchObject({ code: 'questdb-address', domain: 'user', retry: 'never' });
    expect(error.message).toBe('what answers at the server is not QuestDB');
    await writer.close();
  });

  test.each([
    ['http://h:80', 80],
    ['https://u:1@h:443/?token=a:5', 443],
    ['http://[::1]:9001', 9001],
    ['http://u:pw@h', 9000],
    ['http://[::1]/', 9000],
    ['http://h/?token=a:1', 9000],
  ])('%s is at port %i', (url, port) => {
    expect(portOf(url)).toBe(port);
  });

  test('with options or an address that cannot be meant is a fault of the file', async () => {
    const unknown = await failure(open('t', { url: 'http://h', options: { tls_cert: 'x', password: 5 } }));
    expect(unknown).toMatchObject({ code: 'questdb-options', domain: 'user' });
    expect(unknown.message).toMatch(/tls_cert/);
    expect(unknown.remedy).toMatch(/tls_ca/);
    expect(await failure(open('t', { url: 'tcp://h:9009' }))).toMatchObject({ code: 'questdb-address', domain: 'user' });
    expect(await failure(open('t', { url: 'https://h', options: { tls_ca: 'nowhere.pem' } }))).toMatchObject({
      code: 'questdb-certificate',
      domain: 'user',
    });
  });
});

test('parameters that do not fit the schema are refused before anything is asked of a server', () => {
  const { sink } = questdbConnector();
  const accepts = (params: unknown, schema = SCHEMA): string | null | undefined => sink?.accepts(schema, questdbParams.parse(params));
  const withField = (field: Field): Schema => new Schema([...SCHEMA.fields, field]);
  expect(accepts('t')).toBeNull();
  expect(accepts({ table: 't', symbols: ['payload', 'symbol'] })).toBeNull();
  expect(accepts({ table: 't', symbols: ['pay'] })).toMatch(/symbols names "pay", which is no column; there are ts_event, symbol/);
  expect(accepts({ table: 't', symbols: ['price'] })).toMatch(/symbols names "price", which is Float64, not text/);
  expect(accepts({ table: 't', time: 'ts' })).toMatch(/time names "ts", which is no column/);
  expect(accepts({ table: 't', time: 'price' })).toMatch(/time names "price", which is no time/);
  expect(accepts('t', new Schema([COLUMNS.price]))).toMatch(/needs a time column/);
  expect(accepts('t', withField(new Field('ok', new Bool(), true)))).toMatch(
    /column "ok" is Bool that may be null, which QuestDB cannot hold exactly/,
  );
  expect(accepts('t', withField(new Field('raw', new Binary(), false)))).toMatch(/column "raw" is Binary/);
  expect(accepts('t', withField(new Field('half', new Float32(), false)))).toMatch(/column "half" is Float32/);
  expect(accepts('t', withField(new Field('Price', new Utf8(), false)))).toMatch(/columns "price" and "Price" are one column/);
  expect(accepts('t', withField(new Field('a-b', new Utf8(), false)))).toMatch(/column "a-b" has a name/);
  for (const name of ['', 'a"b', 'a.', '.a', 'a..b', "t'; DROP", 'a/b', 'x'.repeat(128)]) expect(() => questdbParams.parse(name)).toThrow();
});
