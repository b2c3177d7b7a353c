import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, vi } from 'vitest';
import type { Connection } from '../../graph/contract/connector.ts';
import { type Ended, folderWith, itBeside, type Started, start } from '../cli/millrace.ts';
import { documented, registryServer } from '../registry/server.ts';
import { type Kafka, kafkaMissing, startKafka } from '../services/kafka.ts';
import type { Grant } from '../services/kafka-admin.ts';
import { broker, readAll, writeAll } from './raw-clients.ts';

// processes start, join groups, look for silent topics: the tests wait more than they compute, each with topics of its own
vi.setConfig({ testTimeout: 200_000, maxConcurrency: 4 });

const SECRET = 'hunter2';
/** Lines on standard error beside the fault itself: how it starts, where its status is, now and then how it stands. */
const MOST_LINES = 20;

const COLUMNS = 'schema: { columns: [ts_event, symbol, price, size] }';

interface Shape {
  readonly pipeline: string;
  readonly source?: string;
  /** Of the connection. */
  readonly options?: string;
  /** Of the pipeline. */
  readonly more?: string;
}

const file = ({ pipeline, source = `format: json, ${COLUMNS}`, options = '', more = '' }: Shape): string => `version: 1
connections: { broker: { url: "\${MILLRACE_BROKER}", options: { ${options} } }, registry: "\${REGISTRY:-}" }
pipelines:
  ${pipeline}:
    tasks: 2
${more}    sources:
      trades: { topic: ${pipeline}.in, ${source}, time: ts_event, key: symbol }
    operators:
      value: { use: select, from: trades, with: { keep: [ts_event, symbol], columns: { notional: price * size } } }
    sinks:
      out: { from: value, topic: ${pipeline}.out, format: json, partitions: 2, key: symbol }
`;

const row = (n: number, symbol = 'A'): Uint8Array =>
  Buffer.from(JSON.stringify({ ts_event: String(1_700_000_000_000_000_000n + BigInt(n) * 1_000_000n), symbol, price: 1.5, size: n + 1 }));
const rows = (count: number, symbol = 'A') => Array.from({ length: count }, (_, n) => ({ value: row(n, symbol) }));

/** Starts a pipeline; `url` is that of the broker. */
function running(
  shape: Shape,
  url: string,
  env: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): Started {
  const folder = folderWith({ 'pipelines.yaml': file(shape), ...files });
  return start(folder, ['run', '--json'], { ...env, MILLRACE_BROKER: url });
}

/** How it ended: a coded error, with a remedy, no secret, and not in many words. */
function faultIn({ stderr }: Ended): { readonly code: string; readonly text: string; readonly remedy: string } {
  expect(stderr).not.toContain(SECRET);
  expect(stderr.split('\n').length).toBeLessThan(MOST_LINES);
  const [, code = '', text = ''] = /^error\[([\w-]+)\]: (.*)$/m.exec(stderr) ?? [];
  const remedy = /^ {2,}= (.*)$/m.exec(stderr)?.[1] ?? '';
  expect([stderr, remedy]).toEqual([stderr, expect.stringMatching(/\w/)]);
  return { code, text, remedy };
}

const missing = kafkaMissing();
const title = (what: string) => `${what}${missing === null ? '' : ` (skipped: ${missing})`}`;

describe.skipIf(missing !== null && !process.env.CI)(title('a broker that does not let us in'), { concurrent: true }, () => {
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka({ security: { mechanism: 'PLAIN', acls: true, users: { me: SECRET } } });
    await kafka.admin.createTopic('denied.in', { partitions: 2 });
  }, 120_000);
  afterAll(() => kafka?.close());

  itBeside('is not there', async () => {
    const ended = await running({ pipeline: 'p' }, 'kafka://127.0.0.1:1').ended;
    expect(faultIn(ended)).toMatchObject({ code: 'kafka-unreachable', text: expect.stringContaining('kafka://127.0.0.1:1') });
    expect(ended.code).toBe(5);
  });

  itBeside('has a name that nobody knows', async () => {
    const ended = await running({ pipeline: 'p' }, 'kafka://no-such-host.invalid:9092').ended;
    expect(faultIn(ended)).toMatchObject({ code: 'kafka-unknown-host', text: expect.stringContaining('no-such-host.invalid') });
    expect(ended.code).toBe(5);
  });

  itBeside('is reached with a setting that the library does not take', async () => {
    const shape = { pipeline: 'p', options: 'linger.ms: -5' };
    const ended = await running(shape, `kafka://me:${SECRET}@${kafka.bootstrap}`).ended;
    expect(faultIn(ended)).toMatchObject({ code: 'kafka-setting', text: expect.stringContaining('value -5 is outside allowed range') });
    expect(ended.code).toBe(2);
  });

  itBeside('wants another password', async () => {
    const ended = await running({ pipeline: 'p' }, `kafka://me:${SECRET}X@${kafka.bootstrap}`).ended;
    expect(faultIn(ended)).toMatchObject({
      code: 'kafka-access',
      text: expect.stringContaining(`kafka://me:***@${kafka.bootstrap}`),
      remedy: expect.stringContaining('password'),
    });
    expect(ended.code).toBe(2);
  });

  itBeside(
    'grants rights one by one: each that lacks is named, and with all of docs/cluster.md it runs',
    async () => {
      const allowed = async (resource: Grant['resource'], name: string, ...operations: Grant['operation'][]) =>
        kafka.admin.grant(operations.map((operation) => ({ user: 'me', operation, resource, name })));
      const lacks = async (what: string): Promise<void> => {
        const ended = await running({ pipeline: 'denied' }, `kafka://me:${SECRET}@${kafka.bootstrap}`).ended;
        expect([what, faultIn(ended)]).toEqual([
          what,
          {
            code: 'kafka-denied',
            text: expect.stringContaining(`access to the ${what}`),
            remedy: expect.stringContaining('docs/cluster.md'),
          },
        ]);
        expect(ended.code).toBe(2);
      };
      await lacks('topic');
      await allowed('topic', 'denied.in', 'read');
      await lacks('topic');
      await allowed('topic', 'denied.out', 'create', 'write', 'read');
      await allowed('topic', '_millrace.denied.*', 'create', 'write', 'read');
      await lacks('transactional id');
      await allowed('transactional_id', 'millrace.denied.*', 'write');
      await lacks('group');
      await allowed('group', 'millrace.denied*', 'read');
      await allowed('group', 'millrace.scan', 'read');
      const runs = running({ pipeline: 'denied' }, `kafka://me:${SECRET}@${kafka.bootstrap}`);
      await runs.says(/\(running\)/);
      runs.process.kill('SIGINT');
      const { code, stderr } = await runs.ended;
      expect([code, stderr]).toEqual([0, expect.not.stringContaining(SECRET)]);
    },
    300_000,
  );
});

