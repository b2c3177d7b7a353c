import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Kafka, kafkaMissing, startKafka } from '../services/kafka.ts';
import { produce } from '../services/kafka-client.ts';
import { describeWith } from '../services/suite.ts';
import { folderWith, run, type Started, start } from './millrace.ts';

const ANY_PORT = ['--status-port', '0'];
const SYMBOLS = 5;
const FILES = 3;
/** Rows of each file, 10 ms of event time apart. */
const ROWS = 12_000;
const START_MS = Date.UTC(2024, 7, 8, 12);

const rowAt = (file: number, n: number) => ({
  ts_event: new Date(START_MS + n * 10).toISOString(),
  symbol: `S${(n * 31 + file) % SYMBOLS}`,
  price: 100 + ((n * 17) % 50) / 8,
  size: ((n * 13 + file) % 100) + 1,
});

const files = (): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: FILES }, (_, file) => [
      `trades-${file}.ndjson`,
      `${Array.from({ length: ROWS }, (_, n) => JSON.stringify(rowAt(file, n))).join('\n')}\n`,
    ]),
  );

/** Volume and count of every bar, computed row by row: what no process may lose or double. */
function expectedBars(): Map<string, { volume: number; trades: number }> {
  const bars = new Map<string, { volume: number; trades: number }>();
  for (let file = 0; file < FILES; file++)
    for (let n = 0; n < ROWS; n++) {
      const { symbol, size } = rowAt(file, n);
      const key = `${symbol} ${START_MS + (Math.floor((n * 10) / 1000) + 1) * 1000}`;
      const bar = bars.get(key) ?? { volume: 0, trades: 0 };
      bars.set(key, { volume: bar.volume + size, trades: bar.trades + 1 });
    }
  return bars;
}

const barsPipeline = (name: string, pace: string) => `version: 1
pipelines:
  ${name}:
    tasks: 4
    sources:
      trades:
        file: { path: trades-*.ndjson, pace: ${pace}, pace_by: ts_event }
        format: json
        schema: { columns: { ts_event: timestamp, symbol: dictionary, price: float64, size: float64 } }
        time: ts_event
    operators:
      bars: { use: bars, from: trades, with: { every: 1s } }
    sinks:
      out: { from: bars, file: bars.ndjson }
`;

function writtenBars(folder: string): Map<string, { volume: number; trades: number }> {
  const lines = readFileSync(join(folder, 'bars.ndjson'), 'utf8').trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as { symbol: string; ts_event: string; volume: number; trades: number });
  const bars = new Map(rows.map(({ symbol, ts_event, volume, trades }) => [`${symbol} ${Date.parse(ts_event)}`, { volume, trades }]));
  expect(bars.size).toBe(rows.length);
  return bars;
}

interface Told {
  readonly pid: number;
  readonly status: { readonly url: string };
  readonly workers?: readonly { readonly name: string; readonly pid: number | null }[];
}

interface Status {
  readonly pipelines: readonly {
    readonly state: string;
    readonly tasks: readonly { readonly task: number; readonly state: string; readonly worker?: string }[];
    readonly nodes: readonly { readonly name: string; readonly rowsIn: number }[];
    readonly log: { readonly description: string; readonly statistics?: Readonly<Record<string, number>> };
  }[];
  readonly workers?: readonly { readonly name: string; readonly restarts: number; readonly state: string }[];
}

