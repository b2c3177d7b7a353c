import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instrumentsCsv } from '../../connectors/simulate/instruments.ts';

const FAULTS = '{ gaps: 0.002, duplicates: 0.002, disorder: 0.01, bad_rows: 0.005 }';
const SYMBOLS = 8;
const operators = (from: string) => `    operators:
      clean: { use: normalize, from: ${from}, with: { instruments: instruments.csv } }
      bars: { use: bars, from: clean, with: { every: 100ms } }
      features: { use: indicators, from: bars, with: { series: [{ ema: { period: 20 } }, { rsi: { period: 14 } }, { atr: { period: 14 } }] } }
`;
const TABLES = `      trades_table: { from: clean, clickhouse: { table: trades } }
      bars_table: { from: features, clickhouse: { table: bars } }
`;

/** Which rows there are, and when: they come live from `start` on, so that a run is under way as long as it is to be struck. */
export interface Life {
  readonly seed: number;
  readonly start: Date;
  readonly seconds: number;
}

const exchange = ({ seed, start, seconds }: Life, rate: number, partitions: number) =>
  `{ seed: ${seed}, symbols: ${SYMBOLS}, partitions: ${partitions}, rows: ${rate * seconds}, rate: ${rate}, pace: live, ` +
  `start: ${start.toISOString()}, quotes: 0.3, faults: ${FAULTS} }`;

/** A pipeline to be killed, and what is to be compared of its dead letters. */
export interface Shape {
  readonly name: string;
  /** It ends by itself; else it is stopped once all is written. */
  readonly finite: boolean;
  /** Columns of `rejected` that do not tell when or through which message a row came. */
  readonly rejected: readonly string[];
  text(life: Life): string;
}

const SAID = ['pipeline', 'node', 'code', 'reason', 'raw'];

/** An exchange straight into the operators: four partitions, four tasks. */
const direct: Shape = {
  name: 'simulate -> operators -> tables',
  finite: true,
  rejected: [...SAID, 'source', 'partition', 'offset', 'row'],
  text: (life) => `version: 1
pipelines:
  direct:
    sources:
      exchange:
        simulate: ${exchange(life, 20_000, 4)}
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
  text: (life) => `version: 1
pipelines:
  market:
    sources:
      exchange: { simulate: ${exchange(life, 10_000, 1)} }
      trades: { topic: market.raw, key: symbol, time: { column: ts_event, lateness: 250ms, idle: 1h } }
${operators('trades')}    sinks:
      raw: { from: exchange, topic: market.raw, key: symbol }
${TABLES}`,
};

export const SHAPES: readonly Shape[] = [direct, topic];

/** Writes the pipeline and its instruments into a folder. */
export function write(shape: Shape, life: Life, folder: string): void {
  writeFileSync(join(folder, 'pipelines.yaml'), shape.text(life));
  writeFileSync(join(folder, 'instruments.csv'), instrumentsCsv(SYMBOLS));
}