describe.skipIf(missing !== null && !process.env.CI)(
  title('topics and messages that are not as they should be'),
  { concurrent: true },
  () => {
    let kafka: Kafka;
    let url: string;
    let connection: Connection;
    beforeAll(async () => {
      kafka = await startKafka();
      url = `kafka://${kafka.bootstrap}`;
      connection = broker(url);
    }, 120_000);
    afterAll(() => kafka?.close());

    /** A pipeline whose first rows are through. */
    async function underWay(shape: Shape, count = 20): Promise<Started> {
      await kafka.admin.createTopic(`${shape.pipeline}.in`, { partitions: 2 });
      await writeAll(connection, `${shape.pipeline}.in`, rows(count));
      const runs = running(shape, url);
      await runs.says(/Ctrl-C/);
      let ended: Ended | null = null;
      void runs.ended.then((how) => {
        ended = how;
      });
      while ((await kafka.admin.describeTopic(`${shape.pipeline}.out`)) === null) {
        if (ended !== null) throw new Error(`it ended before it began: ${JSON.stringify(ended)}`);
        await wait(50);
      }
      await readAll(connection, `${shape.pipeline}.out`, 2, count);
      return runs;
    }

    itBeside('a topic that is not there', async () => {
      const ended = await running({ pipeline: 'absent' }, url).ended;
      expect(faultIn(ended)).toMatchObject({ code: 'topic-missing', text: expect.stringMatching(/"trades".*"absent\.in"/) });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain('pipelines.yaml:7:');
    });

    itBeside('a topic that gets more partitions', async () => {
      const runs = await underWay({ pipeline: 'wider' });
      await kafka.admin.addPartitions('wider.in', 4);
      const ended = await runs.ended;
      expect(faultIn(ended)).toMatchObject({ code: 'partitions-changed', text: expect.stringContaining('"wider.in"') });
      expect(ended.code).toBe(2);
      const again = await running({ pipeline: 'wider' }, url).ended;
      expect(faultIn(again)).toMatchObject({ code: 'partitions-changed', text: expect.stringContaining('"wider.in"') });
    });

    itBeside('a topic that is deleted', async () => {
      const runs = await underWay({ pipeline: 'deleted' });
      await kafka.admin.deleteTopic('deleted.in');
      const ended = await runs.ended;
      expect(faultIn(ended)).toMatchObject({ code: 'topic-missing', text: expect.stringContaining('"deleted.in"') });
    });

    itBeside('a topic that is made anew while it is read', async () => {
      const runs = await underWay({ pipeline: 'anew' });
      await kafka.admin.deleteTopic('anew.in');
      while ((await kafka.admin.describeTopic('anew.in')) !== null) await wait(50);
      await kafka.admin.createTopic('anew.in', { partitions: 2 });
      await writeAll(connection, 'anew.in', rows(30, 'NEW'));
      const ended = await runs.ended;
      expect(faultIn(ended)).toMatchObject({ code: 'topic-recreated', text: expect.stringContaining('"anew.in"') });
      const again = await running({ pipeline: 'anew' }, url).ended;
      expect(faultIn(again)).toMatchObject({ code: 'topic-recreated' });
    });

    itBeside('a topic that is made anew while nobody reads it, and is longer than before', async () => {
      const runs = await underWay({ pipeline: 'later' });
      runs.process.kill('SIGINT');
      expect((await runs.ended).code).toBe(0);
      await kafka.admin.deleteTopic('later.in');
      while ((await kafka.admin.describeTopic('later.in')) !== null) await wait(50);
      await kafka.admin.createTopic('later.in', { partitions: 2 });
      await writeAll(connection, 'later.in', rows(30, 'NEW'));
      const ended = await running({ pipeline: 'later' }, url).ended;
      expect(faultIn(ended)).toMatchObject({ code: 'topic-recreated', text: expect.stringContaining('"later.in"') });
    });

    itBeside('a message that is larger than the topic takes', async () => {
      await kafka.admin.createTopic('large.in', { partitions: 2 });
      await kafka.admin.createTopic('large.out', { partitions: 2, settings: { 'max.message.bytes': '2000' } });
      const symbol = Array.from({ length: 9_000 }, (_, i) => String.fromCharCode(97 + ((i * i * 31 + (i >> 3) * 17) % 26))).join('');
      const plain = { 'compression.type': 'none' };
      await writeAll(connection, 'large.in', [...rows(5), { value: row(5, symbol) }], plain);
      const ended = await running({ pipeline: 'large', options: 'compression.type: none' }, url).ended;
      expect(faultIn(ended)).toMatchObject({
        code: 'kafka-message-too-large',
        text: expect.stringMatching(/large.*large\.out/),
        remedy: expect.stringContaining('max.message.bytes'),
      });
      expect(ended.code).toBe(2);
      await expect(readAll(connection, 'large.out', 2, 1, 1_000)).rejects.toThrow('0 of 1 messages'); // all of a round or nothing
    });

    itBeside('a foreign message in an Arrow topic: a dead letter each, with its bytes, and the others go on', async () => {
      await kafka.admin.createTopic('foreign.in', { partitions: 2 });
      const foreign = [Buffer.from('hello, this is no Arrow'), Buffer.alloc(0), row(1)];
      await writeAll(
        connection,
        'foreign.in',
        foreign.map((value) => ({ value })),
      );
      const more = '    dead_letters: { topic: foreign.dead }\n';
      const runs = running({ pipeline: 'foreign', source: `format: arrow, ${COLUMNS}`, more }, url);
      await runs.says(/arrow-foreign/);
      runs.process.kill('SIGINT');
      const { code, stdout, stderr } = await runs.ended;
      expect([code, stderr.split('\n').length < MOST_LINES]).toEqual([0, true]);
      expect(JSON.parse(stdout).nodes.trades).toMatchObject({ rows_in: 3, rows_out: 0, rejected: 3 });
      const dead = await readAll(connection, 'foreign.dead', 1, 1);
      expect(dead.map(({ value }) => String(value)).join()).toContain('hello, this is no Arrow');
    });
  },
);

