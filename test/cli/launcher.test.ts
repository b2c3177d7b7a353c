import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const LAUNCHER = resolve(import.meta.dirname, '../../cli/millrace.cjs');

/** Fills the thread pool and prints how many threads the process has. */
const PROGRAM = `import { pbkdf2 } from 'node:crypto';
import { readdirSync } from 'node:fs';
export const main = () => {
  let left = 32;
  for (let i = 0; i < 32; i++)
    pbkdf2('a', 'b', 1000, 64, 'sha512', () => { if (--left === 0) console.log(readdirSync('/proc/self/task').length); });
};
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-launcher-'));
  mkdirSync(join(folder, 'cli'));
  mkdirSync(join(folder, 'dist/cli'), { recursive: true });
  cpSync(LAUNCHER, join(folder, 'cli/millrace.cjs'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'dist/cli/main.js'), PROGRAM);
});

afterAll(() => rmSync(folder, { recursive: true }));

function threads(size?: string): number {
  const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
  const given = size === undefined ? env : { ...env, UV_THREADPOOL_SIZE: size };
  return Number(execFileSync(process.execPath, [join(folder, 'cli/millrace.cjs')], { encoding: 'utf8', env: given }));
}

test.runIf(process.platform === 'linux')('gives Node 16 threads for blocking calls, unless the environment says how many', () => {
  const one = threads('1');
  expect([threads() - one, threads('20') - one]).toEqual([15, 19]);
});
