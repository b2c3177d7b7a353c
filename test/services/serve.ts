import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { clickhouseMissing, startClickhouse } from './clickhouse.ts';
import { kafkaMissing, startKafka } from './kafka.ts';
import { freePort } from './port.ts';
import { questdbMissing, serveQuestdb } from './questdb.ts';
import { type AskedTopic, askedTopic, makeTopic } from './topics.ts';

const USAGE = `Starts Kafka, QuestDB and ClickHouse on this machine for a person to play with; Ctrl-C ends them all.

  npm run services                       all three, on free ports; their data goes with them
  npm run services -- kafka clickhouse   only these
  npm run services -- --brokers 3        three Kafka brokers
  npm run services -- --topic my.trades:4
                                         makes a topic of 4 partitions, since topics come to be by no other way here; may be repeated
  npm run services -- --dir ./data       data stays there, and addresses stay the same from start to start
  npm run --silent services -- --json    the addresses as one line of JSON, all that is on standard output (npm says more without --silent)
  npm run services -- --help             this text
`;
const WATCH_MS = 500;

/** A service that runs, as the person who started it sees it. */
interface Running {
  readonly address: string;
  /** What a pipelines file takes it from. */
  readonly variable: string;
  readonly url: string;
  /** How many processes there should be. */
  readonly size: number;
  pids(): readonly number[];
  end(): Promise<void>;
}

/** Where a service is to live. */
interface Place {
  readonly folder: string;
  readonly port: number;
  readonly brokers: 1 | 3;
  readonly topics: readonly AskedTopic[];
}

const SERVICES: Readonly<Record<string, { missing(): string | null; start(place: Place): Promise<Running> }>> = {
  kafka: {
    missing: kafkaMissing,
    async start({ folder, port, brokers, topics }) {
      const { bootstrap, admin, pids, close } = await startKafka({ folder, port, brokers });
      try {
        for (const topic of topics) await makeTopic(admin, topic);
      } catch (error) {
        await close();
        throw error;
      }
      return { address: bootstrap, variable: 'MILLRACE_BROKER', url: `kafka://${bootstrap}`, size: brokers, pids, end: close };
    },
  },
  questdb: {
    missing: questdbMissing,
    async start({ folder, port }) {
      const { url, pids, stop } = await serveQuestdb({ folder, port, settings: { 'http.static.enabled': 'true' } });
      return { address: `${url} (its console is there too)`, variable: 'QUESTDB_URL', url, size: 1, pids, end: stop };
    },
  },
  clickhouse: {
    missing: clickhouseMissing,
    async start({ folder, port }) {
      const { url, pids, stop } = await startClickhouse({ folder, port });
      return { address: url, variable: 'CLICKHOUSE_URL', url, size: 1, pids, end: stop };
    },
  },
};

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Ports by service and the number of brokers, as at the last start over this folder. */
async function placesOf(folder: string, brokers: 1 | 3): Promise<Readonly<Record<string, number>>> {
  const path = join(folder, 'places.json');
  if (existsSync(path)) {
    const places = JSON.parse(await readFile(path, 'utf8')) as Record<string, number>;
    if (places.brokers !== brokers) throw new Error(`${folder} is of a Kafka with --brokers ${places.brokers}; take another --dir`);
    return places;
  }
  const places: Record<string, number> = { brokers };
  for (const name of Object.keys(SERVICES)) places[name] = await freePort();
  await writeFile(path, `${JSON.stringify(places)}\n`);
  return places;
}

function wrong(problem: string): null {
  say(`services: ${problem}; see npm run services -- --help`);
  process.exitCode = 2;
  return null;
}

/** What the command line asks for. */
interface Asked {
  readonly names: readonly string[];
  readonly brokers: 1 | 3;
  readonly topics: readonly AskedTopic[];
  readonly dir?: string;
  readonly json: boolean;
}

function asked(): Asked | null {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const several = { ...text, multiple: true } as const;
  const options = { brokers: { ...text, default: '1' }, topic: several, dir: text, json: flag, help: { ...flag, short: 'h' } } as const;
  let given: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    given = parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = given;
  if (values.help) {
    process.stdout.write(USAGE);
    return null;
  }
  const unknown = positionals.find((name) => !Object.hasOwn(SERVICES, name));
  if (unknown !== undefined) return wrong(`there is no service "${unknown}" (${Object.keys(SERVICES).join(', ')})`);
  if (values.brokers !== '1' && values.brokers !== '3') return wrong('--brokers is 1 or 3');
  const names = positionals.length > 0 ? positionals : Object.keys(SERVICES);
  const topics: AskedTopic[] = [];
  for (const given of values.topic ?? []) {
    const topic = askedTopic(given);
    if (topic === null) return wrong(`--topic is a name and its partitions, such as my.trades:4, not "${given}"`);
    topics.push(topic);
  }
  if (topics.length > 0 && !names.includes('kafka')) return wrong('--topic is for kafka, which is not asked for');
  return {
    names,
    brokers: values.brokers === '3' ? 3 : 1,
    topics,
    json: values.json,
    ...(values.dir !== undefined && { dir: values.dir }),
  };
}

const stopAsked = (): Promise<void> =>
  new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop()); // from the terminal, and passed on by npm
  });

function show(running: ReadonlyMap<string, Running>, { json, topics }: Asked): void {
  if (json) {
    const services = [...running].map(([name, { url, variable, pids }]) => [name, { url, variable, pids: pids() }]);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(services))}\n`);
    return;
  }
  const lines = [...running].map(([name, { address }]) => `  ${name.padEnd(12)}${address}`);
  const variables = [...running.values()].map(({ variable, url }) => `${variable}=${url}`);
  const made = topics.map(({ name, partitions }) => `${name} (${partitions})`);
  process.stdout.write(`
${lines.join('\n')}
${made.length > 0 ? `\nTopics and their partitions: ${made.join(', ')}\n` : ''}
Ctrl-C ends them. So that the pipelines of this folder run on them, say in another terminal, before \`npx millrace run\`:

  export ${variables.join(' ')}
`);
}

const setup = asked();
if (setup) {
  const folder = setup.dir === undefined ? await mkdtemp(join(tmpdir(), 'millrace-services-')) : resolve(setup.dir);
  await mkdir(folder, { recursive: true });
  const running = new Map<string, Running>();
  const stop = stopAsked();
  try {
    const ports = await placesOf(folder, setup.brokers);
    for (const name of setup.names) {
      const service = SERVICES[name];
      const missing = service?.missing() ?? null;
      if (!service || missing !== null) throw new Error(`${name} cannot run here: ${missing}`);
      say(`services: starting ${name}`);
      running.set(
        name,
        await service.start({ folder: join(folder, name), port: ports[name] ?? 0, brokers: setup.brokers, topics: setup.topics }),
      );
    }
    show(running, setup);
    const watch = setInterval(() => {
      for (const [name, { pids, size }] of running)
        if (pids().length < size) {
          say(`services: ${name} has ended by itself; see what it said in ${join(folder, name)}`);
          running.delete(name);
        }
    }, WATCH_MS);
    await stop;
    clearInterval(watch);
  } catch (error) {
    say(`services: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  } finally {
    await Promise.all([...running.values()].map(({ end }) => end()));
    if (setup.dir === undefined) await rm(folder, { recursive: true, force: true });
    say('services: ended');
  }
}
