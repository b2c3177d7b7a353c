import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { modelsPage } from '../../cli/models-page.ts';
import { pipelinesPage } from '../../cli/pipelines-page.ts';
import { declarations as registry } from '../../cli/registry.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { connectionsShape, fileShape, operatorKeys, pipelineShape, sinkKeys, sourceKeys } from '../../graph/document/shape.ts';
import { compile } from '../../graph/plan/compile.ts';
import { parseCard } from '../../operators/onnx/card.ts';

const root = new URL('../../', import.meta.url);
const pages = ['README.md', ...readdirSync(new URL('docs/', root)).map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));
const blocks = pages.flatMap((page) =>
  [...readFileSync(new URL(page, root), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
    .map(([, text], i) => ({ name: `${page}, block ${i + 1}`, text: text ?? '' }))
    .filter(({ text }) => /^version:/m.test(text)),
);

/** Files that the pages name, where an operator looks into them: those of the examples. */
const NAMED: Readonly<Record<string, string>> = {
  'limits.yaml': 'examples/exchange/limits.yaml',
  'instruments.csv': 'data/instruments.csv',
  'entities.csv': 'data/entities.csv',
};
const named = (path: string): string => {
  const example = NAMED[basename(path)];
  return example === undefined ? '' : readFileSync(new URL(example, root), 'utf8');
};

describe('the documentation', () => {
  it.each(blocks)('$name compiles', ({ text }) => {
    const { diagnostics } = compile({
      text,
      file: '/work/pipelines.yaml',
      registry,
      env: {},
      files: { exists: () => true, read: named },
      allowPaths: [],
      allowCode: false,
    });
    const told = diagnostics.filter(({ code }) => code !== 'sink-skipped'); // a file may serve both train and run
    expect(told.map(({ line, message }) => `${line}: ${message}`)).toEqual([]);
  });

  it('has files to compile', () => {
    expect(blocks.map(({ name }) => name)).toEqual(expect.arrayContaining(['README.md, block 1', 'docs/recipes.md, block 3']));
  });

  it('shows a card of a model that is one', () => {
    const shown = /```json\n([\s\S]*?)```/.exec(modelsPage())?.[1] ?? '';
    expect(parseCard('card', shown)).toEqual({ card: JSON.parse(shown) });
  });

  it('has a row for every key of the file and every known column', () => {
    const text = pipelinesPage();
    const keys = [
      fileShape.shape,
      connectionsShape.shape,
      pipelineShape.shape,
      sourceKeys,
      operatorKeys,
      sinkKeys,
      COLUMNS,
      { type: 0, from: 0, unit: 0, zone: 0, nullable: 0, description: 0 },
    ].flatMap((shape) => Object.keys(shape));
    expect(keys.filter((key) => !text.includes(`| \`${key}\` |`))).toEqual([]);
    expect(text).not.toContain('undefined');
  });
});
