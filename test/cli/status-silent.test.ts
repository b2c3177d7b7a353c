import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWith, run } from './millrace.ts';

it('status of a process that is frozen ends, and says which and what to do', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const folder = folderWith({});
    mkdirSync(join(folder, '.millrace'));
    const instance = { pid: process.pid, startedAt: '2024-08-08T12:00:00Z', file: 'pipelines.yaml', pipelines: ['p'], status: { url } };
    writeFileSync(join(folder, '.millrace', 'run.json'), JSON.stringify({ ...instance, clickhouse: null }));
    const { code, stderr } = await run(folder, ['status']);
    expect(code).toBe(5);
    expect(stderr).toContain(`process ${process.pid} gives no answer at ${url} in 5 s`);
    expect(stderr).toContain(`ps -o stat,wchan -p ${process.pid}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
