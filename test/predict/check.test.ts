import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { cardOf, linearModel, modelFolder, named } from './models.ts';

const BYTES = linearModel({ weights: [1, 2], bias: 0 });

/** What `check` says of a pipeline that asks a model in a folder; where each fault lies. */
function faults(folder: string, params = '{ model: a.onnx }', columns = 'spread: float64, imbalance: float64'): readonly string[] {
  const text = `version: 1
pipelines:
  p:
    sources:
      quotes:
        file: { path: quotes.ndjson }
        format: json
        key: symbol
        schema: { columns: { ts_event: timestamp, symbol: dictionary, ${columns} } }
    operators:
      guess: { use: predict, from: quotes, with: ${params} }
    sinks:
      shown: { from: guess, print: {} }
      shadow: { from: guess.shadow, print: {} }
`;
  writeFileSync(join(folder, 'quotes.ndjson'), '');
  const given = { file: join(folder, 'p.yaml'), registry: declarations, env: {}, files: disk, allowPaths: [], allowCode: false };
  const { diagnostics } = compile({ text, ...given });
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, file, line, column }) => `${file.split('/').at(-1)}:${line}:${column} ${code} ${message}`);
}

const sound = () => modelFolder({ 'a.onnx': { bytes: BYTES }, 'b.onnx': { bytes: BYTES, card: { name: 'b' } } });

describe('check, of a model', () => {
  test('finds nothing in one that is what its card says', () => {
    expect(faults(sound())).toEqual([]);
    expect(faults(sound(), '{ model: a.onnx, versions: [b.onnx], shadow: [b.onnx] }')).toEqual([]);
  });

  test('tells a missing model and a missing card', () => {
    expect(faults(sound(), '{ model: c.onnx }')).toEqual([
      'p.yaml:11:59 file-missing there is no file "c.onnx"',
      'p.yaml:11:59 file-missing there is no file "c.onnx.json"',
    ]);
  });

  test('tells a truncated, a tampered and an ill-shaped one, each at its own place', () => {
    const folder = sound();
    writeFileSync(join(folder, 'a.onnx'), BYTES.subarray(0, BYTES.length - 5));
    writeFileSync(join(folder, 'b.onnx'), Buffer.from(BYTES).fill(1, BYTES.length - 60, BYTES.length - 59));
    const wide = linearModel({ weights: [1, 2, 3], bias: 0 });
    writeFileSync(join(folder, 'c.onnx'), wide);
    writeFileSync(join(folder, 'c.onnx.json'), JSON.stringify(cardOf(wide, { name: 'c' })));
    expect(faults(folder, '{ model: a.onnx, versions: [b.onnx], shadow: [c.onnx] }')).toEqual([
      'p.yaml:11:59 model-invalid model "a.onnx": it is cut short',
      expect.stringMatching(/^p\.yaml:11:78 model-invalid model "b\.onnx": it is /),
      'p.yaml:11:96 model-invalid model "c.onnx": it takes 3 features, and its card names 2',
    ]);
  });

  test('tells columns that the input lacks, or that are no numbers', () => {
    expect(faults(sound(), '{ model: a.onnx }', 'spread: dictionary')).toEqual([
      expect.stringMatching(/11:59 column-type operator "predict" needs column "spread" to be a number/),
      expect.stringMatching(/11:59 column-unknown operator "predict" needs column "imbalance"/),
    ]);
  });

  test('tells names of features that are not those that the model was made with, and takes a model that says none', () => {
    const bytes = named(BYTES, '["spread","imbalance"]');
    const swapped = { features: ['imbalance', 'spread'] };
    expect(faults(modelFolder({ 'a.onnx': { bytes } }))).toEqual([]);
    expect(faults(modelFolder({ 'a.onnx': { bytes: BYTES, card: swapped } }))).toEqual([]);
    expect(faults(modelFolder({ 'a.onnx': { bytes, card: swapped } }))).toEqual([
      'p.yaml:11:59 model-invalid model "a.onnx": its feature 1 is "spread", and its card names "imbalance" there',
    ]);
    expect(faults(modelFolder({ 'a.onnx': { bytes: named(BYTES, '["spread"]') } }))).toEqual([
      'p.yaml:11:59 model-invalid model "a.onnx": it was made with 1 features, and its card names 2',
    ]);
    expect(faults(modelFolder({ 'a.onnx': { bytes: named(BYTES, 'spread') } }))).toEqual([
      'p.yaml:11:59 model-invalid model "a.onnx": its own "millrace.features" is no list of names in JSON',
    ]);
  });

  test('tells what is wrong in a card, in the card', () => {
    const folder = sound();
    const card = readFileSync(join(folder, 'a.onnx.json'), 'utf8');
    writeFileSync(
      join(folder, 'a.onnx.json'),
      card.replace('"features":["spread","imbalance"]', '"features":[]').replace('"1s"', '"soon"'),
    );
    writeFileSync(join(folder, 'b.onnx.json'), card.slice(0, 40));
    expect(faults(folder, '{ model: a.onnx, versions: [b.onnx] }')).toEqual([
      expect.stringMatching(/^a\.onnx\.json:1:\d+ file-invalid "features": /),
      expect.stringMatching(/^a\.onnx\.json:1:\d+ file-invalid "horizons\.0\.horizon": expected a duration/),
      expect.stringMatching(/^b\.onnx\.json:1:\d+ file-invalid this is no JSON/),
    ]);
  });

  test('tells two versions of one name', () => {
    const folder = modelFolder({ 'a.onnx': { bytes: BYTES }, 'b.onnx': { bytes: BYTES } });
    expect(faults(folder, '{ model: a.onnx, versions: [b.onnx] }')).toEqual([
      'p.yaml:11:78 model-invalid model "b.onnx": another one is called "direction" too',
    ]);
  });
});
