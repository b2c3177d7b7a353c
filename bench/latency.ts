import { execFile } from 'node:child_process';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { wallClockNs } from '../cli/engines.ts';
import { runPipeline } from '../graph/run/pipeline.ts';
import type { Kafka } from '../test/services/kafka.ts';
import { openLogAt, withBroker } from './broker.ts';
import { atMost, type Bench, type Figure, figure } from './figure.ts';
import type { Latencies, LatencyLoad } from './latency-load.ts';
import { planOf, registryAt } from './pipeline.ts';

const PARTITIONS = 4;
const RATES = [1_000, 20_000];
const WARM_SECONDS = 20;
const SECONDS = Number(process.env.MILLRACE_BENCH_SECONDS ?? 12);
const LOAD = join(import.meta.dirname, `latency-load${extname(import.meta.filename)}`);
const LATENCY = '5ms';

const textOf = (servers: string, rate: number): string => `version: 1
connections: { broker: "kafka://${servers}" }
pipelines:
  latency${rate}:
    latency: ${LATENCY}
    sources:
      trades:
        topic: in.${rate}
        format: json
        schema: { columns: [symbol, price, size, ts_event, sequence] }
        time: ts_event
    operators:
      worth: { use: select, from: trades, with: { keep: [symbol, sequence], columns: { notional: price * size } } }
    sinks:
      out: { from: worth, topic: out.${rate}, format: json, partitions: ${PARTITIONS} }
`;

/** From the call that sends a row to the arrival of the row made of it, beside one hop over the broker without a graph. */
export const latency: Bench = {
  name: 'latency',
  summary: `produced row -> derived row at a read_committed reader, exactly once, at ${RATES.join(' and ')} rows/s`,
  async run({ folder, note }) {
    return withBroker(async (broker) => {
      const figures: Figure[] = [];
      for (const rate of RATES) {
        for (const topic of [`in.${rate}`, `out.${rate}`, `hop.${rate}`]) await broker.admin.createTopic(topic, { partitions: PARTITIONS });
        const hop = await loaded(broker, rate, `hop.${rate}`, `hop.${rate}`);
        note(`${rate} rows/s, one hop: ${told(hop)}`);
        const derived = await withPipeline(broker, rate, folder, () => loaded(broker, rate, `in.${rate}`, `out.${rate}`));
        if (derived.missing > 0) throw new Error(`${derived.missing} rows did not arrive`);
        note(`${rate} rows/s, derived: ${told(derived)}`);
        figures.push(
          figure(`${rate} rows/s, p99`, derived.p99, 'ms', { name: 'one hop, p99', figure: hop.p99 }, [atMost(25)]),
          figure(`${rate} rows/s, p50`, derived.p50, 'ms', { name: 'one hop, p50', figure: hop.p50 }),
        );
      }
      return figures;
    });
  },
};

const told = ({ rows, p50, p99, most, behind }: Latencies): string =>
  `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, most ${most.toFixed(1)} ms of ${rows} rows; the sender fell ${behind.toFixed(1)} ms behind at most`;

/** The load in a process of its own. */
async function loaded(broker: Kafka, rate: number, from: string, to: string): Promise<Latencies> {
  const load: LatencyLoad = {
    servers: broker.bootstrap,
    from,
    to,
    partitions: PARTITIONS,
    rate,
    warmSeconds: WARM_SECONDS,
    seconds: SECONDS,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, LOAD, JSON.stringify(load)]);
  return JSON.parse(stdout) as Latencies;
}

/** What the work gives while the pipeline runs. */
async function withPipeline<R>(broker: Kafka, rate: number, folder: string, work: () => Promise<R>): Promise<R> {
  const registry = registryAt(null);
  const topics = new Map([`in.${rate}`, `out.${rate}`].map((topic) => [topic, PARTITIONS] as const));
  const plan = planOf(textOf(broker.bootstrap, rate), folder, registry, { facts: { topics, sources: new Map() } });
  const note = (line: string): void => void process.stderr.write(`  ${line}\n`);
  const log = await openLogAt(broker.bootstrap, folder, note);
  const running = runPipeline(plan, { registry, log, folder, dataDir: folder, loseState: false, clock: wallClockNs, note });
  try {
    const failed = running.done.then(({ error }) => Promise.reject(error ?? new Error('the pipeline ended early')));
    return await Promise.race([work(), failed]);
  } finally {
    await running.drain();
    await log.close();
  }
}
