import type { Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { batchOf } from '../../graph/contract/rows.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { Topological } from '../../graph/test-kit/topological.ts';
import { logicalHash } from '../../native/hash.ts';
import { randomEpochs, randomGraph, randomPartitions } from './graphs.ts';
import { ROWS, SYNTHETIC } from './synthetic.ts';
import { WiredGraph } from './wired.ts';

const SOURCES = ['a', 'b'];

test('the wiring and a plain loop give the same logical hash on every edge', () => {
  const hashes = new Set<string>();
  for (let seed = 1001; seed <= 1008; seed++) {
    const random = new Random(seed);
    const graph = randomGraph(random, SOURCES);
    const schemas = new Map<string, Schema>(
      graph.nodes.flatMap((n) => Object.entries(n.outputs).map(([port, schema]) => [`${n.name}.${port}`, schema])),
    );
    const wired = new WiredGraph(graph, SOURCES);
    const loop = new Topological(graph, SYNTHETIC);
    const of = new Map<string, [ReturnType<typeof logicalHash>, ReturnType<typeof logicalHash>]>();
    for (const epoch of randomEpochs(random, randomPartitions(random, SOURCES, 2))) {
      const expected = loop.run(epoch);
      for (const [edge, batches] of wired.run(epoch)) {
        const schema = schemas.get(edge) ?? ROWS;
        const [a, b] = of.get(edge) ?? [logicalHash(schema), logicalHash(schema)];
        of.set(edge, [a, b]);
        for (const batch of batches) a.update(batch);
        b.update(batchOf(schema, expected.get(edge) ?? []));
      }
    }
    for (const [edge, [a, b]] of of) {
      const digest = a.digest();
      expect(digest, `seed ${seed}, edge ${edge}`).toBe(b.digest());
      expect(digest).toMatch(/^[0-9a-f]{32}$/);
      hashes.add(digest);
    }
  }
  expect(hashes.size).toBeGreaterThan(20);
});