/** Asks again until the answer is there; the test's own time-out is its end. */
async function until<T>(ask: () => Promise<T | null> | T | null): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const toldIn = (folder: string, name = 'run.json'): Told | null => {
  try {
    return JSON.parse(readFileSync(join(folder, '.millrace', name), 'utf8')) as Told;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
};

async function statusOf(url: string): Promise<Status> {
  return (await (await fetch(`${url}/status`)).json()) as Status;
}

const rowsIn = (status: Status, node: string): number => status.pipelines[0]?.nodes.find(({ name }) => name === node)?.rowsIn ?? 0;
const running = (status: Status) => status.pipelines[0]?.tasks.filter(({ state }) => state === 'running').map(({ task }) => task) ?? [];

describeWith('on a Kafka broker', [kafkaMissing()], () => {
  let kafka: Kafka;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    kafka = await startKafka();
    env = { MILLRACE_BROKER: `kafka://${kafka.bootstrap}` };
  }, 240_000);

  afterAll(() => kafka?.close());

  /** Two workers that both read; null where one of them, on a busy machine, had read all before the other had begun. */
  async function twoAtWork(pace: number): Promise<{ folder: string; name: string; parent: Started; url: string } | null> {
    const name = `spread${pace}`;
    const folder = folderWith({ ...files(), 'pipelines.yaml': barsPipeline(name, `${pace}x`) });
    const parent = start(folder, ['run', '--workers', '2', '--json', ...ANY_PORT], env);
    let isOver = false;
    void parent.ended.then(() => {
      isOver = true;
    });
    return until(async () => {
      const url = toldIn(folder)?.status.url;
      const now = url === undefined ? null : await statusOf(url).catch(() => null);
      if (isOver) return { found: null };
      const workers = new Set(now?.pipelines[0]?.tasks.map(({ worker }) => worker));
      return now && url && workers.size === 2 && rowsIn(now, 'bars') > 0 ? { found: { folder, name, parent, url } } : null;
    }).then(({ found }) => found);
  }

  it('files read by two workers, one of them killed, give every row once', async () => {
    let working: Awaited<ReturnType<typeof twoAtWork>> = null;
    for (let pace = 30; working === null; pace = Math.ceil(pace / 2)) working = await twoAtWork(pace);
    const { folder, name, parent, url } = working;
    const victim = toldIn(folder)?.workers?.find(({ pid }) => pid !== null);
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await parent.says(new RegExp(`${victim?.name} was ended by SIGKILL`));
    await until(async () => ((await statusOf(url)).workers?.some(({ restarts }) => restarts === 1) ? true : null));
    const { code, stdout, stderr } = await parent.ended;
    expect(code, stderr).toBe(0);
    expect(writtenBars(folder)).toEqual(expectedBars());
    expect(JSON.parse(stdout)).toMatchObject({ pipeline: name, nodes: { bars: { late: 0 } } });
    expect(existsSync(join(folder, '.millrace', 'run.json'))).toBe(false);
  }, 240_000);

  it('two processes of one file share its tasks, and one that is stopped hands its own over', async () => {
    const text = `version: 1
pipelines:
  shared:
    tasks: 4
    sources:
      exchange: { simulate: { symbols: 8, rate: 2000, partitions: 4 } }
    sinks:
      rows: { from: exchange, topic: shared.rows }
`;
    const folder = folderWith({ 'pipelines.yaml': text });
    const first = start(folder, ['run', ...ANY_PORT], env);
    const one = await until(() => toldIn(folder));
    await until(async () => (running(await statusOf(one.status.url)).length === 4 ? true : null));
    const second = start(folder, ['run', ...ANY_PORT], env);
    const two = await until(() => toldIn(folder, `run.${second.process.pid}.json`));
    await until(async () => {
      const split = [running(await statusOf(one.status.url)), running(await statusOf(two.status.url))];
      return split.every((tasks) => tasks.length > 0) && split.flat().sort().join() === '0,1,2,3' ? true : null;
    });
    const shown = await run(folder, ['status', '--json'], env);
    expect(JSON.parse(shown.stdout).pipelines[0].tasks).toHaveLength(4);
    expect(new Set(JSON.parse(shown.stdout).pipelines[0].tasks.map(({ worker }: { worker: string }) => worker)).size).toBe(2);
    first.process.kill('SIGINT');
    expect((await first.ended).code).toBe(0);
    await until(async () => (running(await statusOf(two.status.url)).length === 4 ? true : null));
    second.process.kill('SIGINT');
    const { code, stderr } = await second.ended;
    expect(code, stderr).toBe(0);
  }, 240_000);

  it('says which topic is missing, and stops when one has grown', async () => {
    const text = `version: 1
pipelines:
  orders:
    tasks: 2
    sources:
      orders: { topic: orders.in, format: json, schema: { columns: { ts_event: timestamp, symbol: dictionary } }, key: symbol }
    sinks:
      out: { from: orders, topic: orders.out }
`;
    const folder = folderWith({ 'pipelines.yaml': text });
    const missing = await run(folder, ['plan', '--json'], env);
    expect([missing.code, JSON.parse(missing.stdout).diagnostics]).toMatchObject([1, [{ code: 'topic-missing', line: 6, column: 24 }]]);
    expect((await run(folder, ['check'], env)).code).toBe(0);
    await kafka.admin.createTopic('orders.in', { partitions: 6 });
    const plan = JSON.parse((await run(folder, ['plan', '--json'], env)).stdout).plans[0];
    expect(plan.sources).toMatchObject([{ name: 'orders', partitions: 6 }]);
    const rows = Array.from({ length: 60 }, (_, n) => ({
      partition: n % 6,
      value: JSON.stringify({ ts_event: new Date(START_MS + n).toISOString(), symbol: `S${n % 6}` }),
    }));
    await produce(kafka, 'orders.in', rows);
    const read = start(folder, ['run', ...ANY_PORT], env);
    const { status } = await until(() => toldIn(folder));
    await until(async () => (rowsIn(await statusOf(status.url), 'orders') === 60 ? true : null));
    read.process.kill('SIGINT');
    expect((await read.ended).code).toBe(0);
    await kafka.admin.addPartitions('orders.in', 8);
    const grown = await run(folder, ['run', ...ANY_PORT], env);
    expect(grown.code).toBe(2);
    expect(grown.stderr).toContain('error[partitions-changed]: orders: topic "orders.in" has 8 partitions, and the state was made with 6');
  }, 240_000);

  it('shows workers, the broker and figures of its client, and drains all workers at one Ctrl-C', async () => {
    const text = `version: 1
pipelines:
  live:
    tasks: 4
    sources:
      exchange: { simulate: { symbols: 8, rate: 2000, partitions: 4 } }
    sinks:
      rows: { from: exchange, topic: live.rows }
`;
    const folder = folderWith({ 'pipelines.yaml': text });
    const parent: Started = start(folder, ['run', '--workers', '3', ...ANY_PORT], env);
    const { status } = await until(() => toldIn(folder));
    const now = await until(async () => {
      const answer = await statusOf(status.url);
      const [view] = answer.pipelines;
      return view && running(answer).length === 4 && view.log.statistics && rowsIn(answer, 'exchange') > 0 ? answer : null;
    });
    expect(now.workers).toMatchObject([{ name: 'worker-0' }, { name: 'worker-1' }, { name: 'worker-2' }]);
    expect(now.pipelines[0]?.log.description).toMatch(/^kafka/);
    const metrics = await (await fetch(`${status.url}/metrics`)).text();
    expect(metrics).toMatch(/^millrace_log_sent_bytes_total\{pipeline="live"\} [1-9]/m);
    expect((await run(folder, ['status'], env)).stdout).toMatch(/^worker-\d: tasks? \d.* running$/m);
    parent.process.kill('SIGINT');
    const { code, stdout, stderr } = await parent.ended;
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^live: \d+ epochs in/);
    expect(stderr).not.toContain('starts again');
  }, 240_000);
});
