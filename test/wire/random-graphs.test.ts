import { describe, expect, test } from 'vitest';
import { batchText, rowText } from '../../graph/test-kit/canonical.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { Topological } from '../../graph/test-kit/topological.ts';
import { randomEpochs, randomGraph, randomPartitions } from './graphs.ts';
import { SYNTHETIC } from './synthetic.ts';
import { WiredGraph } from './wired.ts';

const FIRST = Number(process.env.MILLRACE_SEED ?? 1);
const SEEDS = Array.from({ length: Number(process.env.MILLRACE_GRAPHS ?? 40) }, (_, i) => FIRST + i);
const SOURCES = ['a', 'b', 'c'];

function scene(seed: number) {
  const random = new Random(seed);
  const sources = SOURCES.slice(0, random.int(1, 3));
  return { random, sources, graph: randomGraph(random, sources), epochs: randomEpochs(random, randomPartitions(random, sources, 2)) };
}

describe('random graphs', () => {
  test('put the same rows on every edge as a plain loop, epoch by epoch', () => {
    let rows = 0;
    for (const seed of SEEDS) {
      const { sources, graph, epochs } = scene(seed);
      const wired = new WiredGraph(graph, sources);
      const loop = new Topological(graph, SYNTHETIC);
      epochs.forEach((epoch, i) => {
        const expected = loop.run(epoch);
        for (const [edge, batches] of wired.run(epoch)) {
          const text = batches.flatMap(batchText);
          rows += text.length;
          expect(text, `seed ${seed}, epoch ${i}, edge ${edge}`).toEqual((expected.get(edge) ?? []).map(rowText));
        }
      });
      expect(wired.errors, `seed ${seed}`).toEqual([]);
    }
    expect(rows).toBeGreaterThan(SEEDS.length * 100);
  });

  test('go on from another instance, held rows and watermarks included, as if nothing had happened', () => {
    for (const seed of SEEDS) {
      const { random, sources, graph, epochs } = scene(seed);
      const whole = new WiredGraph(graph, sources);
      let restarted = new WiredGraph(graph, sources);
      epochs.forEach((epoch, i) => {
        const [a, b] = [whole.run(epoch), restarted.run(epoch)];
        for (const [edge, batches] of a)
          expect(b.get(edge)?.flatMap(batchText), `seed ${seed}, epoch ${i}, edge ${edge}`).toEqual(batches.flatMap(batchText));
        if (!random.chance(0.5)) return;
        const next = new WiredGraph(graph, sources);
        next.takeOver(restarted);
        restarted = next;
      });
    }
  });

  test('put the same rows on every edge, however the same input is cut into epochs and batches', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const sources = SOURCES.slice(0, random.int(1, 3));
      const graph = randomGraph(random, sources, true);
      const partitions = randomPartitions(random, sources, 1);
      const run = (): Map<string, string[]> => {
        const wired = new WiredGraph(graph, sources);
        const all = new Map<string, string[]>();
        for (const epoch of randomEpochs(random, partitions)) {
          for (const [edge, batches] of wired.run(epoch))
            all.set(edge, [...(all.get(edge) ?? []), ...batches.flatMap(batchText).map(withoutClock)]);
        }
        return all;
      };
      const expected = run();
      for (const [edge, rows] of run()) expect(rows, `seed ${seed}, edge ${edge}`).toEqual(expected.get(edge));
    }
  });
});

/** A rejected row carries the clock of its epoch, which depends on the cut. */
function withoutClock(text: string): string {
  return text.includes('pipeline: ') ? text.replace(/ts_recv: \d+n/, '') : text;
}
