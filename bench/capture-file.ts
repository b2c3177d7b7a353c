import { once } from 'node:events';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';

/** Where real data lies; it is read, never copied into the project. */
const DATA = process.env.MILLRACE_DATA ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const CAPTURE = join(DATA, 'binance', 'usdm-btcusdt-20240808.ndjson.gz');
/** Longer than the capture, ms: each repetition lies this much after the one before. */
const PERIOD_MS = 400_000;
/** More than the trades of the capture: ids of a repetition start this much higher. */
const PERIOD_IDS = 100_000;
const GENERATED = 94_000;

/**
 * Writes about `wanted` lines of a capture of Binance USD-M futures: the real one over and over, each time with later stamps and higher
 * trade ids, or lines that look like it where it is not there.
 */
export async function writeCapture(path: string, wanted: number): Promise<{ readonly lines: number; readonly origin: string }> {
  const real = existsSync(CAPTURE);
  const lines = (real ? gunzipSync(readFileSync(CAPTURE)).toString('latin1') : generated()).split('\n').filter((line) => line !== '');
  const file = createWriteStream(path);
  let count = 0;
  for (let period = 0; count < wanted; period++, count += lines.length) {
    const text = lines.map((line) => shifted(line, period)).join('\n');
    if (!file.write(`${text}\n`)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  return { lines: count, origin: real ? 'captured' : 'generated' };
}

/** A line `period` periods later. */
function shifted(line: string, period: number): string {
  if (period === 0) return line;
  const later = (ms: string): string => String(Number(ms) + period * PERIOD_MS);
  const space = line.indexOf(' ');
  const stamp = BigInt(line.slice(0, space)) + BigInt(period * PERIOD_MS) * 1_000_000n;
  const message = line
    .slice(space)
    .replace(/"([ET])":(\d+)/g, (_, key: string, ms: string) => `"${key}":${later(ms)}`)
    .replace(/"t":(\d+)/, (_, id: string) => `"t":${Number(id) + period * PERIOD_IDS}`);
  return `${stamp}${message}`;
}

/** Lines of the shapes and shares of the capture: 70 in 100 book tickers, 23 trades, 7 changes of depth. */
function generated(): string {
  const lines = Array.from({ length: GENERATED }, (_, i) => {
    const ms = 1_723_161_255_000 + Math.floor(i * 3.5);
    const price = (61_700 + ((i * 7919) % 1000) / 10).toFixed(1);
    const size = (((i * 31) % 900) / 1000 + 0.001).toFixed(3);
    const head = `{"stream":"btcusdt@`;
    const common = `"E":${ms},"T":${ms - 2},"s":"BTCUSDT"`;
    const kind = i % 100;
    const message =
      kind < 70
        ? `${head}bookTicker","data":{"e":"bookTicker","u":${5e12 + i},"s":"BTCUSDT","b":"${price}","B":"${size}","a":"${price}","A":"${size}","T":${ms - 2},"E":${ms}}}`
        : kind < 93
          ? `${head}trade","data":{"e":"trade",${common},"t":${5_266_583_935 + i},"p":"${price}","q":"${size}","X":"MARKET","m":${i % 2 === 0}}}`
          : `${head}depth@0ms","data":{"e":"depthUpdate",${common},"U":${i},"u":${i + 5},"pu":${i - 1},"b":[["${price}","${size}"],["${price}","0.000"]],"a":[["${price}","${size}"]]}}`;
    return `${ms}123456 ${message}`;
  });
  return lines.join('\n');
}
