import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { MillraceError } from '../../graph/contract/error.ts';
import { systemCode, writeError } from './errors.ts';

/** Who holds a folder. A process number is reused, the pair with the start of its process is not. */
interface Holder {
  readonly pid: number;
  readonly started: string;
  /** Machine, boot and process namespace: where `pid` means something. */
  readonly place: string;
}

/** The hold of this process on a folder. */
export interface FolderLock {
  release(): void;
}

const BEAT_MS = 5_000;
/** A holder whose process cannot be seen from here (another container) is taken for dead after so long without a beat. */
const SILENT_MS = 30_000;

let attempts = 0;

/** Holds `dir` until released or the process ends; refused (`log-locked`) while another process, or this one, holds it. */
export function lockFolder(dir: string, note: (message: string) => void): FolderLock {
  const path = join(dir, 'lock');
  const own = join(dir, `lock.${process.pid}.${attempts++}`);
  const holder: Holder = { pid: process.pid, started: startOf(process.pid) ?? '', place: placeOf() };
  try {
    writeFileSync(own, JSON.stringify(holder));
    take(dir, path, own);
  } catch (error) {
    throw writeError(dir, error);
  } finally {
    rmSync(own, { force: true });
  }
  const beat = setInterval(() => touch(path, note), BEAT_MS);
  beat.unref();
  return {
    release() {
      clearInterval(beat);
      rmSync(path, { force: true });
    },
  };
}

/** A link is made by one process only; a stale lock is moved away first, by one process only. */
function take(dir: string, path: string, own: string): void {
  for (let round = 0; round < 20; round++) {
    try {
      linkSync(own, path);
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const seen = read(path);
    if (seen === null) continue;
    if (isAlive(seen, path)) throw locked(dir, seen);
    const aside = `${own}.stale`;
    try {
      renameSync(path, aside);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') continue;
      throw error;
    }
    const moved = read(aside);
    // another process was quicker: what was moved is its fresh lock, so it is put back
    if (moved !== null && isAlive(moved, aside)) linkSync(aside, path);
    rmSync(aside, { force: true });
  }
  throw locked(dir, read(path));
}

function locked(dir: string, holder: Holder | null): MillraceError {
  const who = holder === null ? 'another process' : holder.pid === process.pid ? `this process (${holder.pid})` : `process ${holder.pid}`;
  return new MillraceError(`the embedded log in ${dir} is in use by ${who}`, {
    code: 'log-locked',
    domain: 'user',
    retry: 'backoff',
    remedy: `stop ${who}, or use another folder with --data-dir; \`millrace status\` shows what runs`,
  });
}

function read(path: string): Holder | null {
  try {
    const text = readFileSync(path, 'utf8');
    const { pid, started, place }: Partial<Holder> = text.startsWith('{') && text.endsWith('}') ? JSON.parse(text) : {};
    return { pid: Number(pid ?? 0), started: String(started ?? ''), place: String(place ?? '') };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function isAlive(holder: Holder, path: string): boolean {
  const here = placeOf();
  if (holder.place === here) {
    const started = startOf(holder.pid);
    return started !== null && (started === holder.started || started === '' || holder.started === '');
  }
  if (holder.pid === 0 || bootOf(holder.place) !== bootOf(here)) {
    // written by nobody, or before this machine started; but another machine on a shared disk still beats
    if (holder.pid === 0 || hostOf(holder.place) === hostOf(here)) return false;
  }
  try {
    return Date.now() - statSync(path).mtimeMs < SILENT_MS;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** When the process began, in the system's own words; empty when the system does not tell; null when there is no such process. */
function startOf(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : (fields[19] ?? ''); // fields 3 and 22 of proc(5)
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return null;
      throw error;
    }
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return null;
  }
  if (process.platform === 'win32') return '';
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
}

function placeOf(): string {
  if (process.platform !== 'linux') return `${hostname()}||`;
  return `${hostname()}|${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}|${readlinkSync('/proc/self/ns/pid')}`;
}

function hostOf(place: string): string {
  return place.split('|')[0] ?? '';
}

function bootOf(place: string): string {
  return place.split('|')[1] ?? '';
}

/** A sign of life for those who cannot see this process. */
function touch(path: string, note: (message: string) => void): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch (error) {
    note(`the lock of the log could not be renewed: ${String(error)}`);
  }
}
