import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sender } from '@questdb/nodejs-client';
import { type RecordBatch, Type } from 'apache-arrow';
import { Server } from '../connectors/questdb/client.ts';
import { LineEncoder, type LineLayout, type Lines } from '../connectors/questdb/encoder.ts';
import { type Column, columnAt, isValid } from '../graph/contract/batch.ts';
import { type Cell, cell } from '../graph/contract/rows.ts';
import { Lineage, withLineage } from '../graph/sink/lineage.ts';
import { atLeast, type Bench, figure } from './figure.ts';
import { costOfAsync, quickest } from './measure.ts';
import { simulatedTrades } from './trades-file.ts';

/** About a block of the sink. */
const ROWS = 200_000;
const BATCH_ROWS = 10_000;
/** Rows of one request of the client: its own default. */
const STOCK_ROWS = 75_000;
const ROUNDS = 15;
/** Batches that the client is given: a row costs it the same in few. */
const CLIENT_BATCHES = 8;

const LAYOUT: LineLayout = { table: 'trades', time: 'ts_event', symbols: [] };

/** Rows as lines, and onto a server that discards them, beside the client's own `Sender` with the same rows. */
export const questdb: Bench = {
  name: 'questdb',
  summary: 'rows as QuestDB lines, and sent to a server that discards them, beside the client itself',
  async run({ note }) {
    const batches = await trades();
    const [first] = batches;
    if (!first) throw new Error('there are no rows');
    const encoder = new LineEncoder(first.schema, LAYOUT);
    let bytes = 0;
    const encode = (): Lines => {
      const lines = encoder.encode(batches);
      bytes = lines.bytes.length;
      return lines;
    };
    const encoded = ROWS / quickest(encode, ROUNDS);
    note(`${first.schema.fields.length} columns, ${(bytes / ROWS).toFixed(0)} bytes a row`);
    const rows = plainRows(batches.slice(0, CLIENT_BATCHES));
    const sink = await discarding();
    const sender = await Sender.fromConfig(`http::addr=127.0.0.1:${sink.port};protocol_version=2;auto_flush=off;init_buf_size=67108864`, {
      log: () => undefined,
    });
    const connection = { name: 'questdb', url: `http://127.0.0.1:${sink.port}`, shown: 'the sink', options: {} };
    const server = new Server(connection, '.');
    try {
      const stock = await best(4, () => throughClient(sender, rows, false));
      const stockSent = await best(3, () => throughClient(sender, rows, true));
      const before = sink.bytes;
      const sent = await best(ROUNDS, async () => {
        await server.write(encode().bytes);
      });
      if (sink.bytes - before !== ROUNDS * bytes) throw new Error(`the server got ${sink.bytes - before} bytes of ${ROUNDS * bytes}`);
      const client = { name: 'Sender of the client', figure: rows.length / stock };
      return [
        figure('encode', encoded, 'rows/s', client, [atLeast(1e6), atLeast(5, 'ratio')]),
        figure('encode and send', ROWS / sent, 'rows/s', { name: 'Sender of the client', figure: rows.length / stockSent }, [
          atLeast(5, 'ratio'),
        ]),
      ];
    } finally {
      await server.close();
      await sender.close();
      await sink.close();
    }
  },
};

/** Rows as a sink gets them. */
async function trades(): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  let lineage: Lineage | null = null;
  for await (const batch of simulatedTrades(ROWS, BATCH_ROWS)) {
    lineage ??= new Lineage(withLineage(batch.schema), 'bench/trades/0');
    batches.push(lineage.add(batch, { offset: batches.length, task: 0, epoch: 1 }, 0));
  }
  return batches;
}

/** The least of several times, seconds. */
async function best(rounds: number, work: () => Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) least = Math.min(least, (await costOfAsync(work)).wall);
  return least;
}

/** What the client is given of a row: its words, its other values, its time. */
interface PlainRow {
  readonly symbols: readonly (readonly [string, string])[];
  readonly doubles: readonly (readonly [string, number])[];
  readonly integers: readonly (readonly [string, number])[];
  readonly times: readonly (readonly [string, bigint])[];
  readonly time: bigint;
}

/** Rows taken apart beforehand, so that the client pays for lines alone. */
function plainRows(batches: readonly RecordBatch[]): PlainRow[] {
  return batches.flatMap((batch) => {
    const columns = batch.schema.fields.map(({ name }, i) => ({ name, column: columnAt(batch, i) }));
    const some = <T>(row: number, kind: (column: Column) => boolean, value: (raw: Cell) => T): (readonly [string, T])[] =>
      columns
        .filter(({ name, column }) => name !== LAYOUT.time && kind(column) && isValid(column, row))
        .map(({ name, column }) => [name, value(cell(column, row))] as const);
    const is =
      (type: Type) =>
      (column: Column): boolean =>
        column.type.typeId === type;
    const time = columns.find(({ name }) => name === LAYOUT.time)?.column as Column;
    return Array.from({ length: batch.numRows }, (_, row) => ({
      symbols: some(row, is(Type.Dictionary), String),
      doubles: some(row, is(Type.Float), Number),
      integers: some(row, is(Type.Int), Number),
      times: some(row, is(Type.Timestamp), (raw) => raw as bigint),
      time: cell(time, row) as bigint,
    }));
  });
}

/** The rows by the client's own calls; sent, or thrown away. */
async function throughClient(sender: Sender, rows: readonly PlainRow[], send: boolean): Promise<void> {
  for (const [i, row] of rows.entries()) {
    sender.table(LAYOUT.table);
    for (const [name, value] of row.symbols) sender.symbol(name, value);
    for (const [name, value] of row.doubles) sender.floatColumn(name, value);
    for (const [name, value] of row.integers) sender.intColumn(name, value);
    for (const [name, value] of row.times) sender.timestampColumn(name, value, 'ns');
    const added = sender.at(row.time, 'ns'); // nothing to wait for: it never sends by itself here
    if ((i + 1) % STOCK_ROWS === 0 || i + 1 === rows.length) {
      await added;
      if (send) await sender.flush();
      else sender.reset();
    }
  }
}

/** A server that counts bytes and answers 204. */
async function discarding() {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => void response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get bytes() {
      return bytes;
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
