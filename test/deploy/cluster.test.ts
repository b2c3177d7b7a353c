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

  /** Rows of the table of trades in both systems, each of them once in ClickHouse; 0 before there is one. */
  async function rowsInBoth(): Promise<{ readonly clickhouse: number; readonly questdb: number }> {
    const [[isThere] = []] = await clickhouse.rows('EXISTS TABLE trades');
    const [[rows, distinct] = []] = Number(isThere) === 0 ? [] : await clickhouse.rows('SELECT count(), uniqExact(_src, _seq) FROM trades');
    expect(rows).toEqual(distinct);
    const [[tables] = []] = await questdb.rows("SELECT count() FROM tables() WHERE table_name = 'trades'");
    const [[applied] = []] = Number(tables) === 0 ? [] : await questdb.rows('SELECT count() FROM trades');
    return { clickhouse: Number(rows ?? 0), questdb: Number(applied ?? 0) };
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
    let before = 0;
    for (const command of commands) {
      let rows = await rowsInBoth();
      // a busy machine may not come to write within the time that the page gives a run, and one sink may lag behind the other:
      // the same again goes on where it was
      for (
        let again = command;
        rows.clickhouse === before || rows.questdb !== rows.clickhouse;
        again = command.trim().split('\n').at(-1) ?? ''
      ) {
        const { code, output } = await shell(again, folder, env);
        expect(output).not.toContain(SECRET);
        if (code !== 0) throw new Error(`${again} ended with ${code}:\n${output}`);
        rows = await rowsInBoth();
        for (let look = 0; look < LOOKS && rows.questdb !== rows.clickhouse; look++) {
          await setTimeout(LOOK_MS);
          rows = await rowsInBoth();
        }
      }
      before = rows.clickhouse;
    }
  }, 300_000);
});
