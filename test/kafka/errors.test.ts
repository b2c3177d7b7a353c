import { createRequire } from 'node:module';
import type { LibrdKafkaError, Metadata } from '@confluentinc/kafka-javascript';
import kafka from '@confluentinc/kafka-javascript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectProducer } from '../../connectors/kafka/connect.ts';
import { EVENT_CODES, kafkaError, settingError } from '../../connectors/kafka/errors.ts';
import type { Connection } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Kafka, kafkaMissing, startKafka } from '../services/kafka.ts';
import { broker, called, gone, rawConsumer, rawProducer } from './raw-clients.ts';

const SHOWN = 'kafka://me:***@h1:9092';
const { ERRORS } = kafka.CODES;

/** The package's own error of a code, and of an event: it exports neither, but throws and emits them. */
const library: { create(of: number | Error): LibrdKafkaError } = createRequire(import.meta.url)(
  '@confluentinc/kafka-javascript/lib/error.js',
);

describe('errors by code', () => {
  it.each([
    ['ERR__TRANSPORT', 'kafka-unreachable', 'external', 'backoff'],
    ['ERR__ALL_BROKERS_DOWN', 'kafka-unreachable', 'external', 'backoff'],
    ['ERR__RESOLVE', 'kafka-unknown-host', 'external', 'backoff'],
    ['ERR__AUTHENTICATION', 'kafka-access', 'user', 'never'],
    ['ERR_SASL_AUTHENTICATION_FAILED', 'kafka-access', 'user', 'never'],
    ['ERR__SSL', 'kafka-tls', 'user', 'never'],
    ['ERR__UNKNOWN_TOPIC', 'kafka-topic-missing', 'user', 'never'],
    ['ERR_UNKNOWN_TOPIC_OR_PART', 'kafka-topic-missing', 'user', 'never'],
    ['ERR_TOPIC_AUTHORIZATION_FAILED', 'kafka-denied', 'user', 'never'],
    ['ERR_GROUP_AUTHORIZATION_FAILED', 'kafka-denied', 'user', 'never'],
    ['ERR_CLUSTER_AUTHORIZATION_FAILED', 'kafka-denied', 'user', 'never'],
    ['ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'kafka-denied', 'user', 'never'],
    ['ERR_MSG_SIZE_TOO_LARGE', 'kafka-message-too-large', 'user', 'never'],
    ['ERR_RECORD_LIST_TOO_LARGE', 'kafka-message-too-large', 'user', 'never'],
    ['ERR_UNKNOWN_MEMBER_ID', 'kafka-fenced', 'external', 'never'],
    ['ERR__FENCED', 'kafka-fenced', 'external', 'never'],
    ['ERR__TIMED_OUT', 'kafka-timeout', 'external', 'backoff'],
    ['ERR__NOENT', 'kafka-leader-moves', 'external', 'backoff'], // a partition whose leader is not known
    ['ERR_OFFSET_NOT_AVAILABLE', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_LEADER_NOT_AVAILABLE', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_NOT_LEADER_FOR_PARTITION', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_UNKNOWN_LEADER_EPOCH', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_FENCED_LEADER_EPOCH', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_NOT_COORDINATOR', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_COORDINATOR_NOT_AVAILABLE', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_COORDINATOR_LOAD_IN_PROGRESS', 'kafka-leader-moves', 'external', 'backoff'],
    ['ERR_CONCURRENT_TRANSACTIONS', 'kafka-not-ready', 'external', 'backoff'],
    ['ERR_NOT_ENOUGH_REPLICAS', 'kafka-replicas', 'external', 'backoff'],
    ['ERR_UNSUPPORTED_VERSION', 'kafka-version', 'user', 'never'],
    ['ERR_INVALID_CONFIG', 'kafka-setting', 'user', 'never'],
    ['ERR__AUTO_OFFSET_RESET', 'kafka-position-gone', 'external', 'never'],
  ] as const)('%s is %s', (name, code, domain, retry) => {
    const cause = library.create(ERRORS[name]);
    const error = kafkaError(cause, 'writing topic trades', SHOWN);
    expect(error).toMatchObject({ code, domain, retry, cause });
    expect(error.remedy).toBeTypeOf('string');
    expect(error.message).toMatch(/^writing topic trades: Kafka at kafka:\/\/me:\*\*\*@h1:9092 /);
    expect(error.message).toContain(`(${ERRORS[name]} ${name}: `);
  });

  it('has a word for every code of the library, and tries again where the library says so', () => {
    const codes = Object.values(ERRORS).filter((code) => code !== ERRORS.ERR_NO_ERROR && code !== ERRORS.ERR_UNKNOWN);
    expect(codes.length).toBeGreaterThan(150);
    for (const code of codes) {
      const error = kafkaError(library.create(code), 'x', SHOWN);
      expect(error.code).toMatch(/^kafka-[a-z-]+$/);
      expect(error.code).not.toBe('kafka-client');
    }
    const again = Object.assign(new Error('x'), { code: 9_999, isRetriable: true });
    expect(kafkaError(again, 'x', SHOWN)).toMatchObject({ code: 'kafka-refused', retry: 'backoff' });
  });

  it('leaves our own errors as they are, and tells faults of the client apart', () => {
    const own = new MillraceError('x', { code: 'fenced', domain: 'internal' });
    expect(kafkaError(own, 'x', SHOWN)).toBe(own);
    expect(settingError(own, SHOWN)).toBe(own);
    expect(kafkaError(new Error('Producer not connected'), 'x', SHOWN)).toMatchObject({ code: 'kafka-client', domain: 'internal' });
  });

  it('knows the codes of events by the texts of the library', () => {
    for (const [text, code] of EVENT_CODES) {
      const event = library.create(new Error(library.create(code).message)); // as `event.error` makes it
      expect([event.message, code]).toEqual([text, code]);
    }
  });
});

const missing = kafkaMissing();

describe.skipIf(missing !== null && !process.env.CI)(`errors of a real broker${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let secured: Kafka;
  let plain: Kafka;
  let ca: string;
  const user = (name: string, password: string, options: Record<string, unknown> = {}): Connection =>
    broker(`kafka://${name}:${password}@${secured.bootstrap}`, { 'ssl.ca.location': ca, 'sasl.mechanism': 'SCRAM-SHA-256', ...options });

  beforeAll(async () => {
    const security = { mechanism: 'SCRAM-SHA-256', tls: true, acls: true, users: { me: 'secret', admin: 'secret' } } as const;
    [secured, plain] = await Promise.all([startKafka({ security }), startKafka()]);
    ca = secured.client()['ssl.ca.location'] ?? '';
    await secured.admin.createTopic('readable');
    await secured.admin.grant([{ user: 'me', operation: 'describe', resource: 'topic', name: 'readable' }]);
  }, 180_000);
  afterAll(async () => {
    await Promise.all([secured?.close(), plain?.close()]);
  });

  /** `timeoutMs`: short where nothing but its end tells that nobody answers. */
  async function connecting(connection: Connection, timeoutMs = 20_000): Promise<Metadata | unknown> {
    const producer = rawProducer(connection);
    try {
      return await connectProducer(producer, connection.shown, timeoutMs);
    } catch (error) {
      expect(`${(error as MillraceError).message}${(error as MillraceError).remedy}`).not.toMatch(/secret|wr0ng/);
      return error;
    } finally {
      await gone(producer);
    }
  }

  it('connects with password and encryption', async () => {
    expect(await connecting(user('me', 'secret'))).toHaveProperty('brokers');
  });

  // those that are refused wait for the end of their time, so they wait beside each other
  it.concurrent('tells a wrong password', async () => {
    expect(await connecting(user('me', 'wr0ng'))).toMatchObject({ code: 'kafka-access', message: expect.stringContaining('me:***@127') });
  });

  it.concurrent('tells a mechanism that the broker does not have', async () => {
    expect(await connecting(user('me', 'secret', { 'sasl.mechanism': 'PLAIN' }))).toMatchObject({ code: 'kafka-access' });
  });

  it.concurrent('tells a certificate that is not trusted', async () => {
    const connection = broker(`kafka://me:secret@${secured.bootstrap}`, {
      'security.protocol': 'sasl_ssl',
      'sasl.mechanism': 'SCRAM-SHA-256',
    });
    expect(await connecting(connection)).toMatchObject({ code: 'kafka-tls' });
  });

  it('tells a certificate file that is not there', async () => {
    const found = await connecting(user('me', 'secret', { 'ssl.ca.location': '/no/such/ca.pem' }));
    expect(found).toMatchObject({ code: 'kafka-setting', message: expect.stringContaining('ssl.ca.location') });
  });

  it.concurrent('tells a host that has no address, and a port that nobody listens on', async () => {
    expect(await connecting(broker('kafka://no-such-host.invalid:9092'))).toMatchObject({ code: 'kafka-unknown-host', domain: 'external' });
    expect(await connecting(broker('kafka://127.0.0.1:1'), 3_000)).toMatchObject({ code: 'kafka-unreachable', domain: 'external' });
  });

  it.concurrent('hints at encryption where the broker hangs up', async () => {
    const found = await connecting(broker(`kafka://${secured.bootstrap}`), 3_000);
    expect(found).toMatchObject({ code: 'kafka-unreachable', remedy: expect.stringContaining('security.protocol') });
  });

  it('tells what is denied: a transactional id, a group, writing a topic', async () => {
    const connection = user('me', 'secret');
    const transactional = rawProducer(connection, { 'transactional.id': 'millrace.x' });
    const producer = rawProducer(connection, { dr_cb: true });
    const consumer = rawConsumer(connection, { 'group.id': 'millrace.x' });
    try {
      await Promise.all([transactional, producer].map((one) => called((done) => one.connect({ timeout: 30_000 }, done))));
      await called((done) => consumer.connect({ timeout: 30_000 }, done));
      const denied = async (call: Promise<unknown>): Promise<MillraceError> =>
        kafkaError(await call.then(() => new Error('allowed')).catch((error: unknown) => error), 'x', connection.shown);
      const id = await denied(called<void>((done) => transactional.initTransactions(30_000, (error) => done(error, undefined))));
      expect(id).toMatchObject({ code: 'kafka-denied', message: expect.stringContaining('transactional id') });
      consumer.subscribe(['readable']); // `committed` would only time out
      const group = await denied(called((done) => consumer.consume(1, done)));
      expect(group).toMatchObject({ code: 'kafka-denied', message: expect.stringContaining('group') });
      producer.setPollInterval(20);
      const report = new Promise<unknown>((resolve) => void producer.once('delivery-report', (error) => resolve(error)));
      producer.produce('readable', 0, Buffer.from('x'));
      const topic = kafkaError(await report, 'x', connection.shown);
      expect(topic).toMatchObject({ code: 'kafka-denied', message: expect.stringContaining('topic') });
    } finally {
      await gone(transactional, producer, consumer);
    }
  });

  it('tells a message that is too large, for the broker and for the client', async () => {
    await plain.admin.createTopic('small', { settings: { 'max.message.bytes': '2000' } });
    const connection = broker(`kafka://${plain.bootstrap}`);
    const producer = rawProducer(connection, { dr_cb: true });
    try {
      await called((done) => producer.connect({ timeout: 30_000 }, done));
      producer.setPollInterval(20);
      const report = new Promise<unknown>((resolve) => void producer.once('delivery-report', (error) => resolve(error)));
      producer.produce('small', 0, Buffer.alloc(20_000, 'x'));
      expect(kafkaError(await report, 'x', connection.shown)).toMatchObject({ code: 'kafka-message-too-large' });
      let thrown: unknown;
      try {
        producer.produce('small', 0, Buffer.alloc(2_000_000, 'x'));
      } catch (error) {
        thrown = error;
      }
      expect(kafkaError(thrown, 'x', connection.shown)).toMatchObject({ code: 'kafka-message-too-large' });
    } finally {
      await gone(producer);
    }
  });

  it('tells a topic that is not there', async () => {
    const connection = broker(`kafka://${plain.bootstrap}`);
    const consumer = rawConsumer(connection);
    try {
      await called((done) => consumer.connect({ timeout: 30_000 }, done));
      const call = called((done) => consumer.queryWatermarkOffsets('no-such-topic', 0, 30_000, done));
      const error = await call.then(() => new Error('there')).catch((cause: unknown) => cause);
      expect(kafkaError(error, 'x', connection.shown)).toMatchObject({ code: 'kafka-topic-missing' });
    } finally {
      await gone(consumer);
    }
  });
});
