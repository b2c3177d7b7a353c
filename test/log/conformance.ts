import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log, Outgoing } from '../../graph/contract/log.ts';
import { leaseAll, outgoing, patient, Scene, text, texts, until } from './scene.ts';

/** A log under test. What it leaves out, it cannot do: those cases are skipped. */
export interface Fixture {
  readonly log: Log;
  /** Closes the log and opens it again, as a restart would. */
  reopen(): Promise<Log>;
  destroy(): Promise<void>;
  /** A second process on the same log. */
  peer?(): Promise<Log>;
  /** Makes what was written so far to topics of one minute's retention old enough to go. */
  age?(): Promise<void>;
  /** Changes a byte of a stored snapshot. */
  damage?(reference: string): Promise<void>;
}

/** What every log must do; runs on the embedded one and on Kafka. `can` names the optional parts of the fixture that are there. */
export function conformance(name: string, open: () => Promise<Fixture>, can: readonly ('peer' | 'age' | 'damage')[]): void {
  describe(`log conformance: ${name}`, () => {
    let fixture: Fixture;
    let scene: Scene;
    let opened: Log;

    beforeEach(async () => {
      fixture = await open();
      opened = fixture.log;
      scene = new Scene(opened);
    });
    afterEach(() => fixture.destroy());

    const reopen = async (): Promise<void> => {
      await scene.release();
      scene.log = await fixture.reopen();
      await scene.lead();
    };

    describe('topics', () => {
      test('ensure creates, and again changes nothing', async () => {
        const topics = [{ topic: scene.topic('a'), partitions: 3, kind: 'data', retentionMs: 60_000 }] as const;
        const first = await patient(() => scene.log.ensure(topics));
        const second = await patient(() => scene.log.ensure(topics));
        expect(first.get(scene.topic('a'))?.partitions).toBe(3);
        expect(first.get(scene.topic('a'))?.ranges).toHaveLength(3);
        expect(second).toEqual(first);
      });

      test('ensure refuses a topic that is there with other settings', async () => {
        const topic = { topic: scene.topic('a'), partitions: 3, kind: 'data', retentionMs: 60_000 } as const;
        await patient(() => scene.log.ensure([topic]));
        await expect(patient(() => scene.log.ensure([{ ...topic, partitions: 4 }]))).rejects.toMatchObject({ code: 'topic-mismatch' });
        expect((await patient(() => scene.log.describe(topic.topic)))?.partitions).toBe(3);
      });

      test('those that are created at the same time are several', async () => {
        const names = ['a', 'b', 'c', 'd'].map((name) => scene.topic(name));
        const spec = (topic: string) => ({ topic, partitions: 1, kind: 'data', retentionMs: null }) as const;
        await scene.begin(1, {});
        await Promise.all(names.map((topic) => patient(() => scene.log.ensure([spec(topic)]))));
        await scene.send(names.map((topic) => ({ topic, value: Buffer.from(topic) })));
        await reopen();
        const read = await scene.read(
          'r',
          names.map((topic) => ({ topic, partition: 0, offset: 0 })),
          names.length,
        );
        expect(
          [...read].map(([place, messages]) => [place, messages.map(({ value }) => Buffer.from(value).toString())]).toSorted(),
        ).toEqual(names.map((topic) => [`${topic}/0`, [topic]]));
      });

      test('describe tells null of a topic that is not there', async () => {
        expect(await patient(() => scene.log.describe(scene.topic('none')))).toBeNull();
      });
    });

    describe('rounds', () => {
      test('a round is there whole: every topic, partition and journal entry, in order', async () => {
        await scene.begin(2, { a: 2, b: 1 });
        const [a, b] = [scene.topic('a'), scene.topic('b')];
        await scene.send([text(a, 0, 'a0'), text(a, 1, 'b0'), text(a, 0, 'a1'), text(b, 0, 'c0')], [0, 1]);
        await scene.send([text(a, 0, 'a2'), text(b, 0, 'c1')], [1]);
        const starts = [
          { topic: a, partition: 0, offset: 0 },
          { topic: a, partition: 1, offset: 0 },
          { topic: b, partition: 0, offset: 0 },
          { topic: scene.journal, partition: 0, offset: 0 },
          { topic: scene.journal, partition: 1, offset: 0 },
        ];
        const read = await scene.read('r', starts, 9);
        expect(texts(read.get(`${a}/0`))).toEqual(['a0', 'a1', 'a2']);
        expect(texts(read.get(`${a}/1`))).toEqual(['b0']);
        expect(texts(read.get(`${b}/0`))).toEqual(['c0', 'c1']);
        expect(texts(read.get(`${scene.journal}/0`))).toEqual(['{"epoch":0,"task":0}']);
        expect(texts(read.get(`${scene.journal}/1`))).toEqual(['{"epoch":0,"task":1}', '{"epoch":1,"task":1}']);
        for (const messages of read.values()) {
          const offsets = messages.map(({ offset }) => offset);
          expect(offsets).toEqual([...new Set(offsets)].sort((x, y) => x - y));
        }
      });

      test('keys, headers, times, empty and large values come back as they were', async () => {
        await scene.begin(1, { a: 1 });
        const topic = scene.topic('a');
        const large = new Uint8Array(1024 * 1024).map((_, i) => (i * 31) ^ (i >> 8));
        const headers = { traceparent: '00-4bf9-01', 'm.wm': '1723161255030000000', unicode: 'µs ✓' };
        const odd = new Uint8Array(new ArrayBuffer(2048), 3, 1500).fill(9); // starts at no multiple of 8
        const sent = [
          { topic, key: Buffer.from('AAPL'), value: Buffer.from('x'), headers, timestampNs: 1_723_161_255_031_000_000n },
          { topic, key: Buffer.alloc(0), value: new Uint8Array(0), timestampNs: 1_723_161_255_032_000_000n },
          { topic, value: large, timestampNs: 1_723_161_255_030_000_000n },
          { topic, value: odd, timestampNs: 1_723_161_255_030_000_000n },
        ];
        await scene.send(sent);
        const check = async (reader: string): Promise<void> => {
          const messages = (await scene.read(reader, [{ topic, partition: 0, offset: 0 }], 4)).get(`${topic}/0`) ?? [];
          expect(messages.map(({ timestampNs }) => timestampNs)).toEqual(sent.map(({ timestampNs }) => timestampNs));
          expect(messages.map(({ key }) => Buffer.from(key ?? []).toString())).toEqual(['AAPL', '', '', '']);
          expect(messages.slice(2).map(({ key }) => key)).toEqual([null, null]);
          expect(messages[0]?.headers).toEqual(headers);
          expect(messages[1]?.headers).toEqual({});
          expect(messages[1]?.value).toHaveLength(0);
          expect(Buffer.compare(messages[2]?.value ?? EMPTY, large)).toBe(0);
          expect(Buffer.compare(messages[3]?.value ?? EMPTY, odd)).toBe(0);
          for (const { value } of messages) expect(value.byteOffset % 8).toBe(0);
        };
        await check('warm');
        await reopen();
        await check('cold');
      });

      test('the root is that of the last committed round, also after a restart', async () => {
        await scene.begin(2, {});
        expect(await patient(() => scene.log.root(scene.pipeline, 0))).toBeNull();
        await scene.send([], [0, 1]);
        await scene.send([], [1]);
        const check = async (): Promise<void> => {
          expect(await patient(() => scene.log.root(scene.pipeline, 0))).toEqual(scene.root(0));
          expect(await patient(() => scene.log.root(scene.pipeline, 1))).toEqual(scene.root(1));
        };
        await check();
        await reopen();
        await check();
        await scene.send([], [0]);
        expect((await patient(() => scene.log.root(scene.pipeline, 0)))?.epoch).toBe(1);
      });

      test('the root keeps its snapshot', async () => {
        await scene.begin(1, {});
        await scene.send([]);
        const { high } = await scene.range(scene.journal, 0, 1);
        const key = { pipeline: scene.pipeline, task: 0, inc: scene.name, epoch: 0 };
        const reference = await patient(() => scene.log.putState(key, new Map([['bars', [Buffer.from('s')]]])));
        const root = { ...scene.root(1, { epoch: 0, reference, journalFrom: high }), closed: true };
        await scene.commit(scene.round([], [0], { root }));
        expect(await patient(() => scene.log.root(scene.pipeline, 0))).toEqual(root);
        await reopen();
        expect(await patient(() => scene.log.root(scene.pipeline, 0))).toEqual(root);
      });

      test('an unknown outcome is one or the other: the root tells, and the message is there once', async () => {
        await scene.begin(1, { a: 1 });
        const topic = scene.topic('a');
        const count = 40;
        for (let i = 0; i < count; i++) await scene.send([text(topic, 0, String(i))]);
        const read = await scene.read('r', [{ topic, partition: 0, offset: 0 }], count);
        expect(texts(read.get(`${topic}/0`))).toEqual(Array.from({ length: count }, (_, i) => String(i)));
        const { low, high } = await scene.range(scene.journal, 0, count);
        expect(await scene.scan(scene.journal, 0, low, high)).toHaveLength(count);
      });

      test('nobody sees a round that was not committed', async () => {
        await scene.begin(1, { a: 1 });
        const topic = scene.topic('a');
        await scene.release();
        expect(await scene.attempt(scene.round([text(topic, 0, 'never')]))).toBe('fenced');
        await scene.lead();
        await scene.send([text(topic, 0, 'first')]);
        expect(texts((await scene.read('r', [{ topic, partition: 0, offset: 0 }], 1)).get(`${topic}/0`))).toEqual(['first']);
      });
    });

    describe('reading', () => {
      test('poll keeps to its credit, but gives at least one message', async () => {
        await scene.begin(1, { a: 1 });
        const topic = scene.topic('a');
        await scene.send(Array.from({ length: 20 }, (_, i) => ({ topic, value: new Uint8Array(5000).fill(i) })));
        await scene.range(topic, 0, 20);
        let offset = 0;
        const sizes: number[] = [];
        for (const credit of [
          { messages: 3, bytes: 1e9 },
          { messages: 100, bytes: 12_000 },
          { messages: 100, bytes: 1 },
        ]) {
          const [fetched] = await patient(() => scene.log.poll('r', [{ topic, partition: 0, offset }], { ...credit, waitMs: 1000 }));
          const messages = fetched?.messages ?? [];
          sizes.push(messages.length);
          offset = (messages.at(-1)?.offset ?? offset) + 1;
        }
        expect(sizes[0]).toBeLessThanOrEqual(3);
        expect(sizes[1]).toBeLessThanOrEqual(2);
        expect(sizes[2]).toBeLessThanOrEqual(1);
        expect((await scene.read('s', [{ topic, partition: 0, offset: 0 }], 20)).get(`${topic}/0`)).toHaveLength(20);
      });

      test('poll without waiting gives nothing where nothing is', async () => {
        await scene.begin(1, { a: 1 });
        const positions = [{ topic: scene.topic('a'), partition: 0, offset: 0 }];
        expect(await patient(() => scene.log.poll('r', positions, { messages: 9, bytes: 9, waitMs: 0 }))).toEqual([]);
        expect(await patient(() => scene.log.poll('r', [], { messages: 9, bytes: 9, waitMs: 0 }))).toEqual([]);
      });

      test('a waiting poll wakes when a round is committed', async () => {
        await scene.begin(1, { a: 2 });
        const topic = scene.topic('a');
        const positions = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
        const waiting = scene.read('r', positions, 1);
        await scene.send([text(topic, 1, 'awake')]);
        expect(texts((await waiting).get(`${topic}/1`))).toEqual(['awake']);
      });

      test('readers do not disturb each other', async () => {
        await scene.begin(1, { a: 1 });
        const topic = scene.topic('a');
        await scene.send(['0', '1', '2', '3'].map((value) => text(topic, 0, value)));
        const start = { topic, partition: 0, offset: 0 };
        const [one] = (await scene.read('one', [start], 1)).values();
        const next = { ...start, offset: (one?.[0]?.offset ?? 0) + 1 };
        const [other, rest] = await Promise.all([scene.read('two', [start], 4), scene.read('one', [next], 3)]);
        expect(texts(other.get(`${topic}/0`))).toEqual(['0', '1', '2', '3']);
        expect(texts(rest.get(`${topic}/0`))).toEqual(['1', '2', '3']);
      });

      test('a busy partition does not starve the others', async () => {
        await scene.begin(1, { a: 2 });
        const topic = scene.topic('a');
        await scene.send([...Array.from({ length: 50 }, (_, i) => text(topic, 0, `busy ${i}`)), text(topic, 1, 'rare')]);
        const positions = [0, 1].map((partition) => ({ topic, partition, offset: 0 }));
        const seen = new Set<number>();
        await until(async () => {
          const fetched = await patient(() => scene.log.poll('r', positions, { messages: 1, bytes: 1000, waitMs: 1000 }));
          for (const { partition } of fetched) seen.add(partition);
          return seen.size === 2;
        });
        expect(seen).toEqual(new Set([0, 1]));
      });

      test('scan gives exactly the range, old and new', async () => {
        await scene.begin(1, { a: 1 });
        const topic = scene.topic('a');
        for (let i = 0; i < 10; i++) await scene.send([text(topic, 0, `s${i}`), { topic, value: new Uint8Array(3000).fill(i) }]);
        const { low, high } = await scene.range(topic, 0, 20);
        const all = await scene.scan(topic, 0, low, high);
        expect(all).toHaveLength(20);
        const offsets = all.map(({ offset }) => offset);
        const [from = 0, to = 0] = [offsets[3], offsets[9]];
        for (let round = 0; round < 2; round++) {
          expect((await scene.scan(topic, 0, from, to)).map(({ offset }) => offset)).toEqual(offsets.slice(3, 9));
          expect((await scene.scan(topic, 0, from, to + 1)).map(({ offset }) => offset)).toEqual(offsets.slice(3, 10));
          expect(await scene.scan(topic, 0, to, to)).toEqual([]);
          await reopen();
        }
        expect(await scene.scan(topic, 0, low, high)).toEqual(all);
      });

      test.runIf(can.includes('age'))('a position whose messages are gone is an error, not a jump', async () => {
        await scene.begin(1, { old: 1 }, 60_000);
        const topic = scene.topic('old');
        await scene.send(['0', '1', '2'].map((value) => text(topic, 0, value)));
        const { low, high } = await scene.range(topic, 0, 3);
        await fixture.age?.();
        await until(async () => {
          await scene.send([]);
          return ((await patient(() => scene.log.describe(topic)))?.ranges[0]?.low ?? 0) > low;
        });
        const poll = patient(() => scene.log.poll('late', [{ topic, partition: 0, offset: low }], { messages: 9, bytes: 999, waitMs: 0 }));
        await expect(poll).rejects.toMatchObject({ code: 'position-expired' });
        await expect(scene.scan(topic, 0, low, high)).rejects.toMatchObject({ code: 'position-expired' });
        await scene.send([text(topic, 0, '3')]);
        expect(texts((await scene.read('r', [{ topic, partition: 0, offset: high }], 1)).get(`${topic}/0`))).toEqual(['3']);
      });
    });

    describe('leases', () => {
      test('a lease tells what it owns, and lets go when released', async () => {
        await scene.begin(1, { a: 3 });
        const owned = new Set<number>();
        const lease = await patient(() =>
          scene.log.lease('sink', scene.topic('a'), {
            assigned(partitions) {
              for (const p of partitions) owned.add(p);
            },
            async revoked(partitions) {
              for (const p of partitions) owned.delete(p);
            },
          }),
        );
        await until(() => owned.size === 3 && lease.owned.size === 3);
        await lease.release();
        expect(owned.size).toBe(0);
        expect(lease.owned.size).toBe(0);
      });

      test('after release nothing can be committed; a new lease goes on where it was', async () => {
        await scene.begin(1, { a: 1 });
        await scene.send([text(scene.topic('a'), 0, 'before')]);
        await scene.release();
        expect(await scene.attempt(scene.round([]))).toBe('fenced');
        expect((await patient(() => scene.log.root(scene.pipeline, 0)))?.epoch).toBe(0);
        await scene.lead();
        await scene.send([text(scene.topic('a'), 0, 'after')]);
        expect((await patient(() => scene.log.root(scene.pipeline, 0)))?.epoch).toBe(1);
      });

      test.runIf(can.includes('peer'))('a second owner fences the first', async () => {
        await scene.begin(1, {});
        await scene.send([]);
        const stale = scene.round([]);
        const peer = await fixture.peer?.();
        if (!peer) throw new Error('the fixture named a peer and has none');
        await scene.release();
        await scene.knows(peer, 1);
        const other = new Scene(peer);
        const lease = await leaseAll(peer, scene.pipeline, scene.journal, 1);
        expect(await scene.attempt(stale)).toBe('fenced');
        await other.commit({ ...stale, pipeline: scene.pipeline });
        expect((await patient(() => peer.root(scene.pipeline, 0)))?.epoch).toBe(1);
        await lease.release();
        await peer.close();
      });
    });

    describe('sinks', () => {
      test('an intent is kept, replaced by the next, and there after a restart', async () => {
        await scene.begin(1, { a: 2 });
        const topic = scene.topic('a');
        const group = `${scene.name}.sink.t`;
        const lease = await leaseAll(scene.log, group, topic, 2);
        expect(await patient(() => scene.log.pending(group, topic, 1))).toBeNull();
        const first = { from: 0, to: 17, token: `${group}/0 17`, rows: 200_000 };
        const second = { from: 17, to: 17, token: '', rows: 0 };
        expect(await intend(scene.log, group, topic, first)).toBe('committed');
        expect(await patient(() => scene.log.pending(group, topic, 1))).toEqual(first);
        expect(await patient(() => scene.log.pending(group, topic, 0))).toBeNull();
        expect(await patient(() => scene.log.pending('another', topic, 1))).toBeNull();
        expect(await intend(scene.log, group, topic, second)).toBe('committed');
        await lease.release();
        await reopen();
        expect(await patient(() => scene.log.pending(group, topic, 1))).toEqual(second);
      });

      test('what is sent with an intent is there once the intent is, and after a restart', async () => {
        await scene.begin(1, { a: 2, left: 2 });
        const topic = scene.topic('a');
        const left = scene.topic('left');
        await scene.send([text(left, 1, 'from a round')]);
        const lease = await leaseAll(scene.log, scene.name, topic, 2);
        const large = 'x'.repeat(5_000);
        const sent = [text(left, 1, 'small'), text(left, 0, large), { ...text(left, 1, 'last'), headers: { why: 'refused' } }];
        const intent = { from: 3, to: 9, token: 'block', rows: 6 };
        expect(await intend(scene.log, scene.name, topic, intent, sent.map(outgoing))).toBe('committed');
        expect(await intend(scene.log, scene.name, topic, { ...intent, from: 9 }, [])).toBe('committed');
        await scene.send([text(left, 1, 'after')]);
        const positions = [0, 1].map((partition) => ({ topic: left, partition, offset: 0 }));
        for (let round = 0; round < 2; round++) {
          const read = await scene.read(`r${round}`, positions, 5);
          expect(texts(read.get(`${left}/0`))).toEqual([large]);
          expect(texts(read.get(`${left}/1`))).toEqual(['from a round', 'small', 'last', 'after']);
          expect(read.get(`${left}/1`)?.map(({ headers }) => headers.why)).toEqual([undefined, undefined, 'refused', undefined]);
          if (round === 0) {
            await lease.release();
            await reopen();
          }
        }
        expect(await patient(() => scene.log.pending(scene.name, topic, 1))).toEqual({ ...intent, from: 9 });
      });

      test('a fenced intent sends nothing', async () => {
        await scene.begin(1, { a: 2, left: 1 });
        const topic = scene.topic('a');
        const left = scene.topic('left');
        const lease = await leaseAll(scene.log, scene.name, topic, 2);
        const intent = { from: 0, to: 3, token: 'kept', rows: 3 };
        await intend(scene.log, scene.name, topic, intent);
        const next = { from: 3, to: 9, token: 'next', rows: 6 };
        await lease.release();
        expect(await patient(() => scene.log.intent(scene.name, topic, 1, next, [outgoing(text(left, 0, 'stale'))]))).toBe('fenced');
        expect(await patient(() => scene.log.pending(scene.name, topic, 1))).toEqual(intent);
        await scene.send([text(left, 0, 'only')]);
        expect(texts((await scene.read('r', [{ topic: left, partition: 0, offset: 0 }], 1)).get(`${left}/0`))).toEqual(['only']);
      });

      test('an intent without the lease is fenced and changes nothing', async () => {
        await scene.begin(1, { a: 2 });
        const topic = scene.topic('a');
        const lease = await leaseAll(scene.log, scene.name, topic, 2);
        const kept = { from: 0, to: 3, token: 'kept', rows: 3 };
        await intend(scene.log, scene.name, topic, kept);
        await lease.release();
        const refused = { from: 3, to: 9, token: 'refused', rows: 6 };
        expect(await patient(() => scene.log.intent(scene.name, topic, 1, refused))).toBe('fenced');
        expect(await patient(() => scene.log.pending(scene.name, topic, 1))).toEqual(kept);
      });
    });

    describe('snapshots', () => {
      const chunks = new Map([
        ['bars', [new Uint8Array(512 * 1024).fill(7), Buffer.from('last')]],
        ['clean', [new Uint8Array(0)]],
        ['empty', []],
      ]);

      test('a snapshot comes back as it was, also after a restart', async () => {
        await scene.begin(1, {});
        const reference = await patient(() => scene.log.putState({ pipeline: scene.pipeline, task: 0, inc: 'i', epoch: 4 }, chunks));
        for (let round = 0; round < 2; round++) {
          const state = await patient(() => scene.log.getState(scene.pipeline, 0, reference));
          expect([...(state?.keys() ?? [])]).toEqual(['bars', 'clean', 'empty']);
          for (const [node, parts] of chunks) {
            const found = state?.get(node) ?? [];
            expect(found.map((part) => Buffer.from(part).toString('base64'))).toEqual(
              parts.map((part) => Buffer.from(part).toString('base64')),
            );
          }
          await reopen();
        }
      });

      test('a root points at the newest; older ones go, the two newest stay', async () => {
        await scene.begin(1, {});
        await scene.send([]);
        const references: string[] = [];
        for (let epoch = 0; epoch < 4; epoch++) {
          const key = { pipeline: scene.pipeline, task: 0, inc: scene.name, epoch };
          const reference = await patient(() => scene.log.putState(key, new Map([['n', [Buffer.from(`state ${epoch}`)]]])));
          references.push(reference);
          const { high } = await scene.range(scene.journal, 0, 0);
          await scene.commit(scene.round([], [0], { root: scene.root(epoch + 1, { epoch, reference, journalFrom: high }) }));
        }
        const texts = await Promise.all(
          references
            .slice(2)
            .map(async (reference) => (await patient(() => scene.log.getState(scene.pipeline, 0, reference)))?.get('n')?.[0]),
        );
        expect(texts.map((part) => part && Buffer.from(part).toString())).toEqual(['state 2', 'state 3']);
        const root = await patient(() => scene.log.root(scene.pipeline, 0));
        const { high } = await scene.range(scene.journal, 0, 0);
        const entries = await scene.scan(scene.journal, 0, root?.snap?.journalFrom ?? 0, high);
        await until(async () => (await scene.scan(scene.journal, 0, root?.snap?.journalFrom ?? 0, high)).length >= 1);
        expect(entries.length).toBeLessThanOrEqual(2);
      });

      test.runIf(can.includes('damage'))('a damaged or missing snapshot is null', async () => {
        await scene.begin(1, {});
        const key = { pipeline: scene.pipeline, task: 0, inc: 'i', epoch: 4 };
        const reference = await patient(() => scene.log.putState(key, chunks));
        const other = await patient(() => scene.log.putState({ ...key, epoch: 5 }, new Map()));
        await fixture.damage?.(reference);
        expect(await patient(() => scene.log.getState(scene.pipeline, 0, reference))).toBeNull();
        expect(await patient(() => scene.log.getState(scene.pipeline, 0, other))).toEqual(new Map());
      });
    });

    test('a waiting poll is abandoned when the log closes, and nothing works after', async () => {
      await scene.begin(1, { a: 1 });
      const positions = [{ topic: scene.topic('a'), partition: 0, offset: 0 }];
      const waiting = patient(() => scene.log.poll('r', positions, { messages: 1, bytes: 1, waitMs: 3_600_000 }));
      await patient(() => scene.log.describe(scene.topic('a')));
      await scene.release();
      await scene.log.close();
      expect(await waiting).toEqual([]);
    });
  });
}

const EMPTY = new Uint8Array(0);

/** Announces until it is in, over a lease that may come and go. */
async function intend(
  log: Log,
  group: string,
  topic: string,
  intent: Parameters<Log['intent']>[3],
  sent?: readonly Outgoing[],
): Promise<'committed'> {
  await until(async () => (await patient(() => log.intent(group, topic, 1, intent, sent))) === 'committed');
  return 'committed';
}
