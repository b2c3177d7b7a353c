import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { summing, TOKENIZER, textCard } from './transformer.ts';

const TEXT = `version: 1
pipelines:
  p:
    sources:
      news:
        file: { path: news.ndjson }
        format: json
        schema: { columns: { ts_event: timestamp, headline: utf8 } }
    operators:
      said: { use: sentiment_onnx, from: news, with: { model: m.onnx, tokenizer: t.json } }
    sinks:
      shown: { from: said, print: {} }
`;

/** What `check` says, and where. */
function faults(tokenizer: string, card: object = {}): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sentiment-'));
  const model = summing();
  const files = { 'm.onnx': model, 'm.onnx.json': textCard(model, card), 't.json': tokenizer, 'news.ndjson': '' };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const given = { file: join(folder, 'p.yaml'), registry: declarations, env: {}, files: disk, allowPaths: [], allowCode: false };
  return compile({ text: TEXT, ...given })
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, message, file, line, column }) => `${file.split('/').at(-1)}:${line}:${column} ${code} ${message}`);
}

it('check tells at its place a tokenizer that is not the one of the card', () => {
  expect(faults(TOKENIZER)).toEqual([]);
  expect(faults(TOKENIZER.replace('"rises":5', '"rises":7'))).toEqual([
    'p.yaml:10:82 model-invalid tokenizer "t.json": it is not the file that the card of the model was written for: another SHA-256',
  ]);
  expect(faults('[]')).toEqual(['p.yaml:10:82 model-invalid tokenizer "t.json": it is no tokenizer.json of a transformer']);
  expect(faults(TOKENIZER, { tokenizer_sha256: undefined })).toEqual([expect.stringMatching(/^m\.onnx\.json:1:1 .* "tokenizer_sha256": /)]);
});
