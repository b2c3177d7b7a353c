import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EmbeddedLog } from '../../connectors/embedded/log.ts';
import type { MillraceError } from '../../graph/contract/error.ts';
import { openTestLog, TestClock, temporaryFolder } from './embedded-fixture.ts';
import { type Draft, leaseAll, Scene } from './scene.ts';

const MIB = 1024 * 1024;
const SETTINGS = { budgetBytes: 8 * MIB, segmentBytes: MIB };

describe('what the embedded log deletes', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let clock: TestClock;
  let log: EmbeddedLog;
  let scene: Scene;

  beforeEach(async () => {
    folder = temporaryFolder();
    clock = new TestClock();
    log = await openTestLog(folder.dir, clock, SETTINGS);
    scene = new Scene(log);
  });
  afterEach(async () => {
    await log.close();
    folder.remove();
  });

  const large = (suffix: string, partition = 0): Draft => ({ topic: scene.topic(suffix), partition, value: new Uint8Array(256 * 1024) });
  /** Low watermark, once the deletions after the last commit are done. */
  const low = async (suffix: string): Promise<number> => {
    await log.root(scene.pipeline, 0);
    return (await log.describe(scene.topic(suffix)))?.ranges[0]?.low ?? -1;
  };
  const segments = (): number => readdirSync(join(folder.dir, 'segments')).length;

  /** Sends until the log is full; the error, and the round that met it. */
  const fill = async (suffix: string): Promise<{ error: MillraceError; round: ReturnType<Scene['round']> }> => {
    for (let i = 0; i < 100; i++) {
      const round = scene.round([large(suffix)]);
      const error = await log.commit(round).then(
        () => null,
        (e: MillraceError) => e,
      );
      if (error) return { error, round };
      scene.settle(round);
    }
    throw new Error('100 rounds of 256 KiB fit into 8 MiB');
  };

  test('over budget: the oldest segments, when nobody needs them; disk use stays under it', async () => {
    await scene.begin(1, { a: 1 });
    for (let i = 0; i < 100; i++) await scene.send([large('a'), { topic: scene.topic('a'), value: Buffer.from('small') }]);
    const { bytes, budgetBytes } = await log.usage();
    expect(budgetBytes).toBe(8 * MIB);
    expect(bytes).toBeLessThan(8.5 * MIB);
    const from = await low('a');
    expect(from).toBeGreaterThan(100);
    expect((await scene.scan(scene.topic('a'), 0, from, 200)).at(-1)?.offset).toBe(199);
  });

  test('over budget: nothing that a sink has not acknowledged; the error says which; its next intent makes room', async () => {
    await scene.begin(1, { feed: 1 });
    const topic = scene.topic('feed');
    const lease = await leaseAll(log, 'market.sink.ticks', topic, 1);
    const { error, round } = await fill('feed');
    expect(error).toMatchObject({ code: 'log-full', domain: 'user', retry: 'backoff' });
    expect(error.remedy).toContain(`group market.sink.ticks holds ${topic}/0 from offset 0`);
    expect(await low('feed')).toBe(0);
    await log.intent('market.sink.ticks', topic, 0, { from: 9, to: 9, token: '', rows: 0 });
    expect(await log.commit(round)).toBe('committed');
    const after = await low('feed');
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThanOrEqual(9);
    await lease.release();
  });

  test('a group that is no more can be forgotten', async () => {
    await scene.begin(1, { feed: 1 });
    const lease = await leaseAll(log, 'old.sink', scene.topic('feed'), 1);
    await log.intent('old.sink', scene.topic('feed'), 0, { from: 0, to: 0, token: '', rows: 0 });
    await lease.release();
    const { round } = await fill('feed');
    await log.forget('old.sink');
    expect(await log.commit(round)).toBe('committed');
  });

  test('over budget: nothing that a recovery from the last two snapshots reads; a round with a new snapshot always fits', async () => {
    await scene.begin(1, { in: 1 });
    const topic = scene.topic('in');
    const position = (offset: number): { reads: { topic: string; partition: number; offset: number }[] } => ({
      reads: [{ topic, partition: 0, offset }],
    });
    let epoch = -1;
    const step = async (drafts: readonly Draft[], offset: number, snap: number | null): Promise<void> => {
      epoch++;
      const reference =
        snap === null ? null : await log.putState({ pipeline: scene.pipeline, task: 0, inc: scene.name, epoch: snap }, new Map());
      const root = scene.root(epoch, reference === null || snap === null ? null : { epoch: snap, reference, journalFrom: 0 });
      await scene.commit(scene.round(drafts, [0], { root, ...position(offset) }));
    };
    await step([large('in')], 0, null);
    await step([large('in')], 1, null);
    const { error, round } = await fill('in');
    expect(error.code).toBe('log-full');
    expect(error.remedy).toContain(`pipeline ${scene.pipeline} (task 0) holds ${topic}/0 from offset 0`);
    epoch = (round.tasks[0]?.epoch ?? 0) - 1;
    await step([large('in')], 8, epoch - 1);
    await step([large('in')], 16, epoch);
    await step([large('in')], 24, epoch);
    expect(await low('in')).toBe(0); // nothing had to go for rounds with a snapshot
    const sizes = await log.usage();
    const plain = scene.round([large('in')], [0], {
      root: { ...scene.root(epoch + 1), snap: (await log.root(scene.pipeline, 0))?.snap ?? null },
    });
    expect(await log.commit(plain)).toBe('committed');
    const from = await low('in');
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(16);
    expect((await log.usage()).bytes ?? 0).toBeLessThan(sizes.bytes ?? 0);
  });

  test('too old: whole segments, when all their messages are', async () => {
    await scene.begin(1, { short: 1 }, 60_000);
    await log.ensure([{ topic: scene.topic('long'), partitions: 1, kind: 'data', retentionMs: 7_200_000 }]);
    for (let i = 0; i < 6; i++) await scene.send([large('short')]);
    clock.advance(30_000);
    for (let i = 0; i < 6; i++) await scene.send([large('long')]);
    clock.advance(45_000);
    await scene.send([]);
    expect([await low('short'), await low('long')]).toEqual([4, 0]); // the second segment also holds what is to be kept
    expect(segments()).toBe(2);
    clock.advance(7_200_000);
    await scene.send([]);
    expect([await low('short'), await low('long')]).toEqual([6, 6]);
    expect(segments()).toBe(0);
    await scene.send([large('short')]);
    expect(await scene.scan(scene.topic('short'), 0, 6, 7)).toHaveLength(1);
  });

  test('what was deleted stays deleted, and the rest readable, after a restart', async () => {
    await scene.begin(1, { a: 1 });
    for (let i = 0; i < 60; i++) await scene.send([large('a')]);
    const from = await low('a');
    await log.close();
    log = await openTestLog(folder.dir, clock, SETTINGS);
    scene.log = log;
    expect(await low('a')).toBe(from);
    expect(await scene.scan(scene.topic('a'), 0, from, 60)).toHaveLength(60 - from);
    await expect(scene.scan(scene.topic('a'), 0, from - 1, 60)).rejects.toMatchObject({ code: 'position-expired' });
  });
});
