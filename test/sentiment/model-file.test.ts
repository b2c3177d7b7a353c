import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspectModel } from '../../operators/sentiment/native.ts';
import { scored } from './scored.ts';

const SHIPPED = readFileSync(new URL('../../operators/sentiment/model.json', import.meta.url), 'utf8');

/** What is said of a model file, at its beginning. */
const saidOf = (text: string) =>
  inspectModel('model.json', new Map([['model.json', text]])).map(({ from, to, message }) => `${from}-${to}: ${message}`);

/** The file with a change, sealed anew. */
function sealed(change: (text: string) => string): string {
  const body = change(SHIPPED.slice(0, SHIPPED.lastIndexOf(',\n"sha256"')));
  return `${body},\n"sha256":"${createHash('sha256').update(body).digest('hex')}"}\n`;
}

describe('a model file', () => {
  test('that is whole is taken, and its hash is on every row', () => {
    expect(saidOf(SHIPPED)).toEqual([]);
    const files = new Map([['model.json', SHIPPED]]);
    const named = scored(['Gold slumps'], { model: 'model.json' }, files).out;
    expect(named).toEqual(scored(['Gold slumps']).out);
    expect(named[0]?.model_hash).toBe(/"sha256":"([0-9a-f]{64})"/.exec(SHIPPED.slice(-100))?.[1]);
    expect(saidOf(sealed((body) => body))).toEqual([]);
  });

  test.each([
    ['empty', '', 'cut short'],
    ['cut', SHIPPED.slice(0, 500_000), 'cut short'],
    ['changed', SHIPPED.replace('"bits":18', '"bits":17'), 'sha256'],
    ['of another version', sealed((body) => body.replace('"version":1', '"version":2')), 'version 2'],
    ['of another shape', sealed((body) => body.replace('"bits":18', '"bits":17')), 'weights for 2^17'],
    ['no model', '{"a": 1}\n', 'no model file'],
  ])('that is %s is refused before anything runs', (_, text, said) => {
    expect(saidOf(text)).toEqual([expect.stringMatching(/^0-1: the model file|^0-1: \d+ weights/)]);
    expect(saidOf(text)[0]).toContain(said);
  });
});
