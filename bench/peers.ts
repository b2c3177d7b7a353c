import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Kafka } from '../test/services/kafka.ts';
import { fill, withBroker } from './broker.ts';
import { atMost, type Bench, figure } from './figure.ts';
import { CHECK_AS_TA_LIB } from './peers-check.ts';
import { type PeersTools, peersTools } from './peers-tools.ts';
import { planOf, registryAt } from './pipeline.ts';
import { asArrow, type Layout, REFERENCE_PARTITIONS, referenceText } from './reference.ts';

const run = promisify(execFile);

const ROWS = Number(process.env.MILLRACE_BENCH_ROWS ?? 3_000_000);
/** Trades that close the last window: one a symbol. */
const CLOSING = 100;
const ROUNDS = 1;
const MOST_S = 170;
/** Of the log of a program that failed, what is shown. */
const LOG_BYTES = 2_000;
const TRADES = 'trades.json';
const COLUMNS = 'trades.arrow';
const PROGRAM = join(import.meta.dirname, `millrace${extname(import.meta.filename)}`);

/** What the harness tells of a run, as far as it is used. */
interface Run {
  readonly ok: boolean;
  readonly rows_per_s_10_100: number;
  readonly cpu_s_per_M_10_100: number;
  readonly cpu_s_per_M_total: number;
  readonly broker_cpu_s_per_M: number;
  readonly rss_mib: number;
  readonly others_cores: number;
  readonly app: string;
}

/** The reference job, exactly once, beside the same job as a Kafka Streams program, measured by the same harness on the same broker. */
export const peers: Bench = {
  name: 'peers',
  summary: 'trades (JSON, Arrow) -> validate -> 1 s bars -> indicators -> Kafka, exactly once, beside Kafka Streams',
  async run({ folder, note }) {
    const tools = await peersTools(note);
    return withBroker(async (broker) => {
      const harness = new Harness(broker, folder, tools);
      const expected = await harness.prepare(note);
      const runs: { readonly streams: Run; readonly json: Run; readonly arrow: Run }[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const streams = await harness.measure('ks-papi-mem-eos', TRADES, expected, streamsCommand(tools), note);
        const json = await harness.measure('millrace-json', TRADES, expected, harness.ours('json', round), note);
        const arrow = await harness.measure('millrace-arrow', COLUMNS, expected, harness.ours('arrow', round), note);
        runs.push({ streams, json, arrow });
      }
      const least = (of: 'streams' | 'json' | 'arrow', value: (run: Run) => number): number =>
        Math.min(...runs.map((each) => value(each[of])));
      const rate = (of: 'streams' | 'json' | 'arrow'): number => Math.max(...runs.map((each) => each[of].rows_per_s_10_100));
      const figures = (['json', 'arrow'] as const).flatMap((layout) => {
        const beside = (value: (run: Run) => number, unit: string, name: string) =>
          figure(`${layout}: ${name}`, least(layout, value), unit, { name: 'Kafka Streams', figure: least('streams', value) }, [
            atMost(1, 'ratio'),
          ]);
        return [
          beside((one) => one.cpu_s_per_M_10_100, 'CPU s/M rows', 'steady'),
          beside((one) => one.cpu_s_per_M_total, 'CPU s/M rows', 'with start-up'),
          beside((one) => one.broker_cpu_s_per_M, 'CPU s/M rows', 'broker'),
          figure(`${layout}: rate`, rate(layout), 'rows/s', { name: 'Kafka Streams', figure: rate('streams') }),
        ];
      });
      return figures;
    });
  },
};

const streamsCommand = ({ java, classPath }: PeersTools): string[] => [
  java,
  '-Xms1g',
  '-Xmx1g',
  ...classPath,
  'peers.StreamsApp',
  'papi',
  'mem',
  'eos',
];

