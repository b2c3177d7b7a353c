import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Answer, documented, registryServer } from '../registry/server.ts';
import { folderWith, start } from './millrace.ts';

const SCHEMA = JSON.stringify({ type: 'record', name: 'T', fields: [{ name: 'price', type: 'double' }] });

const FILE = `version: 1
connections: { registry: "\${REGISTRY:-}" }
pipelines:
  p:
    sources:
      t: { topic: t, format: avro, schema: { registry: t-value } }
    sinks:
      u: { from: t, topic: u, format: { avro: { registry: u-value } } }
`;

async function registry(answer: (path: string) => Answer | null = () => null) {
  const held = documented({ 't-value': [{ id: 4, schema: SCHEMA }], 'u-value': [{ id: 4, schema: SCHEMA }] });
  const server = await registryServer((asked) => answer(asked.path) ?? held(asked));
  onTestFinished(() => server.close());
  return server;
}

const run = (folder: string, args: readonly string[], address = '') => start(folder, args, { REGISTRY: address }).ended;

test('pin fetches what the file names; check then needs no network', async () => {
  const folder = folderWith({ 'pipelines.yaml': FILE });
  const before = await run(folder, ['check']);
  expect(before.code).toBe(1);
  expect(before.stderr).toContain('Fetch it with "millrace pin".');
  const { host } = await registry();
  const pinned = await run(folder, ['pin', '--json'], `http://ann:secret@${host}`);
  expect(pinned).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(pinned.stdout).subjects).toEqual([
    { subject: 't-value', latest: 1, id: 4 },
    { subject: 'u-value', latest: 1, id: 4 },
  ]);
  expect(readFileSync(join(folder, 'pipelines.lock'), 'utf8')).not.toMatch(/secret|127\.0\.0\.1/);
  expect(await run(folder, ['check'])).toMatchObject({ code: 0 });
});

test('a subject that is not there, and no address, are said with what to do; nothing is written', async () => {
  const folder = folderWith({ 'pipelines.yaml': FILE });
  const { host } = await registry((path) =>
    path.includes('u-value') ? { status: 404, body: { error_code: 40401, message: "Subject 'u-value' not found." } } : null,
  );
  const absent = await run(folder, ['pin'], `http://ann:secret@${host}`);
  expect(absent.code).toBe(2);
  expect(absent.stderr).toContain('error[registry-subject]');
  expect(absent.stderr).toContain('u-value');
  expect(absent.stderr).not.toContain('secret');
  const nowhere = await run(folder, ['pin']);
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('error[connection-missing]') });
  expect((await run(folder, ['check'])).stderr).toContain('there is no file "pipelines.lock"');
});
