import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FaultOptions, withFaults } from '../../connectors/embedded/faults.ts';
import type { EmbeddedLog } from '../../connectors/embedded/log.ts';
import type { CommitResult, Log } from '../../graph/contract/log.ts';
import { openTestLog, temporaryFolder } from './embedded-fixture.ts';
import { patient, Scene, text, texts, until } from './scene.ts';

const NOW = { messages: 100, bytes: 1e6, waitMs: 0 };

describe('faults: each one happens, and is what it says', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let inner: EmbeddedLog;

  beforeEach(async () => {
    folder = temporaryFolder();
    inner = await openTestLog(folder.dir);
  });
  afterEach(async () => {
    await inner.close();
    folder.remove();
  });

  const begin = async (faults: FaultOptions): Promise<{ scene: Scene; log: Log; topic: string }> => {
    const log = withFaults(inner, faults);
    const scene = new Scene(log);
    await scene.begin(1, { a: 1 });
    return { scene, log, topic: scene.topic('a') };
  };

  test('gaps: offsets rise with holes, ranges end behind them, every position between finds the next message', async () => {
    const { scene, log, topic } = await begin({ seed: 5, stride: 4 });
    await scene.send(Array.from({ length: 30 }, (_, i) => text(topic, 0, String(i))));
    const messages = (await scene.read('r', [{ topic, partition: 0, offset: 0 }], 30)).get(`${topic}/0`) ?? [];
    expect(texts(messages)).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
    const steps = messages.slice(1).map(({ offset }, i) => offset - (messages[i]?.offset ?? 0));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(1);
    expect(new Set(steps).size).toBeGreaterThan(2);
    expect((await log.describe(topic))?.ranges[0]).toEqual({ low: 0, high: 120 });
    for (let offset = 0; offset <= (messages.at(-1)?.offset ?? 0); offset++) {
      const [fetched] = await log.poll('all', [{ topic, partition: 0, offset }], NOW);
      expect(fetched?.messages[0]?.offset).toBe(messages.find((message) => message.offset >= offset)?.offset);
    }
  });

  test('unknown: some of them happened, some did not, some happen later; the root waits until that is decided', async () => {
    const { scene } = await begin({ seed: 7, unknown: 1 });
    const seen = { happened: 0, not: 0 };
    for (let i = 0; i < 40; i++) {
      const round = scene.round([]);
      expect(await scene.attempt(round)).toBe('unknown');
      const isThere = await scene.isThere(round);
      seen[isThere ? 'happened' : 'not']++;
      if (isThere) scene.settle(round);
    }
    expect(seen.happened).toBeGreaterThan(5);
    expect(seen.not).toBeGreaterThan(5);
    expect((await inner.root(scene.pipeline, 0))?.epoch).toBe(seen.happened - 1);
  });

  test('lose: the lease is gone before the commit, which is fenced, and comes back', async () => {
    const log = withFaults(inner, { seed: 3, lose: 1, maxDelayMs: 1 });
    const scene = new Scene(log);
    await log.ensure([{ topic: scene.journal, partitions: 2, kind: 'journal', retentionMs: null }]);
    const heard: [string, readonly number[], boolean?][] = [];
    const lease = await log.lease('g', scene.journal, {
      assigned: (partitions) => void heard.push(['assigned', partitions]),
      revoked: async (partitions, lost) => void heard.push(['revoked', partitions, lost]),
    });
    expect(await log.commit(scene.round([], [0, 1]))).toBe('fenced');
    expect(heard[0]).toEqual(['assigned', [0, 1]]);
    expect(heard[1]?.[0]).toBe('revoked');
    expect(heard[1]?.[2]).toBe(true);
    await until(() => lease.owned.size === 2);
    expect(heard[2]).toEqual(['assigned', heard[1]?.[1]]);
    expect(await log.root(scene.pipeline, 0)).toBeNull();
    await lease.release();
  });

  test('revoke: the listener may finish its commit before it lets go', async () => {
    const log = withFaults(inner, { seed: 3, revoke: 1, maxDelayMs: 1 });
    const scene = new Scene(log);
    await log.ensure([{ topic: scene.journal, partitions: 1, kind: 'journal', retentionMs: null }]);
    const last: { result: CommitResult | null } = { result: null };
    const lease = await log.lease('g', scene.journal, {
      assigned: () => undefined,
      async revoked(_, lost) {
        if (last.result === null && !lost) last.result = await log.commit(scene.round([]));
      },
    });
    await log.poll('r', [], NOW);
    await until(() => last.result !== null);
    expect(last.result).toBe('committed');
    await until(() => lease.owned.size === 1);
    await lease.release();
  });

  test('late: a committed message is not seen at once, then it is, in order', async () => {
    const { scene, log, topic } = await begin({ seed: 11, late: 1, maxDelayMs: 20 });
    let hidden = 0;
    const seen: string[] = [];
    let offset = 0;
    for (let i = 0; i < 20; i++) {
      await scene.send([text(topic, 0, String(i))]);
      const [fetched] = await log.poll('r', [{ topic, partition: 0, offset }], NOW);
      const high = (await log.describe(topic))?.ranges[0]?.high ?? 0;
      if (!fetched) hidden++;
      else expect(fetched.messages.at(-1)?.offset).toBeLessThan(high);
      seen.push(...texts(fetched?.messages));
      offset = (fetched?.messages.at(-1)?.offset ?? offset - 1) + 1;
    }
    expect(hidden).toBeGreaterThan(0);
    seen.push(...texts((await scene.read('r', [{ topic, partition: 0, offset }], 20 - seen.length)).get(`${topic}/0`)));
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  });

  test('short, wake: one message a poll; a waiting poll may give nothing early', async () => {
    const { scene, log, topic } = await begin({ seed: 1, short: 1, wake: 1, maxDelayMs: 1 });
    await scene.send([text(topic, 0, '0'), text(topic, 0, '1')]);
    const [fetched] = await log.poll('r', [{ topic, partition: 0, offset: 0 }], NOW);
    expect(fetched?.messages).toHaveLength(1);
    expect(await log.poll('r', [{ topic, partition: 0, offset: 2 }], { ...NOW, waitMs: 3_600_000 })).toEqual([]);
  });

  test('error: to be tried again, and nothing happened; the same seed fails the same calls', async () => {
    const pattern = async (seed: number): Promise<string> => {
      const log = withFaults(inner, { seed, error: 0.5 });
      let calls = '';
      for (let i = 0; i < 64; i++) {
        calls += await log.describe('none').then(
          () => '.',
          (error) => (error.retry === 'backoff' && error.code === 'log-unavailable' ? 'x' : '?'),
        );
      }
      return calls;
    };
    const [first, again, other] = [await pattern(9), await pattern(9), await pattern(10)];
    expect(first).toMatch(/^(?=.*x)(?=.*\.)[x.]{64}$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    const { scene } = await begin({ seed: 0 });
    const failing = withFaults(inner, { seed: 9, error: 1 });
    await expect(failing.commit(scene.round([]))).rejects.toMatchObject({ code: 'log-unavailable', domain: 'external' });
    expect(await patient(() => inner.root(scene.pipeline, 0))).toBeNull();
  });
});
