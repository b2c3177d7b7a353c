import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../graph/diagnostics/codes.ts';
import { diagnosticsReference } from '../../graph/diagnostics/reference.ts';
import { printed } from './printed.ts';

const folder = new URL('./', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const codes = Object.keys(CODES).sort();
const examples = (extension: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .map((name) => name.slice(0, -extension.length))
    .sort();

describe('every code', () => {
  it('has an example and what is printed of it, and no other code has', () => {
    expect(examples('.yaml')).toEqual(codes);
    expect(examples('.txt')).toEqual(codes);
  });

  it('has its section in the reference', () => {
    const sections = [...diagnosticsReference().matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(codes);
  });

  it.each(codes)('%s is printed as its example shows', (code) => {
    const result = printed(`${code}.yaml`, read(`${code}.yaml`));
    expect(result.codes).toContain(code);
    expect(result.text).toBe(read(`${code}.txt`));
  });
});
