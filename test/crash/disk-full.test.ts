import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freshFolder, launch } from './process.ts';

const ROWS = 200_000;
/** After this the first row is there, ms: about when the process is, on a machine that has time; later each time it was not. */
const STARTS_MS = [5_000, 15_000, 30_000];
/** What the run may use of the disk before it is full, bytes: some of its rounds, not all. */
const ROOM_BYTES = 12 * 1024 * 1024;

/** Rows come for some seconds from `start` on, so that there are many rounds. The file they are written to lies on another disk than the log. */
const pipeline = (start: string) => `version: 1
pipelines:
  full:
    sources:
      exchange: { simulate: { seed: 5, symbols: 4, rows: ${ROWS}, rate: 50000, quotes: 0.2, start: ${start}, pace: live } }
    sinks:
      copy: { from: exchange, topic: copy }
      rows: { from: exchange, file: rows.csv }
`;

/** Mounts a small disk, or tells why not. */
function mounted(folder: string): string | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  onTestFinished(() => void execFileSync('umount', [folder]));
  return null;
}

it('a full disk ends a run with a clear error; with room again it goes on, every row once', { timeout: 240_000 }, async ({ skip }) => {
  const folder = freshFolder();
  const disk = freshFolder();
  const refused = mounted(disk);
  if (refused !== null) return skip(`needs the right to mount a small disk: ${refused}`);
  const { bavail, bsize } = statfsSync(disk);
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, new Uint8Array(bavail * bsize - ROOM_BYTES));
  const args = ['--data-dir', join(disk, 'data')];

  let summary = { epochs: 0 };
  let stderr = '';
  for (const startMs of STARTS_MS) {
    writeFileSync(join(folder, 'pipelines.yaml'), pipeline(new Date(Date.now() + startMs).toISOString()));
    const first = await launch(folder, args).ended;
    expect(first.code, first.stderr).toBe(2);
    ({ stderr } = first);
    summary = JSON.parse(first.stdout) as typeof summary;
    if (summary.epochs > 0) break; // else all rows were due when it was ready, and came at once
    for (const made of [join(disk, 'data'), join(folder, 'rows.csv')]) rmSync(made, { recursive: true, force: true });
  }
  expect(summary).toMatchObject({ error: { code: 'disk-full' } });
  expect(summary.epochs).toBeGreaterThan(0);
  expect(stderr).toContain('error[disk-full]');
  expect(stderr).toContain('make room on that disk');

  const again = await launch(folder, args).ended;
  expect([again.code, again.stderr.includes('disk-full')], again.stderr).toEqual([2, true]);

  rmSync(ballast);
  const last = await launch(folder, args).ended;
  expect(last.code, last.stderr).toBe(0);
  const [head = '', ...lines] = readFileSync(join(folder, 'rows.csv'), 'utf8').trim().split('\n');
  const columns = head.split(',');
  const [symbol, sequence] = [columns.indexOf('symbol'), columns.indexOf('sequence')];
  const rows = new Set(lines.map((line) => `${line.split(',')[symbol]} ${line.split(',')[sequence]}`));
  expect(lines).toHaveLength(ROWS);
  expect(rows.size).toBe(ROWS);
});
