import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { ArrowStreamEncoder } from '../connectors/formats/arrow-encoder.ts';
import type { Kafka } from '../test/services/kafka.ts';
import { fill, type Load, openLogAt, withBroker } from './broker.ts';
import { atLeast, type Bench, figure } from './figure.ts';
import { plainCopy } from './kafka-plain.ts';
import { type RunCost, runUntil } from './kafka-run.ts';
import { planOf, registryAt } from './pipeline.ts';
import { simulatedTrades } from './trades-file.ts';

const MESSAGE_ROWS = 10_000;
const MESSAGES = Number(process.env.MILLRACE_BENCH_MESSAGES ?? 900);
const PARTITIONS = 4;
/** Messages of one transaction of the plain copy. */
const GROUP = 20;
const ROUNDS = 3;
/** 32 bytes a row. */
const COLUMNS = ['ts_event', 'symbol', 'price', 'size', 'aggressor_side'];
const COMPRESSION = process.env.MILLRACE_BENCH_COMPRESSION ?? 'zstd';

const textOf = (servers: string, run: number): string => `version: 1
connections: { broker: "kafka://${servers}" }
pipelines:
  copy${run}:
    sources:
      trades: { topic: trades, format: arrow, schema: { columns: [${COLUMNS.join(', ')}] }, time: ts_event }
    operators:
      sound: { use: filter, from: trades, with: { where: price > 0 and size > 0 } }
    sinks:
      out: { from: sound, topic: out.${run}, partitions: ${PARTITIONS} }
`;

/** Rows through the engine from topic to topic, beside the least that a program must do for the same. */
export const kafka: Bench = {
  name: 'kafka',
  summary: 'Kafka (Arrow) -> filter -> Kafka, exactly once, beside plain consume -> produce of the same bytes',
  async run({ folder, note }) {
    return withBroker(async (broker) => {
      await prepare(broker, note);
      const costs: RunCost[] = [];
      const plains: RunCost[] = [];
      for (let run = 0; run < ROUNDS; run++) {
        plains.push(await plainly(broker, run));
        costs.push(await throughGraph(broker, run, join(folder, `run-${run}`)));
        note(`plain copy: ${told(plains[run] as RunCost)}; graph: ${told(costs[run] as RunCost)}`);
      }
      const rate = ({ messages, wall }: RunCost): number => (messages * MESSAGE_ROWS) / wall;
      const byCpu = ({ messages, cpu, broker: other }: RunCost): number => ((cpu + other) * 1e6) / (messages * MESSAGE_ROWS);
      const best = (of: readonly RunCost[]): RunCost => of.reduce((a, b) => (rate(a) >= rate(b) ? a : b));
      const plain = best(plains);
      const graph = best(costs);
      const baseline = `plain copy, a transaction every ${GROUP} messages`;
      return [
        figure('exactly once, broker included', rate(graph), 'rows/s', { name: baseline, figure: rate(plain) }, [atLeast(3e6)]),
        figure('CPU, broker included', byCpu(graph), 's/M rows', { name: baseline, figure: byCpu(plain) }),
        figure('rows of a transaction', (graph.messages * MESSAGE_ROWS) / graph.rounds, 'rows'),
      ];
    });
  },
};

const told = ({ messages, wall, cpu, broker, rounds }: RunCost): string =>
  `${((messages * MESSAGE_ROWS) / wall / 1e6).toFixed(2)} M rows/s (${rounds} transactions in ${wall.toFixed(2)} s; CPU ${cpu.toFixed(2)} s, broker ${broker.toFixed(2)} s)`;

async function prepare(broker: Kafka, note: (line: string) => void): Promise<void> {
  for (const topic of ['trades', ...Array.from({ length: ROUNDS }, (_, run) => [`out.${run}`, `plain.${run}`]).flat()])
    await broker.admin.createTopic(topic, { partitions: PARTITIONS, settings: { 'max.message.bytes': '10485760' } });
  let bytes = 0;
  async function* load(): AsyncGenerator<Load> {
    let encoder: ArrowStreamEncoder | null = null;
    let at = 0;
    for await (const batch of simulatedTrades(MESSAGES * MESSAGE_ROWS, MESSAGE_ROWS, COLUMNS)) {
      encoder ??= new ArrowStreamEncoder(batch.schema);
      const value = bufferOf(encoder, batch);
      bytes += value.length;
      yield { partition: at++ % PARTITIONS, key: null, value };
    }
  }
  const count = await fill(broker.bootstrap, 'trades', load());
  note(`${count} messages of ${MESSAGE_ROWS} rows, ${(bytes / count / 1000).toFixed(0)} kB each`);
}

function bufferOf(encoder: ArrowStreamEncoder, batch: RecordBatch): Buffer {
  const bytes = encoder.stream(batch);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function plainly(broker: Kafka, run: number): Promise<RunCost> {
  const [brokerPid = 0] = broker.pids();
  const copy = { from: 'trades', to: `plain.${run}`, partitions: PARTITIONS, messages: MESSAGES, group: GROUP, compression: COMPRESSION };
  return plainCopy({ ...copy, servers: broker.bootstrap, brokerPid });
}

async function throughGraph(broker: Kafka, run: number, folder: string): Promise<RunCost> {
  const registry = registryAt(null);
  const topics = new Map([
    ['trades', PARTITIONS],
    [`out.${run}`, PARTITIONS],
  ]);
  const plan = planOf(textOf(broker.bootstrap, run), folder, registry, { facts: { topics, sources: new Map() } });
  const log = await openLogAt(broker.bootstrap, folder, () => undefined, { 'compression.type': COMPRESSION });
  const [brokerPid = 0] = broker.pids();
  try {
    return await runUntil(plan, log, registry, folder, MESSAGES, brokerPid);
  } finally {
    await log.close();
  }
}
