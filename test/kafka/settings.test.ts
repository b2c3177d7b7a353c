import { readFileSync } from 'node:fs';
import kafka, { type Producer } from '@confluentinc/kafka-javascript';
import { describe, expect, it } from 'vitest';
import { brokerAddress } from '../../connectors/kafka/address.ts';
import { LIBRDKAFKA } from '../../connectors/kafka/librdkafka.ts';
import { clientSettings, consumerSettings, PROTOCOL_SETTINGS, producerSettings } from '../../connectors/kafka/settings.ts';
import type { Connection } from '../../graph/contract/connector.ts';
import { shownUrl } from '../../graph/resolve/connections.ts';
import { LIST, settingList } from './setting-list.ts';

const SECRET = 'hunter2-SECRET';

const connection = (url: string, options: Record<string, unknown> = {}): Connection => ({
  name: 'broker',
  url,
  shown: 'kafka://SHOWN',
  options,
});

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, domain: 'user', message: expect.stringMatching(message) });

describe('list of settings', () => {
  it('is that of the package', () => {
    expect(readFileSync(LIST, 'utf8')).toBe(settingList());
    expect(kafka.librdkafkaVersion).toBe(LIBRDKAFKA);
  });

  it('holds the settings that are refused, but for what the package knows only as a function', () => {
    const known = settingList();
    for (const name of PROTOCOL_SETTINGS) expect(known).toContain(name);
  });
});

describe('address', () => {
  it.each([
    ['kafka://h1', { servers: 'h1', user: null, password: null }],
    ['kafka://h1:9092,h2:9093/', { servers: 'h1:9092,h2:9093', user: null, password: null }],
    ['kafka://[::1]:9092', { servers: '[::1]:9092', user: null, password: null }],
    ['kafka://me:pass@h1:9092', { servers: 'h1:9092', user: 'me', password: 'pass' }],
    ['kafka://me@h1:9092', { servers: 'h1:9092', user: 'me', password: '' }],
    ['kafka://m%40e:p%25%3A%2F@h1', { servers: 'h1', user: 'm@e', password: 'p%:/' }],
    ['kafka://me:a/b@c:d+e=@h1:1,h2', { servers: 'h1:1,h2', user: 'me', password: 'a/b@c:d+e=' }],
  ])('%s', (url, address) => {
    expect(brokerAddress(connection(url))).toEqual(address);
  });

  it.each([
    ['kafka://', /broker 1/],
    ['kafka://h1,,h2', /broker 2/],
    ['kafka://h1:0', /broker 1/],
    ['kafka://h1:65536', /broker 1/],
    ['kafka://h1:9092/topic', /broker 1/],
    [`kafka://me:${SECRET}`, /broker 1/],
    [`kafka://me:${SECRET}%zz@h1`, /%25/],
    ['http://h1:9092', /no address/],
  ])('refuses %s, and gives nothing away', (url, message) => {
    const read = () => brokerAddress(connection(url));
    expect(read).toThrow(refused('kafka-address', message));
    expect(read).not.toThrow(SECRET);
  });
});

