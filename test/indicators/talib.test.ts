import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Bars, misses, type Results, run, subject } from './subject.ts';

interface Vectors {
  readonly versions: Readonly<Record<string, string>>;
  readonly series: readonly { readonly name: string; readonly inputs: Record<keyof Bars, number[]>; readonly outputs: Results }[];
}

const vectors = JSON.parse(readFileSync(new URL('./vectors/talib.json', import.meta.url), 'utf8')) as Vectors;
const kernels = subject();

describe(`against TA-Lib ${vectors.versions['TA-Lib C']}`, () => {
  it.each(vectors.series.map((series) => [series.name, series] as const))('%s', (_, { inputs, outputs }) => {
    const { high, low, close, volume } = inputs;
    const bars = {
      high: Float64Array.from(high),
      low: Float64Array.from(low),
      close: Float64Array.from(close),
      volume: Float64Array.from(volume),
    };
    expect(Object.keys(outputs)).toHaveLength(15);
    for (const rows of [1, 7, close.length]) expect(misses(run(kernels.create(), bars, rows), outputs, bars)).toEqual([]);
    const reference = kernels.reference?.();
    expect(reference && misses(run(reference, bars, close.length), outputs, bars)).toEqual([]);
  });
});
