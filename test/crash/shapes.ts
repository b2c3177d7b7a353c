import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instrumentsCsv } from '../../connectors/simulate/instruments.ts';

const FAULTS = '{ gaps: 0.002, duplicates: 0.002, disorder: 0.01, bad_rows: 0.005 }';
const SYMBOLS = 8;
const operators = (from: string) => `    operators:
      clean: { use: normalize, from: ${from}, with: { instruments: instruments.csv } }
      bars: { use: bars, from: clean, with: { every: 1s } }
      features: { use: indicators, from: bars, with: { series: [{ ema: { period: 20 } }, { rsi: { period: 14 } }, { atr: { period: 14 } }] } }
`;
const TABLES = `      trades_table: { from: clean, clickhouse: { table: trades } }
      bars_table: { from: features, clickhouse: { table: bars } }
`;

/** A pipeline to be killed, and what is to be compared of its dead letters. */
export interface Shape {
  readonly name: string;
  /** It ends by itself; else it is stopped once all is written. */
  readonly finite: boolean;
  /** Columns of `rejected` that do not tell when or through which message a row came. */
  readonly rejected: readonly string[];
  text(seed: number): string;
}

const SAID = ['pipeline', 'node', 'code', 'reason', 'raw'];

/** An exchange straight into the operators: four partitions, four tasks. */
const direct: Shape = {
  name: 'simulate -> operators -> tables',
  finite: true,
  rejected: [...SAID, 'source', 'partition', 'offset', 'row'],
  text: (seed) => `version: 1
pipelines:
  direct:
    sources:
      exchange:
        simulate: { seed: ${seed}, symbols: ${SYMBOLS}, rows: 200000, rate: 2000, quotes: 0.3, faults: ${FAULTS} }
        time: { column: ts_event, lateness: 250ms }
${operators('exchange')}    sinks:
${TABLES}`,
};

/**
 * The same through a topic, which never ends. One task feeds it, so that the order within each of its partitions is the same in
 * every run; nothing is ever idle, so that watermarks, and with them the bars that are done, depend on the rows alone.
 */
const topic: Shape = {
  name: 'simulate -> topic -> operators -> tables',
  finite: false,
  rejected: SAID,
  text: (seed) => `version: 1
pipelines:
  market:
    sources:
      exchange: { simulate: { seed: ${seed}, symbols: ${SYMBOLS}, rows: 80000, rate: 1000, quotes: 0.3, partitions: 1, faults: ${FAULTS} } }
      trades: { topic: market.raw, key: symbol, time: { column: ts_event, lateness: 250ms, idle: 1h } }
${operators('trades')}    sinks:
      raw: { from: exchange, topic: market.raw, key: symbol }
${TABLES}`,
};

export const SHAPES: readonly Shape[] = [direct, topic];

/** Writes the pipeline and its instruments into a folder. */
export function write(shape: Shape, seed: number, folder: string): void {
  writeFileSync(join(folder, 'pipelines.yaml'), shape.text(seed));
  writeFileSync(join(folder, 'instruments.csv'), instrumentsCsv(SYMBOLS));
}
