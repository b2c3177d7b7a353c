import kafka, { type Message } from '@confluentinc/kafka-javascript';
import { ArrowStreamEncoder } from '../connectors/formats/arrow-encoder.ts';
import type { Format } from '../graph/contract/format.ts';
import type { Plan } from '../graph/contract/plan.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { called, connected, disconnected, type Load } from './broker.ts';

export const REFERENCE_PARTITIONS = 4;
const MESSAGE_ROWS = 10_000;

/** How the trades of the reference job lie in their topic. */
export type Layout = 'json' | 'arrow';

/** The reference job as a pipeline file: what it reads and writes, and at which broker, comes from the environment. */
export const referenceText = (layout: Layout, pipeline: string): string => `version: 1
connections: { broker: "kafka://\${BS}" }
pipelines:
  ${pipeline}:
    tasks: ${REFERENCE_PARTITIONS}
    sources:
      trades:
        topic: \${IN}
        format: ${layout}
        schema:
          columns:
            symbol: dictionary
            venue: dictionary
            price: float64
            size: float64
            aggressor_side: { type: dictionary, from: side }
            ts_event: { type: timestamp, unit: ns }
            sequence: { type: int64, nullable: true }
        time: ts_event
        key: symbol
    operators:
      valid: { use: filter, from: trades, with: { where: "price > 0 and size > 0 and (aggressor_side = 'buy' or aggressor_side = 'sell')" } }
      bars: { use: bars, from: valid, with: { every: 1s, by: [symbol] } }
      features:
        use: indicators
        from: bars
        with:
          by: [symbol]
          series:
            - { ema: { period: 20, as: ema20 } }
            - { rsi: { period: 14, as: rsi14 } }
            - { macd: { fast: 12, slow: 26, signal: 9, as: macd } }
            - { bbands: { period: 20, deviations: 2, as: bb } }
            - { atr: { period: 14, as: atr14 } }
      named:
        use: select
        from: features
        with:
          keep: [symbol, open, high, low, close, volume, vwap, trades, ema20, rsi14, macd, macd_signal, macd_hist, atr14]
          columns: { ts: ts_open, bb_mid: bb_middle, bb_upper: bb_upper, bb_lower: bb_lower }
    sinks:
      out: { from: named, topic: "\${OUT}", format: { json: { times: ns } }, key: symbol, partitions: ${REFERENCE_PARTITIONS} }
`;

/** The messages of a topic of JSON trades as Arrow messages of 10,000 rows, each partition for itself; what is no JSON is left out. */
export async function* asArrow(servers: string, topic: string, messages: number, plan: Plan, registry: Registry): AsyncGenerator<Load> {
  const [input] = plan.inputs;
  if (!input) throw new Error('the reference job reads nothing');
  const format = registry.formats.get('json') as Format;
  const decoder = format.decoder(input.schema, input.format?.params);
  const encoder = new ArrowStreamEncoder(input.schema);
  const consumer = new kafka.KafkaConsumer({ 'bootstrap.servers': servers, 'group.id': 'bench.arrow', 'enable.auto.commit': false }, {});
  await connected(consumer);
  consumer.assign(Array.from({ length: REFERENCE_PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 })));
  consumer.setDefaultConsumeTimeout(200);
  const waiting: Buffer[][] = Array.from({ length: REFERENCE_PARTITIONS }, () => []);
  const packed = (values: readonly Buffer[]): Buffer => {
    const offsets = new Int32Array(values.length + 1);
    values.forEach((value, i) => {
      offsets[i + 1] = (offsets[i] as number) + value.length;
    });
    const { batch } = decoder.decode({ bytes: Buffer.concat(values), offsets, recvNs: null });
    if (!batch) throw new Error('no trade of a message can be read');
    const bytes = encoder.stream(batch);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  try {
    for (let count = 0; count < messages; ) {
      const batch = await called<Message[]>((done) => consumer.consume(5_000, done));
      for (const { partition, value } of batch) {
        const values = waiting[partition] as Buffer[];
        if (value) values.push(value);
        if (values.length === MESSAGE_ROWS) yield { partition, key: null, value: packed(values.splice(0)) };
      }
      count += batch.length;
    }
    for (const [partition, values] of waiting.entries()) if (values.length > 0) yield { partition, key: null, value: packed(values) };
  } finally {
    await disconnected(consumer);
  }
}
