#!/usr/bin/env node
import { join } from 'node:path';
import { ROOT, run, say } from './progress.js';
import { script, setUp } from './setup.js';

const USAGE = 'npm run chaos [-- SEEDS [KILLS]]: kills pipelines with SEEDS seeds (default 10), KILLS times each (default 15)';

/** Seeds that no campaign had yet, most likely; each is printed, and MILLRACE_SEEDS runs the same again. */
function freshSeeds(count) {
  const first = Math.floor(Math.random() * 2 ** 30);
  return Array.from({ length: count }, (_, i) => first + i);
}

await script(async () => {
  const [seeds = 10, kills = 15] = process.argv.slice(2).map(Number);
  if (![seeds, kills].every((number) => Number.isInteger(number) && number > 0)) {
    say(USAGE);
    return 2;
  }
  await setUp();
  const chosen = process.env.MILLRACE_SEEDS ?? process.env.MILLRACE_SEED ?? freshSeeds(seeds).join(',');
  say(`chaos: MILLRACE_SEEDS=${chosen} MILLRACE_KILLS=${kills}`);
  const bin = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, MILLRACE_SEEDS: chosen, MILLRACE_KILLS: String(kills) };
  return run(process.execPath, [bin, 'run', 'test/crash/kill.test.ts'], { stdout: 'inherit', env });
});
