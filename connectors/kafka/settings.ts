import { isAbsolute, join } from 'node:path';
import type { Connection } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Address, brokerAddress } from './address.ts';
import { ALIASES, CLIENT_SETTINGS, CONSUMER_SETTINGS, PRODUCER_SETTINGS } from './librdkafka.ts';

/** Settings of a client of librdkafka, by name. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** Settings that `options:` may not hold, by why. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'is set by Millrace: exactly once depends on it': [
    ...['transactional.id', 'enable.idempotence', 'enable.gapless.guarantee', 'acks', 'queuing.strategy', 'partitioner'],
    ...['delivery.report.only.error', 'produce.offset.report', 'group.id', 'group.instance.id', 'group.protocol', 'group.protocol.type'],
    ...['group.remote.assignor', 'partition.assignment.strategy', 'isolation.level', 'auto.offset.reset', 'auto.commit.enable'],
    ...['auto.commit.interval.ms', 'enable.auto.offset.store', 'enable.partition.eof', 'offset.store.method', 'offset.store.path'],
    ...['offset.store.sync.interval.ms', 'consume.callback.max.messages', 'max.poll.records', 'share.acknowledgement.mode'],
    ...['allow.auto.create.topics', 'statistics.interval.ms', 'log.queue', 'internal.termination.signal'],
  ],
  'is in the address: kafka://host1:9092,host2:9092': ['bootstrap.servers'],
  'loads code or runs a command, which a pipeline file may not': [
    ...['plugin.library.paths', 'ssl.engine.location', 'ssl.engine.id', 'ssl.providers', 'sasl.kerberos.kinit.cmd'],
  ],
};

const named = (settings: Iterable<string>): string[] => [...settings].flatMap((name) => [name, ...namesOf(first(name))]);

const WHY: ReadonlyMap<string, string> = new Map(
  Object.entries(REFUSED).flatMap(([why, settings]) => named(settings).map((name) => [name, why] as const)),
);

/** Settings that belong to the protocol, the address or the machine: `options:` of the connection may not hold them. */
export const PROTOCOL_SETTINGS: ReadonlySet<string> = new Set(WHY.keys());

/** What people write who know the Java client, and what it is called here. */
const JAVA: Readonly<Record<string, string>> = {
  'sasl.jaas.config': 'sasl.username and sasl.password',
  'ssl.truststore.location': 'ssl.ca.location, a PEM file',
  'ssl.truststore.certificates': 'ssl.ca.pem',
  'ssl.keystore.certificate.chain': 'ssl.certificate.pem',
  'ssl.keystore.key': 'ssl.key.pem',
  'max.request.size': 'message.max.bytes',
  'fetch.max.wait.ms': 'fetch.wait.max.ms',
  'buffer.memory': 'queue.buffering.max.kbytes',
};

/** Settings whose values are paths, besides those that end with `.location`. */
const PATHS = new Set([
  'sasl.oauthbearer.assertion.file',
  'sasl.oauthbearer.assertion.jwt.template.file',
  'sasl.oauthbearer.assertion.private.key.file',
]);

/** Values that librdkafka puts into a shell command as they are. Source: librdkafka, `sasl.kerberos.kinit.cmd`. */
const SHELL = new Set(['sasl.kerberos.keytab', 'sasl.kerberos.principal', 'sasl.kerberos.service.name']);

/** What every client of ours has, where the file says nothing else. */
const DEFAULTS: Settings = {
  'log.connection.close': false,
  'reconnect.backoff.ms': 50,
  'reconnect.backoff.max.ms': 1_000,
  'socket.nagle.disable': true,
};

/** What every client of ours has. `allow.auto.create.topics` is true by default for producers. */
const FIXED: Settings = { 'allow.auto.create.topics': false, 'statistics.interval.ms': 1_000 };

/** Which settings of the file a client is given; librdkafka warns of those that it has no use for. */
type Role = 'client' | 'producer' | 'consumer';

/**
 * Settings of a client that is neither producer nor consumer, or either: address, names, security, and what `options:` of the connection says.
 * `clientId` is its name in the broker's logs and quotas, `folder` where relative paths start. Throws `kafka-setting` and `kafka-address`.
 */
export function clientSettings(connection: Connection, clientId: string, folder = '.'): Settings {
  return settingsOf('client', connection, clientId, {}, folder);
}

/** Settings of a producer; `defaults` are those that the file may change, under whatever name it gives them. */
export function producerSettings(connection: Connection, clientId: string, defaults: Settings = {}, folder = '.'): Settings {
  return settingsOf('producer', connection, clientId, defaults, folder);
}

