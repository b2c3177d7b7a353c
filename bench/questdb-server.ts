import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Sender } from '@questdb/nodejs-client';
import type { RecordBatch } from 'apache-arrow';
import { Lineage, withLineage } from '../graph/sink/lineage.ts';
import { type Questdb, serveQuestdb } from '../test/services/questdb.ts';
import { atLeast, type Bench, figure } from './figure.ts';
import { costOfAsync, cpuOf } from './measure.ts';
import { planOf, registryAt, runToEnd } from './pipeline.ts';
import { plainRows, throughClient } from './questdb-client.ts';
import { simulatedTrades, TRADE_COLUMNS, writeTrades } from './trades-file.ts';

const ROWS = Number(process.env.MILLRACE_BENCH_ROWS ?? 3_000_000);
/** Rows that the client is given: it takes as long for each. */
const CLIENT_ROWS = 300_000;
const BATCH_ROWS = 65_536;
const ROUNDS = 2;
/** A server as people run it: the compiler that takes its time. */
const JVM = ['-XX:TieredStopAtLevel=4', '-Xmx1g'];
const APPLY_MS = 60_000;

const textOf = (url: string, table: string): string => `version: 1
connections: { questdb: "${url}" }
pipelines:
  rows:
    dead_letters: { topic: rows.rejected }
    sources:
      trades: { file: trades.arrow, format: arrow, schema: { columns: [${TRADE_COLUMNS.join(', ')}] }, time: ts_event }
    sinks:
      table: { from: trades, questdb: { table: ${table} } }
`;

/** Rows through the engine into a table of a QuestDB that runs, beside the client with the same rows into a table of the same kind. */
export const questdbServer: Bench = {
  name: 'questdb-server',
  summary: 'file (Arrow) -> QuestDB table on a real server, exactly once, beside the client itself',
  async run({ folder, note }) {
    const server = await serveQuestdb({ jvm: JVM });
    try {
      await writeTrades(join(folder, 'trades.arrow'), ROWS, BATCH_ROWS);
      const registry = registryAt(null);
      const [pid = 0] = server.pids();
      let ours = { acknowledged: 0, applied: 0, cpu: Number.POSITIVE_INFINITY, served: 0 };
      for (let round = 0; round < ROUNDS; round++) {
        const plan = planOf(textOf(server.url, `trades_${round}`), folder, registry);
        const served = cpuOf(pid);
        const from = performance.now();
        const cost = await runToEnd(plan, join(folder, `log-${round}`), folder, registry, note);
        await applied(server, `trades_${round}`, ROWS);
        const seconds = (performance.now() - from) / 1000;
        note(`engine: ${(ROWS / cost.wall / 1e6).toFixed(2)} M rows/s acknowledged, ${(ROWS / seconds / 1e6).toFixed(2)} M rows/s applied`);
        const one = { acknowledged: ROWS / cost.wall, applied: ROWS / seconds, cpu: cost.cpu, served: cpuOf(pid) - served };
        if (one.acknowledged > ours.acknowledged) ours = one;
      }
      const stock = await throughStock(server);
      note(`client: ${(stock.acknowledged / 1e3).toFixed(0)} k rows/s acknowledged`);
      const client = { name: 'Sender of the client', figure: stock.acknowledged };
      return [
        figure('acknowledged, exactly once', ours.acknowledged, 'rows/s', client, [atLeast(1e6), atLeast(5, 'ratio')]),
        figure('applied', ours.applied, 'rows/s', { name: client.name, figure: stock.applied }),
        figure('CPU, without the server', (ours.cpu * 1e6) / ROWS, 's/M rows', {
          name: client.name,
          figure: (stock.cpu * 1e6) / CLIENT_ROWS,
        }),
        figure('CPU of the server', (ours.served * 1e6) / ROWS, 's/M rows', {
          name: client.name,
          figure: (stock.served * 1e6) / CLIENT_ROWS,
        }),
      ];
    } finally {
      await server.stop();
    }
  },
};

/** Resolves when the table shows all rows: the server writes them down first and applies them after. */
async function applied(server: Questdb, table: string, rows: number): Promise<void> {
  for (const until = Date.now() + APPLY_MS; ; await wait(20)) {
    const [[found] = []] = await server.rows(`SELECT count() FROM ${table}`);
    if (Number(found) === rows) return;
    if (Number(found) > rows || Date.now() > until) throw new Error(`table ${table} shows ${found} rows of ${rows}`);
  }
}

/** The same rows, with the same columns, by the client into a table that was created like ours. */
async function throughStock(server: Questdb) {
  await server.rows('CREATE TABLE stock (LIKE trades_0)');
  const batches: RecordBatch[] = [];
  let lineage: Lineage | null = null;
  for await (const batch of simulatedTrades(CLIENT_ROWS, 10_000)) {
    lineage ??= new Lineage(withLineage(batch.schema), 'bench/trades/0');
    batches.push(lineage.add(batch, { offset: batches.length, task: 0, epoch: 1 }, 0));
  }
  const rows = plainRows(batches, 'ts_event');
  const [pid = 0] = server.pids();
  const address = new URL(server.url).host;
  const sender = await Sender.fromConfig(`http::addr=${address};protocol_version=2;auto_flush=off;init_buf_size=67108864`, {
    log: () => undefined,
  });
  try {
    const served = cpuOf(pid);
    const from = performance.now();
    const cost = await costOfAsync(() => throughClient(sender, 'stock', rows, true));
    await applied(server, 'stock', CLIENT_ROWS);
    const seconds = (performance.now() - from) / 1000;
    return { acknowledged: CLIENT_ROWS / cost.wall, applied: CLIENT_ROWS / seconds, cpu: cost.cpu, served: cpuOf(pid) - served };
  } finally {
    await sender.close();
  }
}
