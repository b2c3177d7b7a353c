import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import Table from 'cli-table3';
import { asOfJoin } from './as-of.ts';
import { clickhouse } from './clickhouse.ts';
import { check } from './compile.ts';
import { arrowToDiscard, captureToDiscard } from './discard.ts';
import { embeddedLog } from './embedded-log.ts';
import { entities } from './entities.ts';
import { type Aim, type Bench, type Figure, load, type Result, reaches, shown } from './figure.ts';
import { graph } from './graph.ts';
import { json } from './json.ts';
import { kafka } from './kafka.ts';
import { kernels } from './kernels.ts';
import { latency } from './latency.ts';
import { learning } from './learn.ts';
import { matching } from './match.ts';
import { peers } from './peers.ts';
import { positions } from './positions.ts';
import { prediction } from './predict.ts';
import { questdb } from './questdb.ts';
import { questdbServer } from './questdb-server.ts';
import { gate } from './risk.ts';
import { headlines } from './sentiment.ts';
import { soak } from './soak.ts';
import { start } from './start.ts';
import { valueAtRisk } from './var.ts';

/** All benches; those named in `LONG` run only when asked for. */
const BENCHES: readonly Bench[] = [
  graph,
  json,
  kernels,
  asOfJoin,
  gate,
  positions,
  matching,
  valueAtRisk,
  prediction,
  entities,
  headlines,
  learning,
  arrowToDiscard,
  captureToDiscard,
  clickhouse,
  questdb,
  questdbServer,
  embeddedLog,
  kafka,
  latency,
  peers,
  start,
  check,
  soak,
];
const LONG = new Set(['soak', 'peers']);

const HELP = `npm run bench -- [options] [bench...]

${BENCHES.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}${LONG.has(name) ? ' (only when named)' : ''}`).join('\n')}

  --json         one JSON document on standard output, the table on standard error
  --minutes <n>  how long soak runs (10)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
    child: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (values.help) process.stdout.write(HELP);
else if (unknown.length > 0 || !(Number(values.minutes) > 0)) {
  process.stderr.write(`${unknown.length > 0 ? `there is no bench "${unknown[0]}"` : '--minutes is no number above 0'}\n\n${HELP}`);
  process.exitCode = 2;
} else if (values.child) await child(positionals[0] ?? '');
else await all(positionals);

/** Each in a process of its own, so that none inherits the heap of another. */
async function all(names: readonly string[]): Promise<void> {
  const chosen = BENCHES.filter(({ name }) => (names.length > 0 ? names.includes(name) : !LONG.has(name)));
  const results: Result[] = [];
  for (const { name } of chosen) {
    process.stderr.write(`bench: ${name}\n`);
    const result = await spawned(name);
    if (result) results.push(result);
    else process.exitCode = 1;
  }
  (values.json ? process.stderr : process.stdout).write(`${tableOf(results)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
}

/** What the bench printed, or null when it failed. */
function spawned(name: string): Promise<Result | null> {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--child', '--minutes', values.minutes, name];
  const bench = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  bench.stdout.on('data', (data) => {
    text += data;
  });
  return new Promise((resolve) => {
    bench.on('close', (code) => resolve(code === 0 ? (JSON.parse(text) as Result) : null));
  });
}

async function child(name: string): Promise<void> {
  setFlagsFromString('--heap-growing-percent=300'); // as cli/millrace.cjs does
  const bench = BENCHES.find((one) => one.name === name) as Bench;
  const folder = mkdtempSync(join(process.env.MILLRACE_BENCH_DIR ?? tmpdir(), `millrace-bench-${name}-`));
  const before = load();
  const note = (line: string): void => void process.stderr.write(`  ${line}\n`);
  try {
    const figures = await bench.run({ folder, minutes: Number(values.minutes), note });
    const result: Result = { bench: name, load: [before, load()], figures };
    process.stdout.write(JSON.stringify(result));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tableOf(results: readonly Result[]): string {
  const table = new Table({
    head: ['bench', 'figure', '', 'unit', 'baseline', '', 'ratio', 'aim', 'load'],
    colAligns: ['left', 'left', 'right', 'left', 'left', 'right', 'right', 'left', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { bench, load: loads, figures } of results) {
    figures.forEach((one, i) => {
      const first = i === 0;
      table.push([
        first ? bench : '',
        one.name,
        shown(one.figure),
        one.unit,
        one.baseline?.name ?? '',
        one.baseline ? shown(one.baseline.figure) : '',
        one.ratio === null ? '' : one.ratio.toFixed(2),
        one.aims.map((aim) => aimText(one, aim)).join(', '),
        first ? loads.map((value) => value.toFixed(1)).join('-') : '',
      ]);
    });
  }
  return table.toString();
}

function aimText(one: Figure, aim: Aim): string {
  const sign = aim.is === 'at least' ? '>=' : '<=';
  return `${aim.of === 'ratio' ? 'ratio ' : ''}${sign} ${shown(aim.bound)} ${reaches(one, aim) ? 'met' : 'missed'}`;
}
