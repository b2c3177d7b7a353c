import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { RegistryClient } from '../../connectors/registry/client.ts';
import { fetchLock, pinnedIn } from '../../connectors/registry/lock.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Answer, documented, registryServer } from './server.ts';

const record = (...fields: string[]) =>
  JSON.stringify({ type: 'record', name: 'Trade', fields: fields.map((name) => ({ name, type: 'long', default: 0 })) });
const TRADES = [
  { id: 7, schema: record('a') },
  { id: 9, schema: record('a', 'b') },
];
const SUBJECT = 'market/trades-value';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(answer: Parameters<typeof registryServer>[0] = documented({ [SUBJECT]: TRADES })) {
  const server = await registryServer(answer);
  open.push(server);
  return server;
}

const QUICK = { timeoutMs: 2_000, attempts: 3, backoffMs: 1 };

async function failure(asking: Promise<unknown>): Promise<MillraceError> {
  const error = await asking.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MillraceError);
  return error as MillraceError;
}

test('versions of a subject, the latest one, and a schema by id', async () => {
  const { host, asked } = await serve();
  const client = new RegistryClient(`http://${host}/`, QUICK);
  expect(await client.versions(SUBJECT)).toEqual([1, 2]);
  expect(await client.version(SUBJECT, 'latest')).toMatchObject({ subject: SUBJECT, version: 2, ...TRADES[1] });
  expect(await client.version(SUBJECT, 1)).toMatchObject({ version: 1, ...TRADES[0] });
  expect(await client.schema(9)).toBe(TRADES[1]?.schema);
  expect(asked.map(({ path }) => path)).toContain('/subjects/market%2Ftrades-value/versions/latest');
  expect(asked[0]?.headers.accept).toBe('application/vnd.schemaregistry.v1+json');
});

test('what never changes is asked for once, also at the same moment; the latest version is asked for again', async () => {
  const { host, asked } = await serve();
  const client = new RegistryClient(`http://${host}`, QUICK);
  await Promise.all([client.schema(7), client.schema(7), client.version(SUBJECT, 1), client.version(SUBJECT, 1)]);
  await client.schema(7);
  expect(asked).toHaveLength(2);
  await client.version(SUBJECT, 'latest');
  await client.version(SUBJECT, 'latest');
  expect(asked).toHaveLength(4);
});

test('a failed request is not remembered', async () => {
  const { host } = await serve((asked, count) =>
    count === 1 ? { status: 404, body: { error_code: 40403, message: '' } } : documented({ [SUBJECT]: TRADES })(asked),
  );
  const client = new RegistryClient(`http://${host}`, QUICK);
  expect((await failure(client.schema(7))).code).toBe('registry-schema');
  expect(await client.schema(7)).toBe(TRADES[0]?.schema);
});

test('a schema is registered, or found', async () => {
  const { host, asked } = await serve();
  const client = new RegistryClient(`http://${host}`, QUICK);
  expect(await client.register(SUBJECT, record('a', 'b'))).toBe(9);
  expect(asked[0]).toMatchObject({ method: 'POST', body: JSON.stringify({ schema: record('a', 'b') }) });
  expect(await failure(client.register(SUBJECT, record('c')))).toMatchObject({
    code: 'registry-incompatible',
    domain: 'user',
    retry: 'never',
  });
});

test('user and password of the address are sent, and shown nowhere', async () => {
  const { host, asked } = await serve(() => ({ status: 401, body: { error_code: 401, message: 'Unauthorized' } }));
  const error = await failure(new RegistryClient(`http://ann:s%40cret@${host}`, QUICK).versions(SUBJECT));
  expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:s@cret').toString('base64')}`);
  expect(error).toMatchObject({ code: 'registry-denied', domain: 'user' });
  expect(`${error.message} ${error.remedy} ${error.stack}`).not.toMatch(/s@cret|s%40cret|ann/);
  const gone = await failure(new RegistryClient('http://ann:s%40cret@127.0.0.1:1', { ...QUICK, attempts: 1 }).versions(SUBJECT));
  expect(`${gone.message} ${gone.remedy} ${gone.stack} ${String(gone.cause)}`).not.toMatch(/s@cret|s%40cret/);
});

