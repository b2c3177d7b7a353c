import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { MillraceError } from '../../graph/contract/error.ts';
import { openTestLog, temporaryFolder } from './embedded-fixture.ts';
import { Scene, text } from './scene.ts';

/** A folder on a disk of 12 MiB of its own, or null where that needs rights we lack. */
function smallDisk(): { readonly dir: string; remove(): void } | null {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder.dir], { stdio: 'ignore' });
  } catch (error) {
    folder.remove();
    process.stderr.write(`no small disk for the test of a full one: ${String(error)}\n`);
    return null;
  }
  return {
    dir: folder.dir,
    remove() {
      execFileSync('umount', [folder.dir]);
      folder.remove();
    },
  };
}

/** Takes all the room that is left but `leave` bytes. */
function fillUp(path: string, dir: string, leave: number): void {
  const { bavail, bsize } = statfsSync(dir);
  writeFileSync(path, new Uint8Array(Math.max(0, bavail * bsize - leave)));
}

test.for([
  ['payloads', 300_000],
  ['small messages', 500],
] as const)(
  'a full disk stops the log with a coded error, hurts nothing, and it goes on when there is room: %s',
  async ([, size], { skip, onTestFinished }) => {
    const disk = smallDisk();
    if (!disk) return skip('needs the right to mount a small disk');
    onTestFinished(() => disk.remove());
    const ballast = join(disk.dir, 'ballast');
    const scene = new Scene(await openTestLog(disk.dir));
    await scene.begin(1, { a: 1 });
    const topic = scene.topic('a');
    const lease = await scene.log.lease('sink', topic, { assigned: () => undefined, revoked: async () => undefined });
    fillUp(ballast, disk.dir, 3 * 1024 * 1024);
    let error: MillraceError | null = null;
    let count = 0;
    let round = scene.round([]);
    while (error === null) {
      round = scene.round(Array.from({ length: 20 }, (__, i) => text(topic, 0, `${count + i} `.padEnd(size))));
      error = await scene.log.commit(round).then(
        () => null,
        (e: MillraceError) => e,
      );
      if (error === null) {
        scene.settle(round);
        count += 20;
      }
    }
    expect(error).toMatchObject({ code: 'disk-full', domain: 'user', retry: 'never', remedy: expect.stringContaining('room') });
    const full = join(disk.dir, 'more');
    fillUp(full, disk.dir, 0);
    await expect(scene.log.commit(round)).rejects.toMatchObject({ code: 'disk-full' });
    const key = { pipeline: 'p', task: 0, inc: 'i', epoch: 0 };
    await expect(scene.log.putState(key, new Map([['n', [new Uint8Array(500_000)]]]))).rejects.toMatchObject({ code: 'disk-full' });
    expect((await scene.log.root(scene.pipeline, 0))?.epoch ?? -1).toBe(count / 20 - 1);
    expect(await scene.scan(topic, 0, 0, count)).toHaveLength(count);
    await lease.release();
    await scene.log.close();
    const last = join(disk.dir, 'last');
    fillUp(last, disk.dir, 0);
    await expect(openTestLog(disk.dir)).rejects.toMatchObject({ code: 'disk-full' });
    rmSync(ballast);
    rmSync(full);
    rmSync(last);
    scene.log = await openTestLog(disk.dir);
    await scene.lead();
    expect(await scene.log.commit(round)).toBe('committed');
    const messages = await scene.scan(topic, 0, 0, count + 20);
    expect(messages.map(({ value }) => Number.parseInt(Buffer.from(value).toString(), 10))).toEqual(
      Array.from({ length: count + 20 }, (__, i) => i),
    );
    await scene.log.close();
  },
);
