import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Clickhouse, clickhouseMissing, startClickhouse } from '../services/clickhouse.ts';
import { type Kafka, kafkaMissing, startKafka } from '../services/kafka.ts';
import type { Grant } from '../services/kafka-admin.ts';
import { type Questdb, questdbMissing, startQuestdb } from '../services/questdb.ts';
import { describeWith } from '../services/suite.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'cluster.md'), 'utf8');
const SECRET = 'over/the@moon';
/** Most time that a block of commands may take. */
const MOST_MS = 120_000;
/** How often, and how far apart in ms, to look whether QuestDB shows what was written to it. */
const LOOKS = 40;
const LOOK_MS = 500;

/** The fenced blocks of a language, in order. */
const blocks = (language: string): readonly string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text ?? '');

/** The rights that the page's commands grant. */
function grants(): readonly Grant[] {
  const commands = blocks('acl').flatMap((text) => text.trim().split('\n'));
  return commands.flatMap((command) => {
    const [, user = ''] = / --allow-principal User:(\w+) /.exec(command) ?? [];
    const [, resource = '', name = ''] = / --(topic|group|transactional-id) (\S+) --resource-pattern-type prefixed$/.exec(command) ?? [];
    const operations = [...command.matchAll(/ --operation (\w+)/g)].map(([, operation]) => (operation ?? '').toLowerCase());
    return operations.map((operation) => ({
      user,
      operation: operation as Grant['operation'],
      resource: resource.replace('-', '_') as Grant['resource'],
      name: `${name}*`,
    }));
  });
}

/** Runs commands as a shell would, `npx millrace` being the one of this repository. */
function shell(text: string, cwd: string, env: Readonly<Record<string, string>>): Promise<{ code: number | null; output: string }> {
  const program = `npx() { shift; "${process.execPath}" "${join(ROOT, 'cli', 'millrace.cjs')}" "$@"; }\n${text}`;
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_')));
  const child = spawn('bash', ['-ec', program], { cwd, env: { ...own, ...env }, timeout: MOST_MS, killSignal: 'SIGINT' });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data;
    });
  return new Promise((done) => child.on('close', (code) => done({ code, output })));
}

const sizeOf = (table: ReadonlyMap<string, readonly number[]>): number => [...table.values()].reduce((sum, { length }) => sum + length, 0);
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Sinks go at their own pace: each has written all rows of a partition up to where it is, and none twice. */
function expectSameTrades(one: ReadonlyMap<string, readonly number[]>, other: ReadonlyMap<string, readonly number[]>): void {
  for (const source of new Set([...one.keys(), ...other.keys()])) {
    const [a = [], b = []] = [one.get(source), other.get(source)];
    const both = Math.min(a.length, b.length);
    expect(a.slice(0, both)).toEqual(b.slice(0, both));
  }
}

describeWith('docs/cluster.md on real servers, with the rights it lists', [kafkaMissing(), clickhouseMissing(), questdbMissing()], () => {
  let kafka: Kafka;
  let clickhouse: Clickhouse;
  let questdb: Questdb;
  let folder: string;

  beforeAll(async () => {
    const security = { mechanism: 'PLAIN', acls: true, users: { millrace: SECRET } } as const;
    [kafka, clickhouse, questdb] = await Promise.all([startKafka({ security }), startClickhouse(), startQuestdb()]);
    folder = mkdtempSync(join(tmpdir(), 'millrace-cluster-'));
    for (const part of ['pipelines.yaml', 'data']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }, 240_000);
  afterAll(async () => {
    await Promise.all([kafka?.close(), clickhouse?.stop(), questdb?.stop()]);
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** Identities of the rows of the table of trades, each of them there once; none before there is a table. */
  async function tradesOf(system: Clickhouse | Questdb): Promise<Map<string, number[]>> {
    const exists = system === clickhouse ? 'EXISTS TABLE trades' : "SELECT count() FROM tables() WHERE table_name = 'trades'";
    const [[isThere] = []] = await system.rows(exists);
    const rows = Number(isThere) === 0 ? [] : await system.rows('SELECT _src, _seq FROM trades');
    const bySource = new Map<string, number[]>();
    for (const [source] of rows) if (!bySource.has(String(source))) bySource.set(String(source), []);
    for (const [source, sequence] of rows) bySource.get(String(source))?.push(Number(sequence));
    for (const sequences of bySource.values()) expect(new Set(sequences).size).toBe(sequences.sort((a, b) => a - b).length);
    return bySource;
  }

  it('its commands run, without a secret in what they say, and each row is once in both tables', async () => {
    const rights = grants();
    expect(rights.length).toBeGreaterThanOrEqual(8);
    await kafka.admin.grant(rights);
    const env = {
      MILLRACE_BROKER: `kafka://millrace:${SECRET}@${kafka.bootstrap}`,
      CLICKHOUSE_URL: clickhouse.url,
      QUESTDB_URL: questdb.url,
    };
    const commands = blocks('sh');
    expect(commands).toHaveLength(2);
    let before = [0, 0];
    for (const command of commands) {
      let trades: Map<string, number[]>[] = [];
      let again = command;
      do {
        const { code, output } = await shell(again, folder, env);
        expect(output).not.toContain(SECRET);
        if (code !== 0) throw new Error(`${again} ended with ${code}:\n${output}`);
        for (let look = 0; look === 0 || (look < LOOKS && trades.some((table) => sizeOf(table) === 0)); look++) {
          if (look > 0) await setTimeout(LOOK_MS);
          trades = [await tradesOf(clickhouse), await tradesOf(questdb)];
        }
        again = lastLine(command); // a busy machine may not come to write within the time that the page gives: the same again goes on
      } while (trades.some((table, i) => sizeOf(table) <= (before[i] ?? 0)));
      before = trades.map(sizeOf);
      expectSameTrades(...(trades as [Map<string, number[]>, Map<string, number[]>]));
    }
  }, 300_000);
});
