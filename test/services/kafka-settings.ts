import type { Certificate } from './certificate.ts';

/** How clients prove who they are, and what they may do. */
export interface Security {
  /** Users log in with a password by this mechanism; without it anybody may connect. */
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  /** Passwords by user; `{ millrace: 'secret' }` when not given. */
  readonly users?: Readonly<Record<string, string>>;
  /** Clients must speak TLS; the server's certificate is signed by a CA of its own. */
  readonly tls?: true;
  /** Users may do only what they have been granted. */
  readonly acls?: true;
}

/** Users of a broker that wants passwords. */
export const usersOf = ({ users }: Security): Readonly<Record<string, string>> => users ?? { millrace: 'secret' };

/** The place of one broker of a cluster. */
export interface Place {
  readonly id: number;
  readonly client: number;
  readonly internal: number;
  readonly controller: number;
}

const listener = 'listener.name.client';

function protocolOf({ mechanism, tls }: Security): string {
  if (mechanism) return tls ? 'SASL_SSL' : 'SASL_PLAINTEXT';
  return tls ? 'SSL' : 'PLAINTEXT';
}

function loginOf(security: Security): Record<string, string> {
  const { mechanism } = security;
  if (!mechanism) return {};
  const users = Object.entries(usersOf(security)).map(([user, password]) => ` user_${user}="${password}"`);
  const module =
    mechanism === 'PLAIN'
      ? `org.apache.kafka.common.security.plain.PlainLoginModule required${users.join('')};`
      : 'org.apache.kafka.common.security.scram.ScramLoginModule required;'; // its users are written when the folder is formatted
  return {
    [`${listener}.sasl.enabled.mechanisms`]: mechanism,
    [`${listener}.${mechanism.toLowerCase()}.sasl.jaas.config`]: module,
  };
}

function encryptionOf(certificate: Certificate | null): Record<string, string> {
  if (!certificate) return {};
  return {
    [`${listener}.ssl.keystore.type`]: 'PKCS12',
    [`${listener}.ssl.keystore.location`]: certificate.store,
    [`${listener}.ssl.keystore.password`]: certificate.password,
    [`${listener}.ssl.key.password`]: certificate.password,
  };
}

/** Contents of a broker's `server.properties`; internal topics are small, failures are noticed within a second or two. */
export function kafkaSettings(
  place: Place,
  all: readonly Place[],
  data: string,
  security: Security,
  certificate: Certificate | null,
): Record<string, string> {
  const copies = all.length < 3 ? '1' : '3';
  const inSync = all.length < 3 ? '1' : '2';
  const address = `CLIENT://127.0.0.1:${place.client},INTERNAL://127.0.0.1:${place.internal}`;
  return {
    'process.roles': 'broker,controller',
    'node.id': String(place.id),
    listeners: `${address},CONTROLLER://127.0.0.1:${place.controller}`,
    'advertised.listeners': address,
    'listener.security.protocol.map': `CLIENT:${protocolOf(security)},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.quorum.voters': all.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(','),
    'log.dirs': data,
    'num.partitions': '1',
    'default.replication.factor': copies,
    'min.insync.replicas': inSync,
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'background.threads': '2',
    'message.max.bytes': '10485760',
    'replica.fetch.max.bytes': '10485760',
    'log.cleaner.dedupe.buffer.size': '4194304', // of the heap, from the start
    'log.retention.check.interval.ms': '3600000',
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '200',
    'controller.quorum.fetch.timeout.ms': '1000',
    'controller.quorum.election.timeout.ms': '500',
    'controller.quorum.election.backoff.max.ms': '200',
    'controller.quorum.request.timeout.ms': '1000',
    ...loginOf(security),
    ...encryptionOf(certificate),
    ...(security.acls && {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS', // the brokers themselves, and tests over the internal listener
    }),
  };
}

/** Text of a Java properties file. */
export const properties = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
