import { expect, it } from 'vitest';
import { Uncommitted } from '../../connectors/landed/uncommitted.ts';

it('holds as many entries as come, until they are committed', () => {
  const held = new Uncommitted<number>();
  held.add(Array.from({ length: 300_000 }, (_, i) => i));
  expect(held.at(10, 3)).toEqual([0, 1, 2]);
  expect(held.at(300_009, 3)).toEqual([299_999]);
  expect(held.at(300_010, 3)).toEqual([]);
  held.committed(300_008);
  expect(held.at(300_008, 3)).toEqual([299_998, 299_999]);
  held.committed(300_010);
  held.committed(12); // known
  held.add([7]);
  expect(held.at(300_010, 3)).toEqual([7]);
});
