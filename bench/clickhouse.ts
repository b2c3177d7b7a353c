import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { Server } from '../connectors/clickhouse/client.ts';
import { openEmbeddedClickhouse } from '../connectors/clickhouse/embedded.ts';
import { concatBatches } from '../connectors/formats/arrow-concat.ts';
import { ArrowStreamEncoder } from '../connectors/formats/arrow-encoder.ts';
import { Lineage, withLineage } from '../graph/sink/lineage.ts';
import { atLeast, type Bench, figure } from './figure.ts';
import { costOfAsync, cpuOf } from './measure.ts';
import { planOf, registryAt, runToEnd } from './pipeline.ts';
import { simulatedTrades, TRADE_COLUMNS, writeTrades } from './trades-file.ts';

const ROWS = 4_000_000;
const BATCH_ROWS = 65_536;
/** Batches of one raw insert: about what a sink gathers. */
const BLOCK_BATCHES = 3;

const TEXT = `version: 1
connections: { clickhouse: embedded }
pipelines:
  rows:
    dead_letters: { topic: rows.rejected }
    sources:
      trades: { file: trades.arrow, format: arrow, schema: { columns: [${TRADE_COLUMNS.join(', ')}] }, time: ts_event }
    sinks:
      table: { from: trades, clickhouse: { table: trades } }
`;

/** Rows into a table through log, intents and acknowledgements, beside plain inserts of the same rows into the same table. */
export const clickhouse: Bench = {
  name: 'clickhouse',
  summary: 'file (Arrow) -> ClickHouse table, exactly once, beside raw ArrowStream inserts',
  async run({ folder, note }) {
    const engine = await openEmbeddedClickhouse({ dataDir: join(folder, 'data'), note });
    const url = await engine.address();
    const server = new Server(url, url);
    try {
      await writeTrades(join(folder, 'trades.arrow'), ROWS, BATCH_ROWS);
      const registry = registryAt(url);
      const plan = planOf(TEXT, folder, registry);
      const pid = enginePid(join(folder, 'data'));
      const fresh = (): Promise<void> => server.run('TRUNCATE TABLE IF EXISTS trades SYNC');
      const graph = await withEngine(pid, () => runToEnd(plan, join(folder, 'log-0'), folder, registry, note));
      await counted(server);
      await fresh();
      const blocks = await encoded();
      const raw = await withEngine(pid, () => inserted(server, blocks, 'a'));
      await counted(server);
      await fresh();
      const again = await withEngine(pid, () => runToEnd(plan, join(folder, 'log-1'), folder, registry, note));
      await fresh();
      const rawAgain = await withEngine(pid, () => inserted(server, blocks, 'b'));
      const wall = ROWS / Math.min(graph.wall, again.wall);
      const rawWall = ROWS / Math.min(raw.wall, rawAgain.wall);
      const own = ROWS / Math.min(graph.cpu, again.cpu);
      const both = ROWS / Math.min(graph.cpu + graph.engine, again.cpu + again.engine);
      const rawBoth = ROWS / Math.min(raw.cpu + raw.engine, rawAgain.cpu + rawAgain.engine);
      return [
        figure('sink, exactly once', wall, 'rows/s', { name: 'raw inserts, encoded before', figure: rawWall }, [
          atLeast(2e6),
          atLeast(0.5, 'ratio'),
        ]),
        figure('by CPU time, engine included', both, 'rows/CPU s', { name: 'raw inserts, engine included', figure: rawBoth }),
        figure('by CPU time, without the engine', own, 'rows/CPU s'),
      ];
    } finally {
      await server.close();
      await engine.stop();
    }
  },
};

async function counted(server: Server): Promise<void> {
  const [found] = await server.rows<{ rows: string; distinct: string }>(
    'SELECT count() AS rows, uniqExact(_src, _seq) AS distinct FROM trades',
  );
  if (Number(found?.rows) !== ROWS || Number(found?.distinct) !== ROWS) throw new Error(`the table holds ${JSON.stringify(found)}`);
}

/** The rows with lineage as Arrow streams. */
async function encoded(): Promise<Uint8Array[]> {
  const blocks: Uint8Array[] = [];
  let batches: RecordBatch[] = [];
  let lineage: Lineage | null = null;
  let encoder: ArrowStreamEncoder | null = null;
  let offset = 0;
  const flush = (): void => {
    const [first] = batches;
    if (!first) return;
    encoder ??= new ArrowStreamEncoder(first.schema);
    blocks.push(encoder.stream(concatBatches(first.schema, batches)));
    batches = [];
  };
  for await (const batch of simulatedTrades(ROWS, BATCH_ROWS)) {
    lineage ??= new Lineage(withLineage(batch.schema), 'raw/trades/0');
    batches.push(lineage.add(batch, { offset: offset++, task: 0, epoch: 0 }, 0));
    if (batches.length === BLOCK_BATCHES) flush();
  }
  flush();
  return blocks;
}

async function inserted(server: Server, blocks: readonly Uint8Array[], run: string) {
  return costOfAsync(async () => {
    for (const [i, block] of blocks.entries()) {
      await server.insert('INSERT INTO trades FORMAT ArrowStream', block, {
        max_insert_block_size: '16777216',
        min_insert_block_size_rows: '16777216',
        min_insert_block_size_bytes: '1073741824',
        insert_deduplication_token: `${run}${i}`,
      });
    }
  });
}

function enginePid(dataDir: string): number {
  return (JSON.parse(readFileSync(join(dataDir, 'clickhouse.json'), 'utf8')) as { pid: number }).pid;
}

async function withEngine<C>(pid: number, work: () => Promise<C>): Promise<C & { readonly engine: number }> {
  const before = cpuOf(pid);
  const cost = await work();
  return { ...cost, engine: cpuOf(pid) - before };
}
