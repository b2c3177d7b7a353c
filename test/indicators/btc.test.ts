import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { misses, type Results, run, subject } from './subject.ts';

const DATA = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const PATH = join(DATA, 'bars', 'btc-perp-1m-2022-01.csv.gz');
const vectors = JSON.parse(readFileSync(new URL('./vectors/btc.json', import.meta.url), 'utf8')) as {
  readonly versions: Readonly<Record<string, string>>;
  readonly bars: number;
  readonly rows: number[];
  readonly outputs: Results;
};

describe.skipIf(!existsSync(PATH))(`one-minute bars of January 2022 (skipped without ${PATH})`, () => {
  it(`give what TA-Lib ${vectors.versions['TA-Lib C']} gives`, () => {
    const [head = '', ...lines] = gunzipSync(readFileSync(PATH)).toString().trim().split('\n');
    const columns = head.split(',');
    const of = (name: string) => Float64Array.from(lines, (line) => Number(line.split(',')[columns.indexOf(name)]));
    const bars = { high: of('high'), low: of('low'), close: of('close'), volume: of('volume') };
    expect(lines).toHaveLength(vectors.bars);
    expect(misses(run(subject().create(), bars, 1_000, vectors.rows), vectors.outputs, bars)).toEqual([]);
  });
});
