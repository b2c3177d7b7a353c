import { copyFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { Subject } from 'rxjs';
import { openFiles } from '../connectors/file/source.ts';
import { int64 } from '../graph/contract/batch.ts';
import type { Format } from '../graph/contract/format.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import type { Kernel } from '../graph/contract/kernel.ts';
import type { Plan } from '../graph/contract/plan.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { runInProcess } from '../graph/run/in-process.ts';
import { kernelContext } from '../graph/wire/wire.ts';
import { writeCapture } from './capture-file.ts';
import { atLeast, type Bench, type BenchContext, type Figure, figure } from './figure.ts';
import { type Cost, costOfAsync } from './measure.ts';
import { planOf, registryAt, runToEnd } from './pipeline.ts';
import { TRADE_COLUMNS, writeTrades } from './trades-file.ts';

const ROWS = 4_000_000;
const BATCH_ROWS = 65_536;
const CAPTURE_LINES = 1_500_000;
const ROOT = join(import.meta.dirname, '..', '..');

/** `file -> normalize -> bars -> indicators -> discard`, from rows in columns. */
export const arrowToDiscard: Bench = {
  name: 'arrow',
  summary: 'file (Arrow) -> normalize -> bars -> indicators -> discard',
  async run(context) {
    const path = join(context.folder, 'trades.arrow');
    await writeTrades(path, ROWS, BATCH_ROWS);
    copyFileSync(join(ROOT, 'data', 'instruments.csv'), join(context.folder, 'instruments.csv'));
    context.note(`${ROWS} trades in ${(statSync(path).size / 1e6).toFixed(0)} MB of Arrow`);
    const source = `{ file: trades.arrow, format: arrow, schema: { columns: [${TRADE_COLUMNS.join(', ')}] }, time: ts_event }`;
    return measured(context, 'trades.arrow', ROWS, textOf(source, 'instruments: instruments.csv'), 'rows/s', 3e6);
  },
};

/** The same from lines as a recorder wrote them. */
export const captureToDiscard: Bench = {
  name: 'capture',
  summary: 'file (raw capture lines) -> normalize -> bars -> indicators -> discard',
  async run(context) {
    const path = join(context.folder, 'lines.ndjson');
    const { lines, origin } = await writeCapture(path, CAPTURE_LINES);
    copyFileSync(join(ROOT, 'examples', 'binance', 'instruments.csv'), join(context.folder, 'instruments.csv'));
    context.note(`${lines} ${origin} lines, ${(statSync(path).size / 1e6).toFixed(0)} MB`);
    const text = textOf('{ file: lines.ndjson, format: capture, time: ts_recv }', 'venue: binance_usdm, instruments: instruments.csv');
    return measured(context, 'lines.ndjson', lines, text, 'lines/s', 0.6e6);
  },
};

function textOf(source: string, normalize: string): string {
  return `version: 1
pipelines:
  discard:
    dead_letters: { topic: discard.rejected }
    sources:
      trades: ${source}
    operators:
      clean: { use: normalize, from: trades, with: { ${normalize} } }
      bars: { use: bars, from: clean, with: { every: 1s } }
      features: { use: indicators, from: bars, with: { series: [{ ema: { period: 20 } }, { rsi: { period: 14 } }, { atr: { period: 14 } }] } }
`;
}

async function measured(
  { folder, note }: BenchContext,
  path: string,
  rows: number,
  text: string,
  unit: string,
  aim: number,
): Promise<Figure[]> {
  const registry = registryAt(null);
  const plan = planOf(text, folder, registry, { tasks: 1 });
  const read = await best(2, () => readAll(folder, path, plan, registry, () => undefined));
  const plain = await best(2, () => {
    const loop = kernelLoop(plan, registry);
    return readAll(folder, path, plan, registry, loop);
  });
  const inProcess = await best(2, () => {
    const batches = new Subject<RecordBatch>();
    const running = runInProcess(plan, registry.operators, { trades: batches });
    running.port('features').subscribe();
    running.start();
    return readAll(folder, path, plan, registry, (batch) => batches.next(batch));
  });
  let run = 0;
  const engine = await best(2, async () => {
    const cost = await runToEnd(plan, join(folder, `log-${run++}`), folder, registry, note);
    const taken = cost.view.nodes.find(({ name }) => name === 'clean')?.rowsIn;
    if (taken !== rows) throw new Error(`${taken} of ${rows} rows were read`);
    return cost;
  });
  const by = (cost: Cost): number => rows / cost.wall;
  const byCpu = (cost: Cost): number => rows / cost.cpu;
  const cpu = `${unit.slice(0, -1)}CPU s`;
  const kernels = { name: 'read, decode and call the kernels in a loop', figure: by(plain) };
  return [
    figure('read and decode', by(read), unit),
    figure('in process, without a log', by(inProcess), unit, kernels),
    figure('engine on the embedded log', by(engine), unit, kernels, [atLeast(aim)]),
    figure('engine, by CPU time', byCpu(engine), cpu, { name: kernels.name, figure: byCpu(plain) }),
  ];
}

/** The cheapest of several runs. */
async function best<C extends Cost>(runs: number, work: () => Promise<C>): Promise<C> {
  let found = await work();
  for (let i = 1; i < runs; i++) {
    const next = await work();
    if (next.wall < found.wall) found = next;
  }
  return found;
}

/** Reads and decodes the file of the plan's only source from end to end. */
function readAll(folder: string, path: string, plan: Plan, registry: Registry, take: (batch: RecordBatch) => void): Promise<Cost> {
  const [input] = plan.inputs;
  const format = registry.formats.get(input?.format?.name ?? '') as Format;
  if (!input) throw new Error('the plan has no source');
  const decoder = format.decoder(input.schema, input.format?.params);
  return costOfAsync(async () => {
    const context = { pipeline: 'discard', node: 'trades', folder, dataDir: folder, connection: null, note: () => undefined };
    const reader = await openFiles({ path, pace: 'max', pace_by: 'ts_recv' }, context);
    for (let at = 0; ; ) {
      const chunk = await reader.read(0, at, 262_144, 48e6);
      if (!chunk?.payloads) break;
      const { batch } = decoder.decode(chunk.payloads);
      if (batch) take(batch);
      at = chunk.to;
    }
    await reader.close();
  });
}

/** The plan's kernels, one after the other, as a program without a graph would call them. */
function kernelLoop(plan: Plan, registry: Registry): (batch: RecordBatch) => void {
  const files = new Map(plan.nodes.flatMap((node) => Object.values(node.files)).map((file) => [file, readFileSync(file, 'utf8')]));
  const kernels = plan.nodes.map((node): Kernel => {
    const operator = registry.operators.get(node.operator);
    if (!operator) throw new Error(`there is no operator ${node.operator}`);
    return operator.create(kernelContext(node, files));
  });
  const push = (at: number, batch: RecordBatch): void =>
    kernels[at]?.push(batch, 'in', (port, out) => (port === 'out' ? push(at + 1, out) : undefined), MIN_NS);
  return (batch) => {
    push(0, batch);
    const newest = int64(batch, plan.inputs[0]?.time?.column ?? '')[batch.numRows - 1] as bigint;
    kernels.forEach((kernel, i) => {
      kernel.advance(newest, 0n, (port, out) => (port === 'out' ? push(i + 1, out) : undefined));
    });
  };
}
