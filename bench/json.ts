import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { capture } from '../connectors/formats/capture.ts';
import { json } from '../connectors/formats/json.ts';
import { schemaOf, schemaParams } from '../connectors/formats/schema.ts';
import type { Payloads } from '../graph/contract/format.ts';
import type { Kernel } from '../graph/contract/kernel.ts';
import { normalize } from '../operators/normalize/operator.ts';

// rows/s of JSON decoding beside JSON.parse of the same messages in the same run, and of capture lines through normalize
const MESSAGES = 10_000;
const ROUNDS = 60;
const CAPTURE_ROUNDS = 8;

const SCHEMA = schemaOf(
  schemaParams.parse({
    columns: { ts_event: 'timestamp', symbol: 'dictionary', price: 'float64', size: 'float64', trade_id: 'int64', maker: 'bool' },
  }),
);

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

/** Rows/s of the quickest round: the others shared the machine. */
function rate(rows: number, work: () => void, rounds = ROUNDS): number {
  for (let i = 0; i < 3; i++) work();
  const times = Array.from({ length: rounds }, () => {
    const from = performance.now();
    work();
    return performance.now() - from;
  }).sort((a, b) => a - b);
  return (rows / (times[0] as number)) * 1000;
}

const parts = messages();
const decoder = json.decoder(SCHEMA, json.params.parse({}));
const encoder = json.encoder?.(SCHEMA, json.params.parse({}));
const payloads = gathered(parts);
const batch = decoder.decode(payloads).batch;
if (!batch || batch.numRows !== MESSAGES) throw new Error('not every message became a row');
let sum = 0;
const parse = rate(MESSAGES, () => {
  for (const part of parts) sum += JSON.parse(part.toString('utf8')).price;
});
const decode = rate(MESSAGES, () => void decoder.decode(payloads));
const gather = rate(MESSAGES, () => void decoder.decode(gathered(parts)));
const encode = rate(MESSAGES, () => void encoder?.encode(batch));
const bytes = payloads.bytes.length / MESSAGES;
const show = (rows: number): string => `${(rows / 1e6).toFixed(2).padStart(6)} M rows/s, ${(rows / parse).toFixed(1)} x JSON.parse`;
process.stdout.write(`${MESSAGES} messages of ${bytes.toFixed(0)} bytes (checksum ${sum.toFixed(0)})\n`);
process.stdout.write(`JSON.parse                       ${show(parse)}\n`);
process.stdout.write(`json, payloads as they come      ${show(decode)}\n`);
process.stdout.write(`json, gathered from Buffers      ${show(gather)}\n`);
process.stdout.write(`json, encode                     ${show(encode)}\n`);

const data = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url));
const path = `${data}/binance/usdm-btcusdt-20240808.ndjson.gz`;
if (existsSync(path)) capturedLines(gunzipSync(readFileSync(path)));
else process.stdout.write(`capture lines skipped: there is no ${path}\n`);

function capturedLines(text: Buffer): void {
  const lines: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(10, at);
    lines.push(text.subarray(at, end < 0 ? text.length : end));
    at = end < 0 ? text.length : end + 1;
  }
  const chunks = Array.from({ length: Math.ceil(lines.length / 8192) }, (_, i) => gathered(lines.slice(i * 8192, (i + 1) * 8192)));
  const schema = capture.ownSchema?.({});
  if (!schema) return;
  const table = 'venue,symbol,tick_size,lot_size\nbinance_usdm,BTCUSDT,0.1,0.001';
  const params = normalize.params.parse({ venue: 'binance_usdm', instruments: 't.csv' });
  const request = {
    params,
    inputs: { in: schema },
    column: (name: string) => schema.fields.find((f) => f.name === name)?.type ?? null,
    fault: () => undefined,
  };
  const outputs = normalize.schema(request);
  if (!outputs) return;
  const kernel = (): Kernel => normalize.create({ params, inputs: { in: schema }, outputs, files: new Map([['t.csv', table]]) });
  const lineDecoder = capture.decoder(schema, {});
  let rows = 0;
  const through = (end: (at: Payloads, into: Kernel) => void) => () => {
    const into = kernel();
    for (const chunk of chunks) end(chunk, into);
  };
  const read = rate(
    lines.length,
    through((chunk) => void lineDecoder.decode(chunk)),
    CAPTURE_ROUNDS,
  );
  const both = rate(
    lines.length,
    through((chunk, into) => {
      const { batch: decoded } = lineDecoder.decode(chunk);
      if (decoded) into.push(decoded, 'in', (_port, out) => { rows += out.numRows; }, 0n); // biome-ignore format: one step
    }),
    CAPTURE_ROUNDS,
  );
  const mb = (lines_: number): string => `${(((lines_ / lines.length) * text.length) / 1e6).toFixed(0)} MB/s`;
  process.stdout.write(`${lines.length} capture lines (${rows} rows out)\n`);
  process.stdout.write(`capture                          ${(read / 1e6).toFixed(2).padStart(6)} M lines/s, ${mb(read)}\n`);
  process.stdout.write(`capture -> normalize             ${(both / 1e6).toFixed(2).padStart(6)} M lines/s, ${mb(both)}\n`);
}
