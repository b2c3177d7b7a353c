import { expect, test } from 'vitest';
import { expressionsPage } from '../../cli/expressions-page.ts';
import { scan } from '../../operators/expression/scan.ts';

test('the page of the language tells of every mark and function that can be written', () => {
  const text = expressionsPage();
  const written = ['or', 'and', 'not', 'in', 'is', '?', ':', '=', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '[', ']'];
  expect(written.filter((mark) => !text.includes(mark))).toEqual([]);
  const examples = [...text.matchAll(/^\| (?:`([^`|]+)`(?:, )?)+/gm)].flatMap(([cell]) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''),
  );
  expect(examples.length).toBeGreaterThan(20);
  expect(examples.filter((example) => 'code' in scan(example))).toEqual([]);
});