/** Settings of a consumer; `defaults` are those that the file may change, under whatever name it gives them. */
export function consumerSettings(connection: Connection, clientId: string, defaults: Settings = {}, folder = '.'): Settings {
  return settingsOf('consumer', connection, clientId, defaults, folder);
}

function settingsOf(role: Role, connection: Connection, clientId: string, defaults: Settings, folder: string): Settings {
  const address = brokerAddress(connection);
  const options = optionsOf(connection, folder);
  const given = new Map<string, string>(); // first name -> the name it was given by
  for (const name of options.keys()) {
    const twice = given.get(first(name));
    if (twice !== undefined) throw refusal(connection, `"${twice}" and "${name}" are one setting`, 'leave one of them out');
    given.set(first(name), name);
  }
  const fallback = { 'client.id': clientId, ...DEFAULTS, ...defaults, ...securityOf(address, given) };
  const settings: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fallback)) if (!given.has(first(name))) settings[name] = value;
  for (const [name, value] of options) if (isFor(role, name)) settings[name] = value;
  return { ...settings, ...FIXED, 'bootstrap.servers': address.servers };
}

/** Authentication and encryption as the address and the names of the options imply them. */
function securityOf({ user, password }: Address, given: ReadonlyMap<string, string>): Settings {
  const names = [...given.keys()];
  const sasl = user !== null || names.some((name) => name.startsWith('sasl.'));
  const tls = names.some((name) => name.startsWith('ssl.') || name === 'enable.ssl.certificate.verification');
  const protocol = `${sasl ? 'sasl_' : ''}${tls ? 'ssl' : 'plaintext'}`;
  return {
    'security.protocol': protocol,
    ...(sasl ? { 'sasl.mechanisms': 'PLAIN' } : {}),
    ...(user === null ? {} : { 'sasl.username': user, 'sasl.password': password ?? '' }),
  };
}

/** What is wrong with one of the `options:`, in words that give its value away to nobody; null where nothing is. */
export function optionFault(name: string, value: unknown): OptionFault | null {
  const fault = (says: string, remedy: string): OptionFault => ({ says: `"${name}" ${says}`, remedy, isUnknown: false });
  const why = WHY.get(name);
  if (why !== undefined) return fault(why, 'leave it out');
  if (!isFor('client', name) && !isFor('producer', name) && !isFor('consumer', name)) return unknown(name);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return fault('is neither text, a number nor true or false', 'give it one value');
  if (SHELL.has(name) && !/^[\w@./:-]+$/.test(String(value)))
    return fault('holds other characters than letters, digits and _ @ . / : -', 'rename it');
  return null;
}

/** A fault of an option. */
export interface OptionFault {
  readonly says: string;
  /** What to do about it; null where there is nothing to propose. */
  readonly remedy: string | null;
  /** There is no such option. */
  readonly isUnknown: boolean;
}

/** Whether a setting names a file. */
export function isFileOption(name: string, value: unknown): boolean {
  return (name.endsWith('.location') || PATHS.has(name)) && value !== 'probe';
}

function optionsOf(connection: Connection, folder: string): ReadonlyMap<string, string | number | boolean> {
  const options = new Map<string, string | number | boolean>();
  for (const [name, value] of Object.entries(connection.options)) {
    const fault = optionFault(name, value);
    if (fault) throw refusal(connection, fault.says, fault.remedy ?? 'names are those of CONFIGURATION.md of librdkafka');
    const given = value as string | number | boolean;
    options.set(name, isFileOption(name, given) && !isAbsolute(String(given)) ? join(folder, String(given)) : given);
  }
  return options;
}

function isFor(role: Role, name: string): boolean {
  if (CLIENT_SETTINGS.has(name)) return true;
  return role === 'producer' ? PRODUCER_SETTINGS.has(name) : role === 'consumer' && CONSUMER_SETTINGS.has(name);
}

function first(name: string): string {
  return Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name;
}

function namesOf(name: string): string[] {
  return [name, ...Object.keys(ALIASES).filter((alias) => ALIASES[alias] === name)];
}

function unknown(name: string): OptionFault {
  const dotted = name.toLowerCase().replace(/[_-]/g, '.');
  const java = Object.hasOwn(JAVA, name) ? JAVA[name] : undefined;
  const near = java ?? (isFor('client', dotted) || isFor('producer', dotted) || isFor('consumer', dotted) ? dotted : undefined);
  return { says: `"${name}" is not a setting of librdkafka`, remedy: near === undefined ? null : `write ${near}`, isUnknown: true };
}

function refusal({ name, shown }: Connection, says: string, remedy: string): MillraceError {
  return new MillraceError(`options of connections.${name} (${shown}): ${says}`, { code: 'kafka-setting', domain: 'user', remedy });
}