test.each([
  ['registry-subject', (client: RegistryClient) => client.version('absent', 'latest')],
  ['registry-version', (client: RegistryClient) => client.version(SUBJECT, 3)],
  ['registry-schema', (client: RegistryClient) => client.schema(8)],
  ['registry-version', (client: RegistryClient) => client.version(SUBJECT, 0)],
])('%s: the error codes of the interface', async (code, ask) => {
  const { host, asked } = await serve();
  const error = await failure(ask(new RegistryClient(`http://${host}`, QUICK)));
  expect(error).toMatchObject({ code, domain: 'user', retry: 'never', remedy: expect.any(String) });
  expect(error.message).toContain(host);
  expect(asked).toHaveLength(1);
});

test.each<[string, Answer]>([
  ['registry-failing', { status: 502, text: '<html>bad gateway</html>' }],
  ['registry-store', { status: 500, body: { error_code: 50001, message: 'store' } }],
  ['registry-leader', { status: 500, body: { error_code: 50003, message: 'leader' } }],
  ['registry-busy', { status: 429, text: '' }],
  ['registry-unreachable', 'hang up'],
])('%s is tried again, and passes when the registry is back', async (code, bad) => {
  const good = documented({ [SUBJECT]: TRADES });
  const down = await serve(() => bad);
  expect(await failure(new RegistryClient(`http://${down.host}`, QUICK).schema(7))).toMatchObject({
    code,
    domain: 'external',
    retry: 'backoff',
  });
  expect(down.asked).toHaveLength(3);
  const back = await serve((asked, count) => (count < 3 ? bad : good(asked)));
  expect(await new RegistryClient(`http://${back.host}`, QUICK).schema(7)).toBe(TRADES[0]?.schema);
});

test('no answer in time', async () => {
  const { host } = await serve(() => 'silence');
  const limits = vi.spyOn(AbortSignal, 'timeout'); // what is asked may not be heard within it on a busy machine
  onTestFinished(() => limits.mockRestore());
  const error = await failure(new RegistryClient(`http://${host}`, { ...QUICK, timeoutMs: 50, attempts: 2 }).schema(7));
  expect(error).toMatchObject({ code: 'registry-timeout', retry: 'backoff' });
  expect(limits.mock.calls).toEqual([[50], [50]]);
});

test('an answer that does not end is given up, however much memory is collected meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const server = createServer((_, response) => void response.writeHead(200).write('{'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collecting = setInterval(collect, 2);
  onTestFinished(async () => {
    clearInterval(collecting);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const client = new RegistryClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { timeoutMs: 200, attempts: 1 });
  const errors = await Promise.all(Array.from({ length: 20 }, (_, id) => failure(client.schema(id))));
  expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['registry-timeout']));
});

test.each<[string, Answer]>([
  ['registry-answer', { status: 200, text: '<html>hello</html>' }],
  ['registry-answer', { status: 200, body: { id: 1 } }],
  ['registry-absent', { status: 404, text: 'not found' }],
  ['registry-type', { status: 200, body: { schema: '{}', schemaType: 'JSON' } }],
  ['registry-references', { status: 200, body: { schema: '{}', references: [{ name: 'x', subject: 'x', version: 1 }] } }],
])('%s: an answer that is none of a registry of Avro', async (code, answer) => {
  const { host } = await serve(() => answer);
  expect(await failure(new RegistryClient(`http://${host}`, QUICK).schema(1))).toMatchObject({ code, retry: 'never' });
});

test('a lock holds all versions of the subjects, and is read without the network', async () => {
  const { host } = await serve();
  const lock = JSON.stringify(await fetchLock(new RegistryClient(`http://${host}`, QUICK), [SUBJECT, SUBJECT]));
  const others = { 7: record('a') };
  expect(pinnedIn(lock, SUBJECT, 'latest')).toEqual({ schema: record('a', 'b'), registry: { id: 9, subject: SUBJECT, others } });
  expect(pinnedIn(lock, SUBJECT, 1)).toMatchObject({ schema: record('a'), registry: { id: 7 } });
  expect(pinnedIn(lock, SUBJECT, 3)).toContain('holds no version 3');
  expect(pinnedIn(lock, 'toString', 1)).toContain('does not hold subject');
  expect(pinnedIn('{', SUBJECT, 1)).toContain('not readable');
});
