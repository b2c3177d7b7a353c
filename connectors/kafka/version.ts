import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { Connection } from '../../graph/contract/connector.ts';
import { brokerAddress } from './address.ts';

const ANSWER_MS = 3_000;
/** ApiVersions: the one request that a broker answers before it knows who asks. */
const API_VERSIONS = { key: 18, version: 3 };
/** Tags of the answer's tail. */
const SUPPORTED_FEATURES = 0;

/**
 * Newest `metadata.version` that brokers of a release support, oldest first. Source: Kafka, `MetadataVersion.java`.
 */
const RELEASES: readonly (readonly [level: number, release: string])[] = [
  [1, '3.0'],
  [2, '3.1'],
  [3, '3.2'],
  [7, '3.3'],
  [8, '3.4'],
  [11, '3.5'],
  [14, '3.6'],
  [19, '3.7'],
  [20, '3.8'],
  [21, '3.9'],
  [25, '4.0'],
  [27, '4.1'],
];
/** The release since which brokers themselves guard transactions against late requests (KIP-890). */
const GUARDED_LEVEL = 19;

/** The release of the broker that is asked, e.g. `3.9` or `4.1+`; null where it does not tell (before 3.0, or without KRaft). */
export interface BrokerVersion {
  readonly release: string | null;
  /** It guards transactions against late requests. */
  readonly isGuarded: boolean;
}

/** Asks the first broker of the address that answers; librdkafka knows but does not tell. */
export async function brokerVersion(connection: Connection, folder: string): Promise<BrokerVersion> {
  for (const server of brokerAddress(connection).servers.split(',')) {
    const at = server.lastIndexOf(':');
    const host = at < 0 ? server : server.slice(0, at).replace(/^\[|\]$/g, '');
    const level = await metadataLevel(() => open(connection, folder, host, at < 0 ? 9092 : Number(server.slice(at + 1))));
    if (level !== null) return versionOf(level);
  }
  return { release: null, isGuarded: false };
}

/** The release that a feature level belongs to. */
export function versionOf(level: number): BrokerVersion {
  const index = RELEASES.findIndex(([newest]) => level <= newest);
  const release = index < 0 ? `${RELEASES.at(-1)?.[1]}+` : (RELEASES[index]?.[1] ?? null);
  return { release, isGuarded: level >= GUARDED_LEVEL };
}

function open({ options }: Connection, folder: string, host: string, port: number): Socket {
  const protocol = String(options['security.protocol'] ?? '').toLowerCase();
  const usesTls = protocol.endsWith('ssl') || (protocol === '' && Object.keys(options).some((name) => name.startsWith('ssl.')));
  if (!usesTls) return connectPlain({ host, port });
  const file = (name: string): Buffer | undefined => {
    const path = options[name];
    return typeof path === 'string' ? readFileSync(isAbsolute(path) ? path : join(folder, path)) : undefined;
  };
  const ca = file('ssl.ca.location');
  return connectTls({
    host,
    port,
    ...(ca === undefined ? {} : { ca }),
    cert: file('ssl.certificate.location'),
    key: file('ssl.key.location'),
  });
}

/** The newest `metadata.version` that a broker supports; null when it does not answer, or does not say. */
async function metadataLevel(connect: () => Socket): Promise<number | null> {
  let socket: Socket | null = null;
  try {
    socket = connect();
    socket.setTimeout(ANSWER_MS, () => socket?.destroy(new Error('no answer')));
    socket.write(request());
    return levelIn(await answer(socket));
  } catch (error) {
    if (!(error instanceof Error)) throw error; // a broker that does not answer this is still a broker
    return null;
  } finally {
    socket?.destroy();
  }
}

/** Header version 2 and the names of the asking software as compact strings. */
function request(): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt16BE(API_VERSIONS.key, 0);
  head.writeInt16BE(API_VERSIONS.version, 2);
  head.writeInt32BE(1, 4);
  const compact = (text: string): Buffer => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)]);
  const client = Buffer.from('millrace');
  const clientLength = Buffer.alloc(2);
  clientLength.writeInt16BE(client.length);
  const body = Buffer.concat([head, clientLength, client, Buffer.from([0]), compact('millrace'), compact('1'), Buffer.from([0])]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

async function answer(socket: Socket): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < 4 || bytes.length < 4 + bytes.readInt32BE(0)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes.subarray(4);
}

/** Reads an ApiVersions answer of version 3: header version 0, then keys, throttle time, and tagged fields. */
function levelIn(bytes: Buffer): number | null {
  let at = 4;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  const skipTags = (): void => {
    for (let left = varint(); left > 0; left--) {
      varint();
      at += varint();
    }
  };
  if (bytes.readInt16BE(at) !== 0) return null;
  at += 2;
  for (let left = varint() - 1; left > 0; left--) {
    at += 6;
    skipTags();
  }
  at += 4;
  for (let tags = varint(); tags > 0; tags--) {
    const tag = varint();
    const end = varint() + at;
    if (tag === SUPPORTED_FEATURES) {
      for (let left = varint() - 1; left > 0; left--) {
        const length = varint() - 1;
        const name = bytes.toString('utf8', at, at + length);
        at += length;
        const newest = bytes.readInt16BE(at + 2);
        at += 4;
        skipTags();
        if (name === 'metadata.version') return newest;
      }
    }
    at = end;
  }
  return null;
}
