import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testCertificate } from './certificate.ts';
import { jarPaths, jarsMissing } from './jars.ts';
import { findJava } from './java.ts';
import { type KafkaAdmin, kafkaAdmin } from './kafka-admin.ts';
import { KAFKA } from './kafka-jars.ts';
import { kafkaSettings, type Place, properties, type Security, usersOf } from './kafka-settings.ts';
import { brokerArguments, copyTemplate, format, kafkaTemplate, type Template } from './kafka-template.ts';
import { brokersOf } from './kafka-wire.ts';
import { freePort } from './port.ts';
import { launch, ready, type Server } from './process.ts';

const START_MS = 90_000;
/** Tests write records of any time: a broker of theirs that looks for old ones, half a minute after its start, would delete them. */
const KEPT = { 'log.retention.ms': '-1' };

/** What kind of Kafka to start. */
export interface KafkaSetup {
  readonly brokers?: 1 | 3;
  /** Lines of `server.properties` that come last. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly security?: Security;
  /** Further arguments of the JVM, for example `-Xmx2g`. */
  readonly jvm?: readonly string[];
  /** Where its data stays after `close`; a temporary folder, removed by `close`, when not given. */
  readonly folder?: string;
  /** First of the ports for clients, one a broker; free ones when not given. */
  readonly port?: number;
}

/** A Kafka cluster in KRaft mode on 127.0.0.1. Brokers are numbered from 0; without a number a call means all of them. */
export interface Kafka {
  /** Addresses for clients; they stay over a restart. */
  readonly bootstrap: string;
  /** Settings a librdkafka client needs to reach it, as the first user unless one is named. */
  client(user?: string, password?: string): Record<string, string>;
  readonly admin: KafkaAdmin;
  /** Process ids of the brokers that run. */
  pids(): readonly number[];
  /** Ends it at once, as the kernel would. */
  kill(broker?: number): Promise<void>;
  /** Freezes it (SIGSTOP). */
  stop(broker?: number): void;
  /** Lets it go on. */
  cont(broker?: number): void;
  /** Starts it again on the same folder and address; resolves when it serves. */
  start(broker?: number): Promise<void>;
  /** Ends all brokers and removes their folder. */
  close(): Promise<void>;
}

/** Why Kafka cannot run here, or null. */
export const kafkaMissing = (): string | null => jarsMissing(KAFKA);

/** Fetches Kafka and makes the template that its brokers start from, when they are not in the cache. */
export async function prepareKafka(): Promise<Template> {
  const java = findJava();
  if (java === null) throw new Error('there is no java');
  return kafkaTemplate(java, await jarPaths(KAFKA));
}

async function placesOf(count: number, first: number | undefined): Promise<readonly Place[]> {
  const places: Place[] = [];
  for (let id = 1; id <= count; id++)
    places.push({
      id,
      client: first === undefined ? await freePort() : first + id - 1,
      internal: await freePort(),
      controller: await freePort(),
    });
  return places;
}

/** Starts a cluster; resolves when every broker sees every other. */
export async function startKafka(setup: KafkaSetup = {}): Promise<Kafka> {
  const { brokers = 1, security = {}, settings = {}, jvm = [] } = setup;
  const template = await prepareKafka();
  const folder = setup.folder ?? (await mkdtemp(join(tmpdir(), 'millrace-kafka-')));
  await mkdir(folder, { recursive: true });
  const certificate = security.tls ? await testCertificate() : null;
  const places = await placesOf(brokers, setup.port);
  const file = (place: Place, name: string): string => join(folder, `${place.id}${name}`);
  const servers = new Map<Place, Server>();

  const prepare = async (place: Place): Promise<void> => {
    const data = file(place, '');
    const lines = {
      ...kafkaSettings(place, places, data, security, certificate),
      ...(setup.folder === undefined ? KEPT : {}),
      ...settings,
    };
    await writeFile(file(place, '.properties'), properties(lines));
    if (existsSync(data)) return;
    if (security.mechanism?.startsWith('SCRAM')) await format({ ...template, folder }, data, place, security);
    else await copyTemplate(template, place.id, data);
  };
  const run = async (place: Place, seen: number): Promise<void> => {
    const old = servers.get(place);
    if (old && !old.ended()) return;
    const log = file(place, '.log');
    const server = launch(template.java.program, brokerArguments(template, file(place, '.properties'), jvm), log);
    servers.set(place, server);
    await ready(`Kafka broker ${place.id}`, server, log, START_MS, async () => (await brokersOf(place.internal)) >= seen);
  };
  const running = (): readonly Place[] => places.filter((place) => servers.get(place)?.ended() === false);
  const chosen = (broker?: number): readonly Place[] => places.filter((_, i) => broker === undefined || broker === i);
  const signal = (name: NodeJS.Signals, broker?: number): void => {
    for (const place of chosen(broker)) servers.get(place)?.signal(name);
  };
  const kill = async (broker?: number): Promise<void> => {
    await Promise.all(chosen(broker).map((place) => servers.get(place)?.end('SIGKILL')));
  };
  const start = async (broker?: number): Promise<void> => {
    await Promise.all(chosen(broker).map((place) => run(place, broker === undefined ? brokers : 1)));
  };
  const close = async (): Promise<void> => {
    await kill();
    if (setup.folder === undefined) await rm(folder, { recursive: true, force: true });
  };

  try {
    await Promise.all(places.map(prepare));
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  const bootstrap = places.map(({ client }) => `127.0.0.1:${client}`).join(',');
  return {
    bootstrap,
    admin: kafkaAdmin(() => {
      const [first, ...others] = running().map(({ internal }) => internal);
      if (first === undefined) throw new Error('no broker runs');
      return [first, ...others];
    }),
    client: (user, password) => clientSettings(bootstrap, security, certificate?.ca, user, password),
    pids: () => running().map((place) => servers.get(place)?.pid ?? 0),
    kill,
    stop: (broker) => signal('SIGSTOP', broker),
    cont: (broker) => signal('SIGCONT', broker),
    start,
    close,
  };
}

function clientSettings(
  bootstrap: string,
  security: Security,
  ca: string | undefined,
  user?: string,
  password?: string,
): Record<string, string> {
  const { mechanism } = security;
  const [first] = Object.entries(usersOf(security));
  const name = user ?? first?.[0] ?? '';
  const protocol = mechanism ? (ca ? 'sasl_ssl' : 'sasl_plaintext') : ca ? 'ssl' : 'plaintext';
  return {
    'bootstrap.servers': bootstrap,
    ...(protocol !== 'plaintext' && { 'security.protocol': protocol }),
    ...(ca && { 'ssl.ca.location': ca }),
    ...(mechanism && {
      'sasl.mechanism': mechanism,
      'sasl.username': name,
      'sasl.password': password ?? usersOf(security)[name] ?? '',
    }),
  };
}
