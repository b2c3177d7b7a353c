import { afterEach, describe, expect, it } from 'vitest';
import { mildFaults, withFaults } from '../../connectors/embedded/faults.ts';
import { arrow } from '../../connectors/formats/arrow.ts';
import { REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import type { Block, Connector, RefusedRow, SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError, type Retry } from '../../graph/contract/error.ts';
import type { Log } from '../../graph/contract/log.ts';
import type { Plan, PlanOutput, PlanSink } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog, type PlanShape, planOf, registryOf, rowAt, Table, tableConnector } from './fixture.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 20_261_121);
const LETTERS = '_millrace.p.rejected';
const SHAPE: PlanShape = { rows: 3_000, partitions: 2, tasks: 2, slow: true };
const REFUSED_EVERY = 97n;

const logs: Log[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

const isRefused = (row: Row): boolean => (row.n as bigint) % REFUSED_EVERY === 0n;

/** A table that keeps a row once by its identity, refuses some, and dies with its process's knowledge where told to. */
function pickyTable(kept: Map<string, Row>, fails: (block: Block) => Retry | null): Connector {
  return {
    name: 'memory',
    summary: 'a table that refuses rows',
    connection: null,
    sink: {
      params: registryOf(new Map()).connectors.get('memory')?.sink?.params as never,
      accepts: () => null,
      target: () => null,
      refusesRows: 'by_value',
      block: { rows: 500, bytes: 1 << 20, ms: 20 },
      describe: () => 'table sums',
      async open(): Promise<SinkWriter> {
        return {
          async ensure() {},
          async write(block: Block, _: string, refuse?: (row: RefusedRow) => void) {
            const rows = block.batches.flatMap(rowsOf);
            rows.forEach((row, i) => {
              if (!isRefused(row)) kept.set(`${row._src} ${row._seq}`, row);
              else if (refuse) refuse({ row: i, code: 'picky', reason: `no ${row.n}` });
              else throw new MillraceError('nowhere to go', { code: 'picky-nowhere', domain: 'user' });
            });
            const retry = fails(block);
            if (retry) throw new MillraceError('the answer was lost', { code: 'lost', domain: 'external', retry });
          },
          has: async () => 'keyed',
          remove: async () => {},
          finish: async () => {},
          close: async () => {},
        };
      },
    },
  };
}

/** The plan with a sink of the sums that may refuse rows, and dead letters. */
function planWithLetters(letters: boolean): Plan {
  const plan = planOf(SHAPE);
  const rejected: PlanOutput = {
    name: 'dead_letters',
    kind: 'rejected',
    from: [],
    topic: LETTERS,
    partitions: 1,
    format: { name: 'arrow', params: {} },
    schema: REJECTED_SCHEMA,
    key: [],
    time: null,
  };
  const [sink] = plan.sinks;
  if (!sink) throw new TypeError('the plan has a sink');
  const table: PlanSink = {
    ...sink,
    name: 'dead_letters',
    connector: 'plain',
    params: { table: 'rejected' },
    topic: LETTERS,
    schema: REJECTED_SCHEMA,
    group: 'millrace.p.sink.dead_letters',
  };
  return {
    ...plan,
    outputs: [...plan.outputs, rejected],
    topics: [...plan.topics, { topic: LETTERS, partitions: 1, kind: 'rejected', retentionMs: null }],
    sinks: letters ? [{ ...sink, rejected }, table] : [sink],
  };
}

function registryWith(kept: Map<string, Row>, fails: (block: Block) => Retry | null, rejected = new Table()): Registry {
  const registry = registryOf(new Map());
  const plain = tableConnector(new Map([['rejected', rejected]]));
  return { ...registry, connectors: new Map([...registry.connectors, ['memory', pickyTable(kept, fails)], ['plain', plain]]) };
}

/** All dead letters, with the headers of their messages. */
async function lettersOf(log: Log): Promise<{ readonly row: Row; readonly headers: Readonly<Record<string, string>> }[]> {
  const decoder = arrow.decoder(REJECTED_SCHEMA, {});
  const { low = 0, high = 0 } = (await log.describe(LETTERS))?.ranges[0] ?? {};
  const found = [];
  for await (const { value, timestampNs, headers } of log.scan(LETTERS, 0, low, high)) {
    const { batch } = decoder.decode({ bytes: value, offsets: Int32Array.of(0, value.length), recvNs: BigInt64Array.of(timestampNs) });
    for (const row of batch ? rowsOf(batch) : []) found.push({ row, headers });
  }
  return found;
}

/** Positions of the rows that the table refuses, of both partitions, in order. */
const refusedNs = Array.from({ length: SHAPE.rows }, (_, n) => BigInt(n))
  .filter((n) => n % REFUSED_EVERY === 0n)
  .flatMap((n) => [n, n]);

/** Every refused row once among the dead letters, every other once in the table. */
async function check(log: Log, kept: ReadonlyMap<string, Row>): Promise<void> {
  const letters = (await lettersOf(log)).map(({ row }) => row);
  const raw = letters.map((row) => JSON.parse(Buffer.from(row.raw as Uint8Array).toString()) as { n: string });
  expect(raw.map(({ n }) => BigInt(n)).sort((a, b) => Number(a - b))).toEqual(refusedNs);
  expect(new Set(letters.map((row) => `${row.source}/${row.partition} ${row.offset}/${row.row}`)).size).toBe(refusedNs.length);
  expect(kept.size).toBe(SHAPE.rows * SHAPE.partitions - refusedNs.length);
}

describe('rows that the system of a sink refuses', () => {
  it('are dead letters with reason, row and origin; the others are written, and both are counted', async () => {
    const dir = await freshFolder();
    const log = await openLog(dir);
    logs.push(log);
    const kept = new Map<string, Row>();
    const notes: string[] = [];
    const table = new Table();
    const environment = environmentOf(
      log,
      registryWith(kept, () => null, table),
      dir,
      notes,
    );
    const running = runPipeline(planWithLetters(true), environment);
    expect((await running.done).error).toBeNull();
    await check(log, kept);
    expect(table.rows.map((row) => row.reason).sort()).toEqual(refusedNs.map((n) => `no ${n}`).sort());
    const [{ row, headers } = { row: {}, headers: {} }] = await lettersOf(log);
    const { n, symbol } = JSON.parse(Buffer.from(row.raw as Uint8Array).toString()) as { n: string; symbol: string };
    const feed = '_millrace.p.feed.sums.out';
    expect(row).toMatchObject({ pipeline: 'p', node: 'sums_table', code: 'picky', reason: `no ${n}`, source: feed, partition: 0 });
    expect(symbol).toBe(rowAt(Number(symbol[1]), Number(n)).symbol);
    // the origin leads to the row itself, in the topic that the sink reads
    const topic = feed.replace('.feed.', `.feed.${headers['m.inc']}.`);
    const decoder = arrow.decoder(planWithLetters(true).sinks[0]?.schema as never, {});
    for await (const message of log.scan(topic, 0, Number(row.offset), Number(row.offset) + 1)) {
      const { batch } = decoder.decode({
        bytes: message.value,
        offsets: Int32Array.of(0, message.value.length),
        recvNs: BigInt64Array.of(message.timestampNs),
      });
      expect(batch && rowsOf(batch)[Number(row.row)]).toMatchObject({ n: BigInt(n), symbol });
      expect([message.headers['m.task'], message.headers['m.epoch']]).toEqual([headers['m.task'], headers['m.epoch']]);
    }
    const [sink] = running.view().sinks;
    expect(sink).toMatchObject({ rows: kept.size, rejected: { picky: refusedNs.length } });
    expect(running.view().edges).toContainEqual({ from: 'sums_table.rejected', to: LETTERS });
    expect(notes.filter((note) => note.includes('picky'))).toHaveLength(1);
  });

  it(`are there once, though writes fail, the log is mean and the run is stopped and started (seed ${SEED})`, async () => {
    const dir = await freshFolder();
    const inner = await openLog(dir);
    logs.push(inner);
    const kept = new Map<string, Row>();
    let writes = 0;
    const registry = registryWith(kept, () => (writes++ % 3 === 1 ? 'backoff' : null));
    for (let start = 0; ; start++) {
      const log = withFaults(inner, mildFaults(SEED));
      const running = runPipeline(planWithLetters(true), environmentOf(log, registry, dir));
      const stop = setTimeout(() => void running.drain(), 300 + 50 * start); // ever later: a busy machine comes to an end too
      const { state } = await running.done;
      clearTimeout(stop);
      const isWritten = kept.size >= SHAPE.rows * SHAPE.partitions - refusedNs.length;
      if (state === 'done' && isWritten && (await lettersOf(inner)).length >= refusedNs.length) break;
      if (start > 60) throw new Error('it does not come to an end');
    }
    await check(inner, kept);
  });

  it('are told again after a stop in the middle of a block, and once in the end', async () => {
    const dir = await freshFolder();
    const log = await openLog(dir);
    logs.push(log);
    const kept = new Map<string, Row>();
    const parks = (): Registry => {
      let writes = 0;
      return registryWith(kept, () => (writes++ === 1 ? 'never' : null));
    };
    const outcomes: (string | null)[] = [];
    while (outcomes.at(-1) !== null && outcomes.length < 40) {
      const { error } = await runPipeline(planWithLetters(true), environmentOf(log, parks(), dir)).done;
      outcomes.push(error instanceof MillraceError ? error.code : (error?.message ?? null));
    }
    expect(outcomes.length).toBeGreaterThan(2);
    expect(new Set(outcomes)).toEqual(new Set(['lost', null]));
    await check(log, kept);
  });

  it('stop the sink where there are no dead letters', async () => {
    const dir = await freshFolder();
    const log = await openLog(dir);
    logs.push(log);
    const kept = new Map<string, Row>();
    const { error } = await runPipeline(
      planWithLetters(false),
      environmentOf(
        log,
        registryWith(kept, () => null),
        dir,
      ),
    ).done;
    expect(error).toMatchObject({ code: 'picky-nowhere', node: 'sums_table' });
  });
});
