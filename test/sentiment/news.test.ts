import { describe, expect, test } from 'vitest';
import { parseEntities } from '../../operators/sentiment/entities.ts';
import { hasNews, readEntityTable, readLabelled } from './news.ts';
import { scored } from './scored.ts';

describe.skipIf(!hasNews)('headlines of SEntFiN, where the shared data are', () => {
  const table = hasNews ? readEntityTable() : '';
  const labelled = hasNews ? readLabelled() : [];
  const { entities, faults } = parseEntities(table);

  test('its entity table is read without a fault', () => {
    expect(faults).toEqual([]);
    expect(entities.length).toBe(1010);
  });

  test('names of the table are found where somebody labelled them', () => {
    const { out, rejected } = scored(labelled.map(({ headline }) => headline), { entities: 'entities.csv' }, new Map([['entities.csv', table]])); // biome-ignore format: one step
    expect(rejected).toEqual([]);
    const found = new Map<bigint, Set<string>>();
    for (const row of out) {
      const one = found.get(row.ts_event as bigint) ?? new Set();
      if (row.entity !== null) one.add(row.entity as string);
      found.set(row.ts_event as bigint, one);
    }
    expect(found.size).toBe(labelled.length);
    const byAlias = new Map<string, Set<string>>();
    for (const { name, aliases } of entities)
      for (const alias of aliases) byAlias.set(alias.toLowerCase(), (byAlias.get(alias.toLowerCase()) ?? new Set()).add(name));
    let [all, known, recalled] = [0, 0, 0];
    const missed: string[] = [];
    labelled.forEach(({ headline, entities: labels }, i) => {
      for (const { name } of labels) {
        all += 1;
        const meant = byAlias.get(name.toLowerCase());
        if (meant === undefined) continue;
        known += 1;
        if ([...meant].some((entity) => found.get(BigInt(i))?.has(entity))) recalled += 1;
        else missed.push(`${name}: ${headline}`);
      }
    });
    const told = `${known} of ${all} labelled names are in the table, ${recalled} of those found`;
    if (process.env.MILLRACE_SHOW) process.stderr.write(`${[told, ...missed.slice(0, 80)].join('\n')}\n`);
    expect(recalled / known, told).toBeGreaterThan(0.95);
  });
});