describe('settings of a client', () => {
  it('has what the address says', () => {
    expect(clientSettings(connection('kafka://h1:9092,h2:9092'), 'millrace.p-lease')).toEqual({
      'bootstrap.servers': 'h1:9092,h2:9092',
      'client.id': 'millrace.p-lease',
      'security.protocol': 'plaintext',
      'allow.auto.create.topics': false,
      'log.connection.close': false,
      'reconnect.backoff.ms': 50,
      'reconnect.backoff.max.ms': 1_000,
      'socket.nagle.disable': true,
      'statistics.interval.ms': 1_000,
    });
  });

  it('logs in with user and password of the address', () => {
    const expected = { 'sasl.username': 'me', 'sasl.password': SECRET, 'security.protocol': 'sasl_plaintext', 'sasl.mechanisms': 'PLAIN' };
    expect(clientSettings(connection(`kafka://me:${SECRET}@h1`), 'x')).toMatchObject(expected);
  });

  it.each([
    [{ 'ssl.ca.location': '/ca.pem' }, 'kafka://h1', 'ssl'],
    [{ 'ssl.ca.location': '/ca.pem' }, 'kafka://me:pw@h1', 'sasl_ssl'],
    [{ 'sasl.username': 'me', 'sasl.password': 'pw' }, 'kafka://h1', 'sasl_plaintext'],
    [{ 'security.protocol': 'sasl_ssl' }, 'kafka://me:pw@h1', 'sasl_ssl'],
  ])('%j at %s: %s', (options, url, protocol) => {
    expect(clientSettings(connection(url, options), 'x')['security.protocol']).toBe(protocol);
  });

  it('takes the mechanism by either of its names', () => {
    const settings = clientSettings(connection('kafka://me:pw@h1', { 'sasl.mechanism': 'SCRAM-SHA-512' }), 'x');
    expect(settings).toMatchObject({ 'sasl.mechanism': 'SCRAM-SHA-512' });
    expect(settings).not.toHaveProperty('sasl.mechanisms');
  });

  it('gives each client the settings that it has a use for', () => {
    const options = { 'linger.ms': 7, 'fetch.min.bytes': 9, 'socket.timeout.ms': 11 };
    const url = connection('kafka://h1', options);
    expect(clientSettings(url, 'x')).not.toHaveProperty('linger.ms');
    expect(producerSettings(url, 'x')).toMatchObject({ 'linger.ms': 7, 'socket.timeout.ms': 11 });
    expect(producerSettings(url, 'x')).not.toHaveProperty('fetch.min.bytes');
    expect(consumerSettings(url, 'x')).toMatchObject({ 'fetch.min.bytes': 9, 'socket.timeout.ms': 11 });
    expect(consumerSettings(url, 'x')).not.toHaveProperty('linger.ms');
  });

  it('puts what the file says before our defaults, under whatever name', () => {
    const given = producerSettings(connection('kafka://h1', { 'queue.buffering.max.ms': 7 }), 'x', { 'linger.ms': 0, 'batch.size': 5 });
    expect(given).toMatchObject({ 'queue.buffering.max.ms': 7, 'batch.size': 5 });
    expect(given).not.toHaveProperty('linger.ms');
  });

  it('looks for files beside the pipeline file', () => {
    const options = { 'ssl.ca.location': 'tls/ca.pem', 'ssl.key.location': '/etc/key.pem' };
    const expected = { 'ssl.ca.location': '/srv/tls/ca.pem', 'ssl.key.location': '/etc/key.pem' };
    expect(clientSettings(connection('kafka://h1', options), 'x', '/srv')).toMatchObject(expected);
    expect(clientSettings(connection('kafka://h1', { 'ssl.ca.location': 'probe' }), 'x', '/srv')).toMatchObject({
      'ssl.ca.location': 'probe',
    });
  });

  it.each([...PROTOCOL_SETTINGS])('refuses %s', (name) => {
    expect(() => producerSettings(connection('kafka://h1', { [name]: SECRET }), 'x')).toThrow(
      refused('kafka-setting', new RegExp(`"${name}"`)),
    );
    expect(() => producerSettings(connection('kafka://h1', { [name]: SECRET }), 'x')).not.toThrow(SECRET);
  });

  it.each([
    ['sasl_mechanism', 'write sasl.mechanism'],
    ['sasl.jaas.config', 'write sasl.username and sasl.password'],
    ['ssl.truststore.location', 'write ssl.ca.location, a PEM file'],
    ['no.such.setting', 'names are those of CONFIGURATION.md of librdkafka'],
  ])('knows no %s: %s', (name, remedy) => {
    const make = () => clientSettings(connection('kafka://h1', { [name]: SECRET }), 'x');
    expect(make).toThrow(expect.objectContaining({ code: 'kafka-setting', remedy }));
    expect(make).not.toThrow(SECRET);
  });

  it('refuses one setting under two names, a list, and text for a shell', () => {
    const of = (options: Record<string, unknown>) => () => producerSettings(connection('kafka://h1', options), 'x');
    expect(of({ 'linger.ms': 1, 'queue.buffering.max.ms': 2 })).toThrow(refused('kafka-setting', /one setting/));
    expect(of({ 'ssl.sigalgs.list': ['a'] })).toThrow(refused('kafka-setting', /neither text/));
    expect(of({ 'sasl.kerberos.principal': 'me; reboot' })).toThrow(refused('kafka-setting', /other characters/));
  });

  it('makes clients of the library, which takes every one of them without a warning', async () => {
    const options = { 'linger.ms': 7, 'fetch.min.bytes': 9, 'compression.type': 'lz4', 'max.in.flight': 3, 'delivery.timeout.ms': 9_000 };
    const url = connection('kafka://127.0.0.1:1', options);
    const heard: string[] = [];
    const clients = [
      new kafka.Producer(producerSettings(url, 'x', { 'enable.idempotence': true }) as object, {}),
      new kafka.KafkaConsumer({ ...consumerSettings(url, 'x'), 'group.id': 'g' } as object, {}),
    ];
    for (const client of clients) {
      await new Promise<void>((resolve) => {
        (client as Producer).on('event.log', ({ fac, message }) => {
          heard.push(`${fac} ${message}`);
          if (fac === 'FAIL') resolve(); // all about its settings was said before
        });
        (client as Producer).connect({ timeout: 5_000 }, () => resolve());
      });
    }
    expect(heard.some((line) => line.startsWith('FAIL'))).toBe(true); // it is heard
    expect(heard.filter((line) => line.startsWith('CONFWARN'))).toEqual([]);
  });
});

describe('what is shown of an address', () => {
  it.each([
    `kafka://me:${SECRET}@h1:9092`,
    `kafka://me:${SECRET}/x@h1:9092`,
    `kafka://me:x@${SECRET}@h1:9092,h2:9092`,
    `kafka://me:x/${SECRET}:y@h1:9092`,
  ])('hides the password of %s', (url) => {
    expect(shownUrl(url)).not.toContain(SECRET);
    expect(shownUrl(url)).toMatch(/^kafka:\/\/me:\*\*\*@h1:9092/);
  });

  it.each(['kafka://h1:9092,h2:9092', 'kafka://me@h1:9092'])('leaves %s, which has none', (url) => {
    expect(shownUrl(url)).toBe(url);
  });
});