describe.skipIf(missing !== null && !process.env.CI)(title('schemas of a registry'), { concurrent: true }, () => {
  const SCHEMA = JSON.stringify({
    type: 'record',
    name: 'T',
    fields: [
      { name: 'ts_event', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'symbol', type: 'string' },
      { name: 'price', type: 'double' },
      { name: 'size', type: 'double' },
    ],
  });
  const shape = (pipeline: string): Shape => ({ pipeline, source: 'format: avro, schema: { registry: t-value }' });
  const lock = JSON.stringify({ version: 1, registry: { 't-value': { latest: 1, versions: { 1: { id: 4, schema: SCHEMA } } } } });
  let kafka: Kafka;
  beforeAll(async () => {
    kafka = await startKafka();
  }, 120_000);
  afterAll(() => kafka?.close());

  itBeside('an id that is not known: the message is a dead letter that says so', async () => {
    await kafka.admin.createTopic('unknown.in', { partitions: 2 });
    const connection = broker(`kafka://${kafka.bootstrap}`);
    await writeAll(connection, 'unknown.in', [{ value: Buffer.from([0, 0, 0, 3, 231, 2, 2, 65]) }]);
    const runs = running(shape('unknown'), connection.url, {}, { 'pipelines.lock': lock });
    const [said] = await runs.says(/^.*rejected.*avro-\S*.*$/m);
    expect(said).toMatch(/trades.*avro-schema/);
    runs.process.kill('SIGINT');
    expect((await runs.ended).code).toBe(0);
  });

  itBeside('a registry that is down: pin says so; what is pinned runs without it', async () => {
    const server = await registryServer(documented({}));
    await server.close();
    const folder = folderWith({ 'pipelines.yaml': file(shape('pinned')) });
    const env = { MILLRACE_BROKER: `kafka://${kafka.bootstrap}`, REGISTRY: `http://ann:${SECRET}@${server.host}` };
    const ended = await start(folder, ['pin'], env).ended;
    expect(faultIn(ended)).toMatchObject({ code: 'registry-unreachable', text: expect.stringContaining(server.host) });
    expect(ended.code).toBe(5);
    await kafka.admin.createTopic('pinned.in', { partitions: 2 });
    const runs = running(shape('pinned'), env.MILLRACE_BROKER, env, { 'pipelines.lock': lock });
    await runs.says(/\(running\)/);
    runs.process.kill('SIGINT');
    expect((await runs.ended).code).toBe(0);
  });
});
