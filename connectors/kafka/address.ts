import type { Connection } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';

/** A Kafka cluster as `kafka://user:password@host1:9092,host2:9092` names it. */
export interface Address {
  /** Brokers to begin with, as librdkafka takes them: `host1:9092,host2:9092`. */
  readonly servers: string;
  readonly user: string | null;
  readonly password: string | null;
}

const SCHEME = 'kafka://';
const SERVER = /^(?:\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/;
const DEFAULT_PORT = 9092;
const MOST_PORTS = 65_535;

/**
 * Reads the address of a connection. Such an address has no path, so everything up to its last `@` is user and password: a password may
 * hold `/`, `:` and `@` as they are, and `%` as `%25`. Throws `kafka-address`, which never quotes user or password.
 */
export function brokerAddress({ name, url, shown }: Connection): Address {
  const fault = (says: string): MillraceError =>
    new MillraceError(`connections.${name} ${says}`, {
      code: 'kafka-address',
      domain: 'user',
      remedy: 'write kafka://host1:9092,host2:9092, or kafka://user:password@host1:9092 where the brokers ask for a password',
    });
  if (!url.startsWith(SCHEME)) throw fault(`is ${shown}, no address of a Kafka cluster`);
  const rest = url.slice(SCHEME.length);
  const at = rest.lastIndexOf('@');
  const servers = rest
    .slice(at + 1)
    .replace(/\/$/, '')
    .split(',');
  for (const [index, server] of servers.entries()) {
    const found = SERVER.exec(server);
    const port = Number(found?.[1] ?? DEFAULT_PORT);
    if (found === null || port < 1 || port > MOST_PORTS) throw fault(`names no host and port as its broker ${index + 1}`);
  }
  if (at < 0) return { servers: servers.join(','), user: null, password: null };
  const colon = rest.slice(0, at).indexOf(':');
  const [user, password] = colon < 0 ? [rest.slice(0, at), ''] : [rest.slice(0, colon), rest.slice(colon + 1, at)];
  try {
    return { servers: servers.join(','), user: decodeURIComponent(user), password: decodeURIComponent(password) };
  } catch (error) {
    if (error instanceof URIError) throw fault('has a % in its user or password that begins no code: write it as %25');
    throw error;
  }
}
