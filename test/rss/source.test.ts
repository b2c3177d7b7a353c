import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkedUrl, guardedLookup, isPublic } from '../../connectors/rss/address.ts';
import { rssParams } from '../../connectors/rss/params.ts';
import { openRss } from '../../connectors/rss/source.ts';
import type { SourceReader } from '../../graph/contract/connector.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';
import { FeedServer } from './server.ts';

const item = (id: string, minute: number): string =>
  `<item><title>title ${id}</title><guid>${id}</guid><pubDate>Thu, 08 Aug 2024 12:${String(minute).padStart(2, '0')}:00 GMT</pubDate></item>`;
const rss = (...items: string[]): string => `<rss version="2.0"><channel>${items.join('')}</channel></rss>`;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const NOW = BigInt(Date.UTC(2024, 7, 8, 12, 30)) * 1_000_000n;

describe('source rss', () => {
  let server: FeedServer;
  let notes: string[];
  let reader: SourceReader | null = null;
  let position = 0;
  const open = async (params: object = {}): Promise<void> => {
    position = 0;
    const parsed = rssParams.parse({ url: server.url(), interval: '5ms', allow_private: true, ...params });
    reader = await openRss(parsed, { note: (line) => notes.push(line.replaceAll(/:\d{4,5}/g, '')) }, () => NOW);
  };
  /** Rows that are given while `until` does not hold, as the engine asks: each read is committed. */
  const rowsUntil = async (until: (rows: readonly Row[]) => boolean, maxRows = 100): Promise<Row[]> => {
    const rows: Row[] = [];
    const asked = reader;
    while (!until(rows) && asked === reader) {
      const chunk = await asked?.read(0, position, maxRows, 1 << 20);
      if (chunk?.batch) {
        expect([chunk.from, chunk.to]).toEqual([position, position + chunk.batch.numRows]);
        rows.push(...rowsOf(chunk.batch));
        position = chunk.to;
        asked?.committed?.(0, position);
      } else await sleep(1);
    }
    return rows;
  };
  const noted = async (code: string): Promise<void> => {
    await rowsUntil(() => notes.some((line) => line.includes(code)));
  };

  beforeEach(async () => {
    notes = [];
    server = await FeedServer.start();
  });
  afterEach(async () => {
    await reader?.close();
    reader = null;
    await server.close();
  });

  it('gives each item once, the oldest first, and what is new later', async () => {
    server.gives(rss(item('b', 2), item('a', 1)));
    await open({ source: 'wire' });
    const first = await rowsUntil((rows) => rows.length === 2);
    expect(first.map((row) => [row.id, row.headline, row.source])).toEqual([
      ['a', 'title a', 'wire'],
      ['b', 'title b', 'wire'],
    ]);
    expect(first[0]).toMatchObject({ ts_event: BigInt(Date.UTC(2024, 7, 8, 12, 1)) * 1_000_000n, ts_recv: NOW, body: null, url: null });
    server.gives(rss(item('d', 59), item('c', 3), item('b', 2)));
    const next = await rowsUntil((rows) => rows.length === 2, 1);
    expect(next.map((row) => [row.id, row.ts_event === NOW])).toEqual([
      ['c', false],
      ['d', true], // it says a time ahead of ours
    ]);
    expect(reader?.ended(0, 4)).toBe(false);
  });

  it('gives again what is not committed, and goes on behind it', async () => {
    server.gives(rss(item('c', 3), item('b', 2), item('a', 1)));
    await open();
    const read = async (from: number, maxRows = 100): Promise<unknown> => {
      for (;;) {
        const chunk = await reader?.read(0, from, maxRows, 1 << 20);
        if (chunk?.batch) return { from: chunk.from, ids: rowsOf(chunk.batch).map(({ id }) => id) };
        await sleep(1);
      }
    };
    expect(await read(7, 2)).toEqual({ from: 7, ids: ['a', 'b'] });
    expect(await read(9)).toEqual({ from: 9, ids: ['c'] }); // in the same epoch
    expect(await read(7)).toEqual({ from: 7, ids: ['a', 'b', 'c'] }); // it failed
    reader?.committed?.(0, 8);
    expect(await read(8)).toEqual({ from: 8, ids: ['b', 'c'] });
    reader?.committed?.(0, 10);
    server.gives(rss(item('d', 4), item('c', 3)));
    expect(await read(10)).toEqual({ from: 10, ids: ['d'] });
    expect(await read(40)).toEqual({ from: 40, ids: ['d'] }); // another process has read up to there meanwhile
  });

  it('asks whether there is anything new', async () => {
    server.answer = (request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"', 'last-modified': 'Thu, 08 Aug 2024 12:00:00 GMT' }).end(rss(item('a', 1)));
    };
    await open();
    await rowsUntil((rows) => rows.length === 1);
    await rowsUntil(() => server.asked.length >= 3);
    expect(server.asked[0]?.headers['if-none-match']).toBeUndefined();
    expect(server.asked[2]?.headers).toMatchObject({
      'if-none-match': '"1"',
      'if-modified-since': 'Thu, 08 Aug 2024 12:00:00 GMT',
      'accept-encoding': 'identity',
    });
    expect(notes).toEqual([]);
  });

  it('goes on after faults, tells each once with a code, and waits longer each time', async () => {
    const times: number[] = [];
    server.answer = (_, response) => {
      times.push(performance.now());
      response.writeHead(times.length < 5 ? 500 : 200).end(times.length < 5 ? '' : rss(item('a', 1)));
    };
    await open({ interval: '10ms', url: server.url('/feed.xml?token=secret') });
    await rowsUntil((rows) => rows.length === 1);
    expect(notes).toEqual(['http://127.0.0.1/feed.xml: feed-status: its server says 500']); // not the token
    const gaps = times.slice(1).map((at, i) => at - (times[i] as number));
    gaps.forEach((gap, i) => {
      expect(gap).toBeGreaterThanOrEqual(10 * 2 ** (i + 1) - 1);
    });
  });

  it('says how asking goes: why not, since when, how often, and how old the last answer is', async () => {
    let nowMs = 1_000;
    const gives = (status: number, document = '') => {
      server.answer = (_, response) => response.writeHead(status).end(document);
    };
    const params = rssParams.parse({ url: server.url(), interval: '1ms', allow_private: true });
    reader = await openRss(params, { note: (line) => notes.push(line) }, () => BigInt(nowMs) * 1_000_000n);
    const health = () => reader?.health?.(0);
    expect(health()).toMatchObject({ trouble: null, readAgeMs: null, failures: {} });
    gives(404);
    await rowsUntil(() => health()?.trouble != null);
    nowMs = 5_000;
    gives(500);
    await rowsUntil(() => health()?.trouble?.message.includes('500') === true);
    const trouble = { code: 'feed-status', message: 'its server says 500', sinceMs: 1_000, againMs: expect.any(Number) };
    expect(health()).toMatchObject({ trouble, readAgeMs: null });
    expect(health()?.trouble?.againMs).toBeGreaterThan(nowMs);
    expect(health()?.failures['feed-status']).toBeGreaterThanOrEqual(2);
    gives(200, rss(item('a', 1), '<item></item>', '<item><guid>empty</guid></item>'));
    await rowsUntil(() => health()?.trouble === null);
    nowMs = 7_000;
    expect(health()).toMatchObject({ trouble: null, left: { 'feed-item-empty': 2, 'feed-item-too-large': 0 } });
    expect([0, 2_000]).toContain(health()?.readAgeMs); // the look that said so, or the next
    gives(200, 'no feed');
    await rowsUntil(() => health()?.trouble != null);
    nowMs = 9_000;
    expect(health()?.trouble?.sinceMs).toBe(7_000);
    expect(health()?.readAgeMs).toBeGreaterThanOrEqual(2_000);
  });

  it('leaves a server alone that asks for it', async () => {
    server.answer = (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end();
    await open();
    await noted('feed-status');
    await rowsUntil(() => true);
    await sleep(60);
    await rowsUntil(() => true);
    expect(server.asked.length).toBe(1);
  });

  it.each<[string, string, (server: FeedServer) => void, object?]>([
    ['that never ends', 'feed-too-large', (s) => { s.answer = (_, r) => { r.writeHead(200); const more = () => { while (!r.destroyed && r.write('x'.repeat(65_536))); }; r.on('drain', more); more(); }; }, { max_bytes: '1MiB' }], // biome-ignore format: a table
    ['that says it has 12 MB', 'feed-too-large', (s) => { s.answer = (_, r) => { r.writeHead(200, { 'content-length': '12000000' }); r.write('<rss>'); }; }], // biome-ignore format: a table
    ['that trickles', 'feed-timeout', (s) => { s.answer = (_, r) => { r.writeHead(200); r.write('<rss>'); }; }, { timeout: '50ms' }], // biome-ignore format: a table
    ['that says nothing', 'feed-timeout', (s) => { s.answer = () => undefined; }, { timeout: '50ms' }], // biome-ignore format: a table
    ['that is not UTF-8', 'feed-not-text', (s) => s.gives(Buffer.from([0x3c, 0x72, 0xff, 0xfe, 0x3e]))],
    ['of a character set that is not known', 'feed-charset', (s) => s.gives('<rss/>', { 'content-type': 'text/xml; charset=klingon' })],
    ['that is packed', 'feed-encoding', (s) => s.gives(Buffer.alloc(10), { 'content-encoding': 'gzip' })],
    ['that is a page', 'feed-unknown', (s) => s.gives(`<html>${'<div>'.repeat(50)}`)],
    ['of 100,000 elements in each other', 'feed-malformed', (s) => s.gives(`<rss>${'<div>'.repeat(100_000)}`)],
    ['that declares entities', 'feed-malformed', (s) => s.gives(`<!DOCTYPE rss [<!ENTITY a "&b;&b;">]><rss/>`)],
    ['that is sent around', 'feed-redirects', (s) => { s.answer = (_, r) => r.writeHead(302, { location: '/again' }).end(); }], // biome-ignore format: a table
    ['that is sent to a file', 'feed-url', (s) => { s.answer = (_, r) => r.writeHead(302, { location: 'file:///etc/passwd' }).end(); }], // biome-ignore format: a table
    ['that is cut off', 'feed-unreachable', (s) => { s.answer = (_, r) => { r.writeHead(200, { 'content-length': '100' }); r.write('<rss>'); setTimeout(() => r.destroy(), 5); }; }], // biome-ignore format: a table
  ])('refuses a feed %s: %s', async (_, code, answer, params = {}) => {
    answer(server);
    await open(params);
    await noted(`: ${code}: `);
    server.gives(rss(item('a', 1)));
    expect((await rowsUntil((rows) => rows.length === 1)).length).toBe(1);
  });

  it('gives a feed that never answers up, however much memory is collected meanwhile', async () => {
    server.answer = () => undefined;
    await open({ timeout: '50ms' });
    await rowsUntil(() => {
      if (server.asked.length > 0) collect(); // not while it connects: on a busy machine it would be given up before it has asked
      return server.asked.length > 1; // it was given up before it was asked again
    });
    expect(notes).toEqual(['http://127.0.0.1/feed.xml: feed-timeout: its server takes too long']);
  });

  it('reads a feed in Latin-1', async () => {
    server.gives(Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><rss><item><title>Müller</title></item></rss>', 'latin1'));
    await open();
    expect((await rowsUntil((rows) => rows.length === 1))[0]?.headline).toBe('Müller');
  });

  it('asks no private address, neither at once nor when it is sent there', async () => {
    server.gives(rss(item('a', 1)));
    await open({ allow_private: false });
    await noted('feed-address-refused');
    await reader?.close();
    await open({ allow_private: false, url: server.url().replace('127.0.0.1', 'localhost') });
    await rowsUntil(() => notes.filter((line) => line.includes('feed-address-refused')).length === 2);
    expect(server.asked).toEqual([]);
    expect(() => checkedUrl('http://[::ffff:127.0.0.1]/', null, false)).toThrow('no address of the public internet');
    expect(() => checkedUrl('http://0x7f.1/', null, false)).toThrow('no address of the public internet');
    expect(() => checkedUrl('http://10.0.0.1/', new URL('http://example.com'), false)).toThrow('no address of the public internet');
    expect(() => checkedUrl('http://example.com/', new URL('https://example.com'), false)).toThrow('which is not');
  });

  it('connects to the address that was looked at, and to none where one of them is private', async () => {
    const looked = (addresses: readonly string[]) =>
      new Promise((resolve) => {
        const resolver = (_host: string, _options: object, done: (error: null, found: object[]) => void) =>
          done(null, addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))); // biome-ignore format: one step
        guardedLookup(false, resolver as never)('feeds.example', { all: true }, (error, found) => resolve(error ? error.message : found));
      });
    expect(await looked(['93.184.216.34'])).toEqual([{ address: '93.184.216.34', family: 4 }]);
    expect(await looked(['93.184.216.34', '169.254.169.254'])).toContain('169.254.169.254, which is no address of the public internet');
    expect(['8.8.8.8', '2606:4700::1111'].every(isPublic)).toBe(true);
    const refused = [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
    ];
    const refused6 = [
      '::1',
      '::',
      'fe80::1',
      'fd00::1',
      'ff02::1',
      '::ffff:8.8.8.8',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:db8::1',
      'x',
    ];
    expect([...refused, ...refused6].filter(isPublic)).toEqual([]);
  });

  it('remembers so many items and no more', async () => {
    const ids = Array.from({ length: 150 }, (_, i) => `i${i}`);
    server.gives(rss(...ids.map((id) => item(id, 1))));
    await open({ remember: 100 });
    await rowsUntil((rows) => rows.length === 150);
    server.gives(rss(...ids.slice(0, 120).map((id) => item(id, 1)), item('new', 2)));
    expect((await rowsUntil((rows) => rows.length === 1)).map((row) => row.id)).toEqual(['new']);
  });
});

describe('parameters of rss', () => {
  it('take addresses of the web only', () => {
    expect(rssParams.safeParse({ url: 'file:///etc/passwd' }).success).toBe(false);
    expect(rssParams.safeParse({ url: ['https://a.example/f', 'no'] }).success).toBe(false);
    expect(rssParams.safeParse({ url: 'https://me:secret@a.example/f' }).success).toBe(false);
    expect(rssParams.safeParse({ url: 'https://a.example/f' }).success).toBe(true);
  });
});
