import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Sender } from '@questdb/nodejs-client';
import type { RecordBatch } from 'apache-arrow';
import { Server } from '../connectors/questdb/client.ts';
import { LineEncoder, type LineLayout, type Lines } from '../connectors/questdb/encoder.ts';
import { Lineage, withLineage } from '../graph/sink/lineage.ts';
import { atLeast, type Bench, figure } from './figure.ts';
import { costOfAsync, quickest } from './measure.ts';
import { plainRows, throughClient } from './questdb-client.ts';
import { simulatedTrades } from './trades-file.ts';

/** About a block of the sink. */
const ROWS = 200_000;
const BATCH_ROWS = 10_000;
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
    const rows = plainRows(batches.slice(0, CLIENT_BATCHES), LAYOUT.time);
    const sink = await discarding();
    const sender = await Sender.fromConfig(`http::addr=127.0.0.1:${sink.port};protocol_version=2;auto_flush=off;init_buf_size=67108864`, {
      log: () => undefined,
    });
    const connection = { name: 'questdb', url: `http://127.0.0.1:${sink.port}`, shown: 'the sink', options: {} };
    const server = new Server(connection, '.');
    try {
      const stock = await best(4, () => throughClient(sender, LAYOUT.table, rows, false));
      const stockSent = await best(3, () => throughClient(sender, LAYOUT.table, rows, true));
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
