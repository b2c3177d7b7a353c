import { expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { operatorFolders } from './registered.ts';

test('every operator that has a folder is registered, as the declaration the laws are held against', async () => {
  const folders = await operatorFolders();
  expect([...declarations.operators.keys()].sort()).toEqual(folders.map(({ operator }) => operator.name).sort());
  for (const { name, operator } of folders) {
    expect(declarations.operators.get(operator.name)).toBe(operator);
    expect(operator.name).toBe(name.replaceAll('-', '_'));
  }
});