/** The harness of the peers in a folder of its own. */
class Harness {
  readonly #broker: Kafka;
  readonly #folder: string;
  readonly #tools: PeersTools;
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(broker: Kafka, folder: string, tools: PeersTools) {
    this.#broker = broker;
    this.#folder = folder;
    this.#tools = tools;
    this.#env = { ...process.env, BS: broker.bootstrap, P: folder, LOADWAIT: '0' };
    for (const name of ['logs', 'data']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'broker.pid'), String(broker.pids()[0] ?? 0));
  }

  /** Writes the trades into both topics; gives the number of bars that come of them. */
  async prepare(note: (line: string) => void): Promise<number> {
    const { bootstrap, admin } = this.#broker;
    const data = join(this.#folder, 'data');
    const said = await this.#java('peers.Gen', [bootstrap, TRADES, String(ROWS), data], ['-Xmx1g']);
    note(said.trim());
    const registry = registryAt(null);
    const topics = new Map([
      [TRADES, REFERENCE_PARTITIONS],
      ['out', REFERENCE_PARTITIONS],
    ]);
    const env = { BS: bootstrap, IN: TRADES, OUT: 'out' };
    const plan = planOf(referenceText('json', 'reference'), this.#folder, registry, { env, facts: { topics, sources: new Map() } });
    await admin.createTopic(COLUMNS, { partitions: REFERENCE_PARTITIONS, settings: { 'max.message.bytes': '10485760' } });
    const count = await fill(bootstrap, COLUMNS, asArrow(bootstrap, TRADES, ROWS + CLOSING, plan, registry));
    note(`${COLUMNS}: the same trades in ${count} messages`);
    return Number(readFileSync(join(data, `${TRADES}.expected`), 'utf8'));
  }

  /** The command that runs the job from a pipeline file of its own. */
  ours(layout: Layout, round: number): string[] {
    const folder = join(this.#folder, `${layout}-${round}`);
    mkdirSync(folder);
    const file = join(folder, 'pipelines.yaml');
    writeFileSync(file, referenceText(layout, `reference_${layout}_${round}`));
    return [process.execPath, ...process.execArgv, PROGRAM, 'run', '--file', file, '--status-port', '0', '--json'];
  }

  /** Runs a program on a topic, and checks what it wrote against plain NumPy. */
  async measure(label: string, topic: string, expected: number, command: readonly string[], note: (line: string) => void): Promise<Run> {
    const args = ['tput', label, topic, String(expected), String(ROWS), String(MOST_S), '--', ...command];
    const said = await this.#java('peers.Harness', args, ['-Xmx512m', '-XX:+UseSerialGC']);
    const line = said.trim().split('\n').at(-1) ?? '';
    const one = JSON.parse(line.replace(/:-?(Infinity|NaN)/g, ':null')) as Run;
    if (!one.ok) {
      const log = readFileSync(join(this.#folder, 'logs', `${one.app}.log`), 'utf8').slice(-LOG_BYTES);
      throw new Error(`${label} did not write all rows: ${line}\n${log}`);
    }
    note(
      `${label}: ${(one.rows_per_s_10_100 / 1e3).toFixed(0)} k rows/s, CPU ${one.cpu_s_per_M_10_100} s/M rows steady, ${one.cpu_s_per_M_total} with start-up, broker ${one.broker_cpu_s_per_M}; ${one.rss_mib} MiB; ${one.others_cores} cores used by others`,
    );
    note(`${label}: ${await this.#checked(one, label.startsWith('millrace'))}`);
    return one;
  }

  async #checked({ app }: Run, isOurs: boolean): Promise<string> {
    const data = join(this.#folder, 'data');
    const out = join(data, `${app}.two.out`);
    const text = readFileSync(out, 'utf8').replace(/"ts":(\d{13})000000\b/g, '"ts":$1'); // ours are ns
    writeFileSync(out, text);
    const program = isOurs ? ['-c', CHECK_AS_TA_LIB, this.#tools.check] : [this.#tools.check];
    const { stdout } = await run(this.#tools.python, [...program, join(data, `${TRADES}.two.jsonl`), out]);
    return stdout.trim();
  }

  async #java(name: string, args: readonly string[], options: readonly string[]): Promise<string> {
    const { stdout } = await run(this.#tools.java, [...options, ...this.#tools.classPath, name, ...args], {
      env: this.#env,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }
}
