#!/usr/bin/env node
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, run, say } from './progress.js';
import { script, setUp } from './setup.js';

const USAGE = `npm run chaos [-- SEEDS [KILLS]]: kills pipelines with SEEDS seeds (default 10), KILLS times each (default 15)
npm run chaos -- --services [--seeds N] [--minutes M] [--blows B]: the same on a real Kafka, QuestDB and ClickHouse, which are killed too:
  at most N seeds (default 10) of B blows each (default 12), none begun after M minutes (default 30)`;
const BIN = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');

/** Seeds that no campaign had yet, most likely; each is printed, and MILLRACE_SEEDS runs the same again. */
function freshSeeds(count) {
  const first = Math.floor(Math.random() * 2 ** 30);
  return Array.from({ length: count }, (_, i) => first + i);
}

/** One seed after the other on real servers, until one of the limits is reached; tells which failed. */
async function onServices({ seeds, minutes, blows }) {
  const given = process.env.MILLRACE_SEEDS ?? process.env.MILLRACE_SEED;
  const chosen = given?.split(',').map(Number) ?? freshSeeds(seeds);
  const failed = [];
  let done = 0;
  for (const until = Date.now() + minutes * 60_000; done < chosen.length && Date.now() < until; done++) {
    const seed = chosen[done];
    say(`chaos: MILLRACE_SEED=${seed} MILLRACE_BLOWS=${blows}`);
    const env = { ...process.env, MILLRACE_SEEDS: String(seed), MILLRACE_BLOWS: String(blows) };
    const code = await run(process.execPath, [BIN, 'run', 'test/crash/services.test.ts'], { stdout: 'inherit', env });
    if (code !== 0) failed.push(seed);
  }
  say(`chaos: ${done - failed.length} of ${done} seeds passed${failed.length === 0 ? '' : `; failed: ${failed.join(', ')}`}`);
  return failed.length === 0 ? 0 : 1;
}

/** Kills of pipelines on the embedded log, all seeds in one run. */
function onEmbedded({ seeds, kills }) {
  const chosen = process.env.MILLRACE_SEEDS ?? process.env.MILLRACE_SEED ?? freshSeeds(seeds).join(',');
  say(`chaos: MILLRACE_SEEDS=${chosen} MILLRACE_KILLS=${kills}`);
  const env = { ...process.env, MILLRACE_SEEDS: chosen, MILLRACE_KILLS: String(kills) };
  return run(process.execPath, [BIN, 'run', 'test/crash/kill.test.ts'], { stdout: 'inherit', env });
}

/** What the arguments ask for; null where they are not understood. */
function asked(args) {
  const number = { type: 'string' };
  try {
    const options = { services: { type: 'boolean' }, seeds: number, minutes: number, blows: number };
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [seeds = 10, kills = 15] = positionals.map(Number);
    const { services = false, minutes = 30, blows = 12 } = values;
    const numbers = { seeds: Number(values.seeds ?? seeds), kills, minutes: Number(minutes), blows: Number(blows) };
    return Object.values(numbers).every((each) => Number.isInteger(each) && each > 0) ? { services, ...numbers } : null;
  } catch (error) {
    if (error.code?.startsWith('ERR_PARSE_ARGS')) return null;
    throw error;
  }
}

await script(async () => {
  const wanted = asked(process.argv.slice(2));
  if (wanted === null) {
    say(USAGE);
    return 2;
  }
  await setUp();
  return wanted.services ? onServices(wanted) : onEmbedded(wanted);
});
