import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestLog, TestClock, temporaryFolder } from './embedded-fixture.ts';
import { Scene, text, texts } from './scene.ts';

describe('the folder of an embedded log', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let lock: string;

  beforeEach(() => {
    folder = temporaryFolder();
    lock = join(folder.dir, 'lock');
  });
  afterEach(() => folder.remove());

  /** A log with two large and one small message, closed. */
  const filled = async (): Promise<Scene> => {
    const scene = new Scene(await openTestLog(folder.dir));
    await scene.begin(1, { a: 1 });
    const topic = scene.topic('a');
    await scene.send([text(topic, 0, 'x'.repeat(5000)), text(topic, 0, 'y'.repeat(5000)), text(topic, 0, 'z')]);
    await scene.log.close();
    return scene;
  };

  test('is for one log at a time, also in one process', async () => {
    const log = await openTestLog(folder.dir);
    await expect(openTestLog(folder.dir)).rejects.toMatchObject({ code: 'log-locked', domain: 'user' });
    await log.close();
    await (await openTestLog(folder.dir)).close();
    expect(existsSync(lock)).toBe(false);
  });

  test('refuses a second process by the number of the first, and takes over when that was killed', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'crash-child.ts'), folder.dir, '1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface({ input: child.stdout }), 'line');
    await expect(openTestLog(folder.dir)).rejects.toMatchObject({
      code: 'log-locked',
      message: expect.stringContaining(`process ${child.pid}`),
      remedy: expect.stringContaining('--data-dir'),
    });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(lock)).toBe(true);
    await (await openTestLog(folder.dir)).close();
  });

  test('takes over from a dead process whose number another process has now', async () => {
    const log = await openTestLog(folder.dir);
    const holder = JSON.parse(readFileSync(lock, 'utf8'));
    await log.close();
    writeFileSync(lock, JSON.stringify({ ...holder, started: `${holder.started}0` }));
    await (await openTestLog(folder.dir)).close();
  });

  test('takes over a lock that was never written to its end', async () => {
    writeFileSync(lock, '');
    await (await openTestLog(folder.dir)).close();
  });

  test('refuses while the holder in another container gives signs of life, no longer', async () => {
    const log = await openTestLog(folder.dir);
    const holder = JSON.parse(readFileSync(lock, 'utf8'));
    await log.close();
    writeFileSync(lock, JSON.stringify({ ...holder, place: `${holder.place}-other` }));
    await expect(openTestLog(folder.dir)).rejects.toMatchObject({ code: 'log-locked' });
    const minuteAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, minuteAgo, minuteAgo);
    await (await openTestLog(folder.dir)).close();
  });

  test('of a later layout is refused', async () => {
    await filled();
    writeFileSync(join(folder.dir, 'layout'), 'millrace embedded log, layout 99\n');
    await expect(openTestLog(folder.dir)).rejects.toMatchObject({ code: 'log-newer', message: expect.stringContaining('99') });
    expect(existsSync(lock)).toBe(false);
  });

  test.each([
    ['a segment cut short', 'segments/0000000001.segment', (path: string) => truncateSync(path, 64)],
    ['a store cut short', 'store/data.mdb', (path: string) => truncateSync(path, 20_000)],
    ['a store of other bytes', 'store/data.mdb', (path: string) => writeFileSync(path, Buffer.alloc(65_536, 0x5a))],
    ['an unreadable layout mark', 'layout', (path: string) => writeFileSync(path, 'something')],
  ])('damaged is refused at open: %s', async (_, file, damage) => {
    await filled();
    damage(join(folder.dir, file));
    await expect(openTestLog(folder.dir)).rejects.toMatchObject({ code: 'log-damaged', remedy: expect.stringContaining('reset') });
  });

  test('a payload with a changed byte is an error where it is read, the others are not', async () => {
    const scene = await filled();
    const path = join(folder.dir, 'segments', '0000000001.segment');
    const bytes = readFileSync(path);
    bytes[5200] = 0;
    writeFileSync(path, bytes);
    scene.log = await openTestLog(folder.dir);
    const topic = scene.topic('a');
    expect(texts(await scene.scan(topic, 0, 0, 1))).toEqual(['x'.repeat(5000)]);
    expect(texts(await scene.scan(topic, 0, 2, 3))).toEqual(['z']);
    await expect(scene.scan(topic, 0, 0, 3)).rejects.toMatchObject({ code: 'log-damaged' });
    await scene.log.close();
  });

  test('a tail behind the last indexed byte is cut off, a segment nobody knows removed', async () => {
    const scene = await filled();
    const segment = join(folder.dir, 'segments', '0000000001.segment');
    const before = readFileSync(segment);
    writeFileSync(segment, Buffer.concat([before, Buffer.alloc(700, 1)]));
    writeFileSync(join(folder.dir, 'segments', '0000000002.segment'), 'garbage');
    scene.log = await openTestLog(folder.dir, new TestClock());
    expect(readFileSync(segment).equals(before)).toBe(true);
    expect(existsSync(join(folder.dir, 'segments', '0000000002.segment'))).toBe(false);
    await scene.lead();
    await scene.send([text(scene.topic('a'), 0, 'w'.repeat(5000))]);
    expect(texts(await scene.scan(scene.topic('a'), 0, 3, 4))).toEqual(['w'.repeat(5000)]);
    await scene.log.close();
  });
});
