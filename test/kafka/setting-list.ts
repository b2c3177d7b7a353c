import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Path of the list in the repository. */
export const LIST = join(import.meta.dirname, '..', '..', 'connectors', 'kafka', 'librdkafka.ts');

const TYPINGS = join(import.meta.dirname, '..', '..', 'node_modules', '@confluentinc', 'kafka-javascript', 'types', 'config.d.ts');
const WIDTH = 136;

/** Not settings but places for functions and pointers of C: they cannot be written in a file. */
const isForCode = (name: string): boolean => (name.includes('_') && name !== 'log_level') || name === 'opaque' || name === 'interceptors';

type Client = 'both' | 'producer' | 'consumer';

const CLIENTS: Readonly<Record<string, Client>> = {
  GlobalConfig: 'both',
  TopicConfig: 'both',
  ProducerGlobalConfig: 'producer',
  ProducerTopicConfig: 'producer',
  ConsumerGlobalConfig: 'consumer',
  ConsumerTopicConfig: 'consumer',
};

/** The list of settings as a file of TypeScript, made from the typings of the package. */
export function settingList(): string {
  const text = readFileSync(TYPINGS, 'utf8');
  const version = /librdkafka (\d+\.\d+\.\d+)/.exec(text)?.[1];
  if (!version) throw new Error(`${TYPINGS} names no version of librdkafka`);
  const names: Record<Client, Set<string>> = { both: new Set(), producer: new Set(), consumer: new Set() };
  const aliases = new Map<string, string>();
  let client: Client = 'both';
  for (const match of text.matchAll(/^export interface (\w+)|Alias for `([\w.]+)`|^ +"([\w.]+)"\?:/gm)) {
    const [, section, alias, name] = match;
    if (section) client = CLIENTS[section] ?? fail(section);
    if (alias) aliases.set('', alias);
    if (!name) continue;
    const target = aliases.get('');
    aliases.delete('');
    if (isForCode(name)) continue;
    names[client].add(name);
    if (target) aliases.set(name, target);
  }
  const list = (of: Client) => wrapped([...names[of]].sort());
  const pairs = [...aliases].sort().map(([name, target]) => `  ${/^\w+$/.test(name) ? name : `'${name}'`}: '${target}',`);
  return `/** Version of librdkafka whose settings these are. */
export const LIBRDKAFKA = '${version}';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\\s+/));

/** Settings that producers and consumers have. */
export const CLIENT_SETTINGS = words(\`
${list('both')}
\`);

/** Settings of producers alone. */
export const PRODUCER_SETTINGS = words(\`
${list('producer')}
\`);

/** Settings of consumers alone. */
export const CONSUMER_SETTINGS = words(\`
${list('consumer')}
\`);

/** Second names of settings, and their first names. */
export const ALIASES: Readonly<Record<string, string>> = {
${pairs.join('\n')}
};
`;
}

function fail(section: string): never {
  throw new Error(`${TYPINGS} has an interface ${section} that is not known`);
}

function wrapped(names: readonly string[]): string {
  const lines = [''];
  for (const name of names) {
    const last = lines.at(-1) ?? '';
    if (last.length + name.length + 1 > WIDTH) lines.push(`  ${name}`);
    else lines[lines.length - 1] = `${last === '' ? ' ' : last} ${name}`;
  }
  return lines.join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(settingList());
