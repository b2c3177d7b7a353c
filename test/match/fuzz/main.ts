import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '1000000' },
    each: { type: 'string', default: '2000' },
    seed: { type: 'string', default: process.env.MILLRACE_SEED ?? '1' },
  },
});
const [operations, each, seed] = [Number(values.operations), Number(values.each), Number(values.seed)];
const say = (line: string): void => void process.stderr.write(`${line}\n`);

const started = Date.now();
let told = started;
say(`fuzz match: ${operations} operations, ${each} an episode, from seed ${seed}`);
const found = campaign({
  seed,
  operations,
  each,
  kinds: ['native', 'reference'],
  progress(done) {
    if (Date.now() - told < 5000) return;
    told = Date.now();
    say(`fuzz match: ${done} of ${operations} operations, ${((told - started) / 1000).toFixed(0)} s`);
  },
});
const seconds = ((Date.now() - started) / 1000).toFixed(0);
if (found !== null) process.stdout.write(`${found}\n`);
say(found === null ? `fuzz match: ${operations} operations passed in ${seconds} s, seed ${seed}` : `fuzz match: failed after ${seconds} s`);
process.exitCode = found === null ? 0 : 1;
