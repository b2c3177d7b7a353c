import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, moved } from './jars.ts';
import type { Java } from './java.ts';
import { KAFKA } from './kafka-jars.ts';
import { kafkaSettings, type Place, properties, type Security, usersOf } from './kafka-settings.ts';
import { brokersOf } from './kafka-wire.ts';
import { freePort } from './port.ts';
import { launch, ready } from './process.ts';

/** What every broker of every cluster runs with. */
const JVM = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Djava.awt.headless=true'];
const LOGGER = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];
const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qg';
const IDS = [1, 2, 3];
const START_MS = 60_000;

/** How to start a broker fast: folders formatted before, and an archive of loaded classes. */
export interface Template {
  readonly java: Java;
  readonly jars: readonly string[];
  readonly folder: string;
}

const classPath = (jars: readonly string[]): string[] => ['-cp', jars.join(':')];

/** Arguments of a broker's JVM. */
export function brokerArguments(template: Template, settings: string, jvm: readonly string[] = []): string[] {
  const archive = `-XX:SharedArchiveFile=${join(template.folder, 'classes.jsa')}`;
  return [...JVM, archive, '-Xms128m', '-Xmx512m', ...LOGGER, ...jvm, ...classPath(template.jars), 'kafka.Kafka', settings];
}

/** The template of this Java and these jars, made when it is not in the cache (about 10 s). */
export async function kafkaTemplate(java: Java, jars: readonly string[]): Promise<Template> {
  const key = createHash('sha256')
    .update([java.identity, ...jars, JSON.stringify(KAFKA.sums), ...JVM, 'v1'].join('\n'))
    .digest('hex');
  const prefix = `${KAFKA.name}-template-`;
  const target = join(cacheFolder(), `${prefix}${key.slice(0, 12)}`);
  const template = { java, jars, folder: target };
  if (existsSync(target)) return template;
  const folder = await mkdtemp(join(cacheFolder(), 'template-'));
  try {
    for (const id of IDS) await format({ ...template, folder }, join(folder, String(id)), placeOf(id), {});
    await archive({ ...template, folder });
    for (const old of await readdir(cacheFolder()))
      if (old.startsWith(prefix)) await rm(join(cacheFolder(), old), { recursive: true, force: true });
    await moved(folder, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return template;
}

const placeOf = (id: number): Place => ({ id, client: 1, internal: 2, controller: 3 });

/** Formats `data` for a broker as Kafka's own tool does; SCRAM users are written here. */
export async function format({ java, jars, folder }: Template, data: string, place: Place, security: Security): Promise<void> {
  const path = join(folder, `format-${place.id}.properties`);
  await writeFile(path, properties(kafkaSettings(place, [place], data, {}, null)));
  const users = security.mechanism?.startsWith('SCRAM')
    ? Object.entries(usersOf(security)).flatMap(([name, password]) => [
        '--add-scram',
        `${security.mechanism}=[name=${name},password=${password}]`,
      ])
    : [];
  const tool = [...JVM, ...LOGGER, ...classPath(jars), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', path, ...users];
  await promisify(execFile)(java.program, tool, { timeout: START_MS });
}

/** Runs one broker to a clean end, at which the JVM writes the classes that it had loaded. */
async function archive({ java, jars, folder }: Template): Promise<void> {
  const data = join(folder, 'data');
  await cp(join(folder, '1'), data, { recursive: true });
  const place = { id: 1, client: await freePort(), internal: await freePort(), controller: await freePort() };
  const settings = join(folder, 'server.properties');
  await writeFile(settings, properties(kafkaSettings(place, [place], data, {}, null)));
  const jsa = `-XX:ArchiveClassesAtExit=${join(folder, 'classes.jsa')}`;
  const log = join(folder, 'out.log');
  const server = launch(java.program, [...JVM, jsa, '-Xmx512m', ...LOGGER, ...classPath(jars), 'kafka.Kafka', settings], log);
  try {
    await ready('Kafka', server, log, START_MS, async () => (await brokersOf(place.client)) === 1);
  } finally {
    await server.end('SIGTERM');
    await rm(data, { recursive: true, force: true });
  }
}

/** A formatted folder for a broker of a plain cluster. */
export async function copyTemplate({ folder }: Template, id: number, data: string): Promise<void> {
  await mkdir(data, { recursive: true });
  await cp(join(folder, String(id)), data, { recursive: true });
}
