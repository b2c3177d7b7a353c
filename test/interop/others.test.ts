import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type Started, start } from '../cli/millrace.ts';
import { documented, registryServer } from '../registry/server.ts';
import { type Kafka, kafkaMissing, startKafka } from '../services/kafka.ts';
import { kcat, kcatMissing, python, pythonMissing } from './python.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 20_261_121);
const ROWS = 500;
const PATIENCE_MS = 60_000;
const SCRIPT = join(import.meta.dirname, 'others.py');

/** What others write: times in µs, sizes as decimals. */
const TRADES = {
  type: 'record',
  name: 'Trade',
  fields: [
    { name: 'ts_event', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'symbol', type: 'string' },
    { name: 'price', type: 'double' },
    { name: 'size', type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 3 } },
    { name: 'trade_id', type: ['null', 'long'] },
    { name: 'note', type: ['null', 'string'] },
    { name: 'flag', type: 'boolean' },
  ],
};
/** What we write. */
const VALUES = {
  type: 'record',
  name: 'Value',
  namespace: 'ours',
  fields: [
    { name: 'notional', type: 'double' },
    { name: 'ts_event', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'symbol', type: 'string' },
    { name: 'size', type: 'double' },
    { name: 'trade_id', type: ['null', 'long'], default: null },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'flag', type: 'boolean' },
  ],
};

const COLUMNS = `{ ts_event: { type: timestamp }, symbol: { type: dictionary }, price: float64, size: float64, trade_id: { type: int64, nullable: true }, note: { type: utf8, nullable: true }, flag: bool }`;
const VALUE = 'with: { keep: [ts_event, symbol, size, trade_id, note, flag], columns: { notional: price * size } }';

/** Every format in, every format out. */
const FILE = `version: 1
connections: { broker: "\${MILLRACE_BROKER}", registry: "\${REGISTRY}" }
pipelines:
  others:
    tasks: 2
    sources:
      from_json: { topic: others.json, format: json, schema: { columns: ${COLUMNS} }, key: symbol }
      from_avro: { topic: others.avro, format: avro, schema: { registry: trades-value }, key: symbol }
      from_arrow: { topic: others.arrow, format: arrow, schema: { columns: ${COLUMNS} }, key: symbol }
    operators:
      json: { use: select, from: from_json, ${VALUE} }
      avro: { use: select, from: from_avro, ${VALUE} }
      arrow: { use: select, from: from_arrow, ${VALUE} }
    sinks:
${['json', 'avro', 'arrow']
  .flatMap((from) => [
    `      ${from}_json: { from: ${from}, topic: ours.${from}.json, format: json, partitions: 1 }`,
    `      ${from}_avro: { from: ${from}, topic: ours.${from}.avro, format: { avro: { registry: values-value } }, partitions: 1 }`,
    `      ${from}_arrow: { from: ${from}, topic: ours.${from}.arrow, partitions: 1 }`,
  ])
  .join('\n')}
`;

interface Shown {
  readonly ts_event: string;
  readonly symbol: string;
}

const ordered = (rows: readonly Shown[]): readonly Shown[] => [...rows].sort((a, b) => (BigInt(a.ts_event) < BigInt(b.ts_event) ? -1 : 1));

const missing = kafkaMissing() ?? kcatMissing() ?? pythonMissing();

describe.skipIf(missing !== null && !process.env.CI)(
  `others read and write our topics, seed ${SEED}${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let kafka: Kafka;
    let registry: Awaited<ReturnType<typeof registryServer>>;
    let folder: string;
    let expected: readonly Shown[];

    /** The rows that a tool of others finds in a topic of ours, once there are as many as expected. */
    async function rowsIn(running: Started, topic: string, kind: string): Promise<readonly Shown[]> {
      for (const until = Date.now() + PATIENCE_MS; ; await wait(200)) {
        if (Date.now() > until) {
          running.process.kill('SIGKILL');
          throw new Error(`${topic} is not all there: ${(await running.ended).stderr}`);
        }
        if ((await kafka.admin.describeTopic(topic)) === null) continue;
        const read = ['-C', '-b', kafka.bootstrap, '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%S\n%s'];
        const dump = await kcat([...read, '-X', 'isolation.level=read_committed']);
        const rows = JSON.parse(await python([SCRIPT, 'read', kind, `http://${registry.host}`], dump)) as readonly Shown[];
        if (rows.length >= ROWS) return ordered(rows);
      }
    }

    beforeAll(async () => {
      kafka = await startKafka();
      const held = {
        'trades-value': [{ id: 7, schema: JSON.stringify(TRADES) }],
        'values-value': [{ id: 11, schema: JSON.stringify(VALUES) }],
      };
      registry = await registryServer(documented(held));
      folder = mkdtempSync(join(tmpdir(), 'millrace-interop-'));
      writeFileSync(join(folder, 'pipelines.yaml'), FILE);
      await python([SCRIPT, 'make', folder, `http://${registry.host}`, String(SEED), String(ROWS)]);
      expected = ordered(JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')));
      for (const kind of ['json', 'avro', 'arrow']) await kafka.admin.createTopic(`others.${kind}`, { partitions: 2 });
      const write = (topic: string, partition: number, ...more: string[]) =>
        kcat(['-P', '-b', kafka.bootstrap, '-t', `others.${topic}`, '-p', String(partition), ...more]);
      await write('json', 0, '-l', join(folder, 'json.txt'));
      for (const kind of ['avro', 'arrow']) {
        const files = readdirSync(join(folder, kind)).sort();
        await write(kind, 1, ...files.map((file) => join(folder, kind, file)));
      }
    }, 180_000);
    afterAll(async () => {
      await registry?.close();
      await kafka?.close();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    it('what kcat, fastavro and pyarrow wrote comes out of every format as they read it, bit by bit', async () => {
      const env = { MILLRACE_BROKER: `kafka://${kafka.bootstrap}`, REGISTRY: `http://${registry.host}` };
      const pinned = await run(folder, ['pin', '--json'], env);
      expect(pinned).toMatchObject({ code: 0, stderr: '' });
      const running = start(folder, ['run', '--json'], env);
      const found: Record<string, readonly Shown[]> = {};
      for (const from of ['json', 'avro', 'arrow'])
        for (const to of ['json', 'avro', 'arrow']) found[`${from} -> ${to}`] = await rowsIn(running, `ours.${from}.${to}`, to);
      for (const [route, rows] of Object.entries(found)) expect([route, rows]).toEqual([route, expected]);
      running.process.kill('SIGINT');
      const { code, stdout, stderr } = await running.ended;
      expect([code, stderr]).toEqual([0, expect.any(String)]);
      const { nodes } = JSON.parse(stdout) as { nodes: Record<string, { rows_in: number; rejected: number }> };
      for (const from of ['json', 'avro', 'arrow']) expect(nodes[from]).toMatchObject({ rows_in: ROWS, rejected: 0 });
    }, 240_000);
  },
);
