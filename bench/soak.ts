import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { wallClockNs } from '../cli/engines.ts';
import { openEmbeddedClickhouse } from '../connectors/clickhouse/embedded.ts';
import { openEmbeddedLog } from '../connectors/embedded/log.ts';
import { runPipeline } from '../graph/run/pipeline.ts';
import { atMost, type Bench, figure } from './figure.ts';
import { planOf, registryAt } from './pipeline.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SAMPLE_SECONDS = 10;
/** Share of the time that counts as warm-up. */
const WARM_UP = 0.3;
const MB = 1024 * 1024;
/** Growth below this is flat, MB/min. */
const FLAT = 2;

const TEXT = `version: 1
connections: { clickhouse: embedded }
pipelines:
  soak:
    dead_letters: { topic: soak.rejected }
    sources:
      trades: { simulate: { pace: max, rate: 20000, quotes: 0, start: "2024-01-01T00:00:00Z", faults: { gaps: 0.0005, duplicates: 0.0005, disorder: 0.001, bad_rows: 0.0001 } } }
    operators:
      clean: { use: normalize, from: trades, with: { instruments: instruments.csv } }
      bars: { use: bars, from: clean, with: { every: 1s } }
      features: { use: indicators, from: bars, with: { series: [{ ema: { period: 20 } }, { rsi: { period: 14 } }] } }
    sinks:
      table: { from: features, clickhouse: { table: bars } }
`;

/** Memory at full rate: an endless exchange as fast as it is read, to a table. */
export const soak: Bench = {
  name: 'soak',
  summary: 'memory at full rate: simulate -> normalize -> bars -> indicators -> ClickHouse, endless',
  async run({ folder, note, minutes }) {
    copyFileSync(join(ROOT, 'data', 'instruments.csv'), join(folder, 'instruments.csv'));
    const engine = await openEmbeddedClickhouse({ dataDir: join(folder, 'data'), note });
    const registry = registryAt(await engine.address());
    const log = await openEmbeddedLog({ dir: join(folder, 'log'), budgetBytes: 1024 ** 3, clock: wallClockNs, note });
    const environment = { registry, log, folder, dataDir: join(folder, 'data'), loseState: false, clock: wallClockNs, note };
    try {
      const running = runPipeline(planOf(TEXT, folder, registry), environment);
      let ended = false;
      void running.done.then(() => {
        ended = true;
      });
      const from = performance.now();
      const samples: Sample[] = [];
      const rowsAt = (): number => running.view().nodes.find(({ name }) => name === 'clean')?.rowsIn ?? 0;
      while (performance.now() - from < minutes * 60_000 && !ended) {
        await wait(Math.min(SAMPLE_SECONDS * 1000, minutes * 6000));
        const sample = sampleAt((performance.now() - from) / 60_000);
        samples.push(sample);
        const { minute, residentMb, anonymousMb, heapMb } = sample;
        const memory = `${residentMb.toFixed(0)} MB, ${anonymousMb.toFixed(0)} without mapped files, heap ${heapMb.toFixed(0)}`;
        note(`${(minute * 60).toFixed(0)} s: ${memory}; ${rowsAt()} rows`);
      }
      const seconds = (performance.now() - from) / 1000;
      const rows = rowsAt();
      await running.drain();
      const { error } = await running.done;
      if (error) throw error;
      const steady = samples.slice(Math.floor(samples.length * WARM_UP));
      const growth = (of: (sample: Sample) => number): number => slopeOf(steady.map((sample) => [sample.minute, of(sample)]));
      const middle = steady.map(({ residentMb }) => residentMb).sort((a, b) => a - b)[steady.length >> 1] ?? 0;
      return [
        figure(
          'growth of memory after warm-up, without mapped files',
          growth(({ anonymousMb }) => anonymousMb),
          'MB/min',
          null,
          [atMost(FLAT)],
        ),
        figure(
          'growth with the pages of mapped files',
          growth(({ residentMb }) => residentMb),
          'MB/min',
        ),
        figure('resident memory, median', middle, 'MB'),
        figure('rate', rows / seconds, 'rows/s'),
      ];
    } finally {
      await log.close();
      await engine.stop();
    }
  },
};

interface Sample {
  readonly minute: number;
  readonly residentMb: number;
  /** Resident, but for the pages of mapped files, which are the log's index and can be dropped at any time. */
  readonly anonymousMb: number;
  readonly heapMb: number;
}

/** Memory of this process now. Source of the anonymous part: `proc(5)`, `RssAnon` of status. */
function sampleAt(minute: number): Sample {
  const { rss, heapUsed } = process.memoryUsage();
  const anonymousKb = Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN);
  return { minute, residentMb: rss / MB, anonymousMb: anonymousKb / 1024, heapMb: heapUsed / MB };
}

/** Slope of the line through points by least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const over = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  const under = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
