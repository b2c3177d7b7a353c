#!/usr/bin/env node
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, say } from './progress.js';
import { script, setUp } from './setup.js';

const folder = join(ROOT, 'test');
const targets = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'fuzz', 'main.ts')));
const USAGE = `npm run fuzz -- TARGET [--operations N] [--seed N] [--each N]: random operations against the naive model of TARGET
  targets: ${targets.join(', ')}`;

await script(async () => {
  const [target, ...options] = process.argv.slice(2);
  if (target === undefined || !targets.includes(target)) {
    say(USAGE);
    return 2;
  }
  await setUp();
  const main = join(folder, target, 'fuzz', 'main.ts');
  return run(process.execPath, ['--import', 'tsx', main, ...options], { stdout: 'inherit' });
});
