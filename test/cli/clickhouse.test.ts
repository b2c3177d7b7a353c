import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { query } from '../../cli/clickhouse.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, sql: string) => void;

async function withServer<T>(answer: Answer, body: (host: string) => Promise<T>): Promise<T> {
  const server = createServer(async (request, response) => answer(request, response, await text(request)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await body(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const compact =
  (meta: readonly [string, string][], data: readonly unknown[][]): Answer =>
  (_request, response) => {
    response.setHeader('x-clickhouse-format', 'JSONCompact');
    response.end(JSON.stringify({ meta: meta.map(([name, type]) => ({ name, type })), data }));
  };

describe('a query', () => {
  it('keeps every digit of integers beyond 2^53 and makes the others numbers', async () => {
    const meta: [string, string][] = [
      ['n', 'UInt64'],
      ['big', 'Nullable(Int64)'],
      ['none', 'Nullable(Int64)'],
      ['list', 'Array(UInt64)'],
      ['price', 'Float64'],
      ['name', 'LowCardinality(String)'],
    ];
    const row = ['21313', '9007199254740993', null, ['1', '9007199254740993'], 61704.1, '42'];
    const result = await withServer(compact(meta, [row]), (host) => query(`http://${host}`, 'SELECT 1'));
    expect(result).toMatchObject({ rows: [[21313, '9007199254740993', null, [1, '9007199254740993'], 61704.1, '42']] });
  });

  it('takes user, password and database from the address and sends none of them in it', async () => {
    let seen: IncomingMessage | undefined;
    const answer: Answer = (request, response) => {
      seen = request;
      response.end();
    };
    expect(await withServer(answer, (host) => query(`http://ann:p%40ss@${host}/prices`, 'CREATE TABLE t'))).toBeNull();
    expect(seen?.headers).toMatchObject({ 'x-clickhouse-user': 'ann', 'x-clickhouse-key': 'p@ss' });
    expect(seen?.url).toContain('database=prices');
    expect(seen?.url).not.toContain('p%40ss');
  });

  it('tells what ClickHouse refused, by its code', async () => {
    const answer: Answer = (_request, response) => {
      response.writeHead(404, { 'x-clickhouse-exception-code': '60' });
      response.end('Code: 60. DB::Exception: Unknown table expression identifier `nope`. (UNKNOWN_TABLE) (version 26.7.2.1)\n');
    };
    const expected = { code: 'clickhouse-60', domain: 'user', message: 'Unknown table expression identifier `nope`. (UNKNOWN_TABLE)' };
    await expect(withServer(answer, (host) => query(`http://${host}`, 'SELECT'))).rejects.toMatchObject(expected);
  });

  it('says where nobody answers', async () => {
    const gone = await withServer(
      () => undefined,
      async (host) => host,
    );
    await expect(query(`http://${gone}`, 'SELECT 1')).rejects.toMatchObject({ code: 'clickhouse-unreachable', domain: 'external' });
  });
});
