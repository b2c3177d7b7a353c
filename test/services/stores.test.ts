import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { clickhouseMissing, startClickhouse } from './clickhouse.ts';
import { questdbMissing, startQuestdb } from './questdb.ts';
import { describeWith } from './suite.ts';

describeWith('ClickHouse as a server', [clickhouseMissing()], () => {
  test('keeps its rows and address when it is killed and started again', async () => {
    const server = await startClickhouse();
    try {
      await server.rows('CREATE TABLE t (a Int64) ENGINE MergeTree ORDER BY a');
      await server.rows('INSERT INTO t VALUES (1), (2)');
      await server.kill();
      await server.start();
      expect(await server.rows('SELECT a FROM t ORDER BY a')).toEqual([[1], [2]]);
    } finally {
      await server.stop();
    }
  });

  test('with a user: nobody else may do anything', async () => {
    const server = await startClickhouse({ user: { name: 'ann', password: 'p:w' } });
    try {
      expect(await server.rows('SELECT currentUser()')).toEqual([['ann']]);
      const { origin } = new URL(server.url);
      const refusal = async (headers: Record<string, string>): Promise<string | null> => {
        const answer = await fetch(origin, { method: 'POST', body: 'CREATE TABLE x (a Int8) ENGINE Memory', headers });
        return answer.headers.get('x-clickhouse-exception-code');
      };
      expect(await refusal({ 'x-clickhouse-user': 'ann', 'x-clickhouse-key': 'p:w' })).toBeNull();
      expect(await refusal({ 'x-clickhouse-user': 'ann', 'x-clickhouse-key': 'no' })).toBe('516'); // authentication failed
      expect(await refusal({})).toBe('497'); // access denied
    } finally {
      await server.stop();
    }
  });
});

describeWith('QuestDB as a server', [questdbMissing()], () => {
  test('keeps its rows and address when it is killed and started again', async () => {
    const server = await startQuestdb();
    try {
      await server.rows('CREATE TABLE t (ts TIMESTAMP, a LONG) TIMESTAMP(ts) PARTITION BY DAY WAL');
      await server.rows("INSERT INTO t VALUES ('2026-01-01', 1), ('2026-01-02', 2)");
      await server.rows("SELECT wait_wal_table('t')");
      await server.kill();
      await server.start();
      expect(await server.rows('SELECT a FROM t')).toEqual([[1], [2]]);
    } finally {
      await server.stop();
    }
  });
});

describeWith('servers of a test run that is killed', [clickhouseMissing(), questdbMissing()], () => {
  test.runIf(existsSync('/proc'))('end with it', async () => {
    const child = fileURLToPath(new URL('./orphan-child.ts', import.meta.url));
    const run = spawn(process.execPath, ['--import', 'tsx', child], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface(run.stdout), 'line')) as [string];
    const pids = JSON.parse(line) as number[];
    expect(pids).toHaveLength(2);
    run.kill('SIGKILL');
    while (pids.some((pid) => existsSync(`/proc/${pid}`))) await wait(10);
  });
});
