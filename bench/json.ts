import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../connectors/formats/capture.ts';
import { json as jsonFormat } from '../connectors/formats/json.ts';
import { schemaOf, schemaParams } from '../connectors/formats/schema.ts';
import type { Payloads } from '../graph/contract/format.ts';
import type { Kernel } from '../graph/contract/kernel.ts';
import { normalize } from '../operators/normalize/operator.ts';
import { writeCapture } from './capture-file.ts';
import { atLeast, type Bench, type Figure, figure } from './figure.ts';
import { quickest } from './measure.ts';

const MESSAGES = 10_000;
const ROUNDS = 60;
const CAPTURE_ROUNDS = 8;
const CHUNK_LINES = 8192;

const SCHEMA = schemaOf(
  schemaParams.parse({
    columns: { ts_event: 'timestamp', symbol: 'dictionary', price: 'float64', size: 'float64', trade_id: 'int64', maker: 'bool' },
  }),
);

/** JSON into columns beside `JSON.parse` of the same messages, and capture lines through `normalize`. */
export const json: Bench = {
  name: 'json',
  summary: 'JSON into columns and back, beside JSON.parse; capture lines through normalize',
  async run({ folder, note }) {
    return [...messageFigures(), ...(await captureFigures(folder, note))];
  },
};

function messageFigures(): Figure[] {
  const parts = messages();
  const decoder = jsonFormat.decoder(SCHEMA, jsonFormat.params.parse({}));
  const encoder = jsonFormat.encoder?.(SCHEMA, jsonFormat.params.parse({}));
  const payloads = gathered(parts);
  const batch = decoder.decode(payloads).batch;
  if (!batch || batch.numRows !== MESSAGES) throw new Error('not every message became a row');
  const rate = (work: () => void): number => MESSAGES / quickest(work, ROUNDS);
  let sum = 0;
  const parse = {
    name: 'JSON.parse',
    figure: rate(() => {
      for (const part of parts) sum += JSON.parse(part.toString('utf8')).price;
    }),
  };
  if (!Number.isFinite(sum)) throw new Error('the messages have no prices');
  const decode = rate(() => void decoder.decode(payloads));
  const fromBuffers = rate(() => void decoder.decode(gathered(parts)));
  const encode = rate(() => void encoder?.encode(batch));
  return [
    figure('decode, payloads as they come', decode, 'rows/s', parse, [atLeast(3, 'ratio')]),
    figure('decode, gathered from Buffers', fromBuffers, 'rows/s', parse),
    figure('encode', encode, 'rows/s', parse),
  ];
}

async function captureFigures(folder: string, note: (line: string) => void): Promise<Figure[]> {
  const path = join(folder, 'lines.ndjson');
  const { origin } = await writeCapture(path, 1);
  const text = readFileSync(path);
  const lines: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(10, at);
    lines.push(text.subarray(at, end < 0 ? text.length : end));
    at = end < 0 ? text.length : end + 1;
  }
  note(`${lines.length} ${origin} lines`);
  const chunks = Array.from({ length: Math.ceil(lines.length / CHUNK_LINES) }, (_, i) =>
    gathered(lines.slice(i * CHUNK_LINES, (i + 1) * CHUNK_LINES)),
  );
  const kernel = normalizer();
  const decoder = capture.decoder(capture.ownSchema?.({}) as never, {});
  const through = (end: (at: Payloads, into: Kernel) => void) => (): void => {
    const into = kernel();
    for (const chunk of chunks) end(chunk, into);
  };
  const rate = (work: () => void): number => lines.length / quickest(work, CAPTURE_ROUNDS, 2);
  const read = rate(through((chunk) => void decoder.decode(chunk)));
  const both = rate(
    through((chunk, into) => {
      const { batch } = decoder.decode(chunk);
      if (batch) into.push(batch, 'in', () => undefined, 0n);
    }),
  );
  return [figure('capture lines', read, 'lines/s'), figure('capture lines through normalize', both, 'lines/s')];
}

/** Makes kernels of `normalize` for the lines of the capture. */
function normalizer(): () => Kernel {
  const schema = capture.ownSchema?.({});
  const table = 'venue,symbol,tick_size,lot_size\nbinance_usdm,BTCUSDT,0.1,0.001';
  const params = normalize.params.parse({ venue: 'binance_usdm', instruments: 't.csv' });
  const request = {
    params,
    inputs: { in: schema as never },
    column: (name: string) => schema?.fields.find((field) => field.name === name)?.type ?? null,
    file: () => null,
    fault: () => undefined,
  };
  const outputs = normalize.schema(request);
  if (!outputs) throw new Error('normalize does not take capture lines');
  return () => normalize.create({ params, inputs: request.inputs, outputs, files: new Map([['t.csv', table]]) });
}

/** Messages of 128 bytes with stamps that a double cannot hold. */
function messages(): Buffer[] {
  return Array.from({ length: MESSAGES }, (_, i) => {
    const price = (61_800 + (i % 977) / 10).toFixed(2);
    const row = `{"ts_event":${1_723_161_255_030_314_667n + BigInt(i) * 997n},"symbol":"SYM${i % 50}","price":${price},"size":0.${(i % 900) + 100},"trade_id":${5_266_583_935 + i},"maker":${i % 2 === 0}`;
    return Buffer.from(`${row.padEnd(127)}}`);
  });
}

function gathered(parts: readonly Buffer[]): Payloads {
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = (offsets[i] as number) + part.length;
  });
  return { bytes: new Uint8Array(Buffer.concat(parts)), offsets, recvNs: null };
}
