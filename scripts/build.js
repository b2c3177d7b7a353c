#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, say } from './progress.js';

const PARTS = ['graph', 'operators', 'connectors', 'native', 'cli', 'status', 'train', 'index.ts'];
/** What the running program reads beside its code. */
const ASSETS = new Set(['.html', '.css', '.svg', '.c']);
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const DIST = join(ROOT, 'dist');
const STAMP = '.stamp.json';

function* files(path) {
  const stat = statSync(join(ROOT, path), { throwIfNoEntry: false });
  if (!stat) return;
  if (stat.isFile()) yield { path, stat };
  else for (const name of readdirSync(join(ROOT, path)).sort()) if (name !== 'target' && name !== 'build') yield* files(join(path, name));
}

function sources() {
  const wanted = (path) => path.endsWith('.ts') || ASSETS.has(extname(path));
  return [...PARTS, ...SETTINGS].flatMap((part) => [...files(part)]).filter(({ path }) => wanted(path) || SETTINGS.includes(path));
}

function readStamp() {
  const path = join(DIST, STAMP);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/**
 * Compiles TypeScript to `dist/` when a source has changed and gives the compiler's messages (`''` when it has none).
 * The folder is made anew and swapped in whole, so that nothing stale stays in it; type errors do not keep code from being emitted.
 */
export function build() {
  const found = sources();
  const hash = createHash('sha256');
  for (const { path, stat } of found) hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  const key = hash.digest('hex');
  const stamp = readStamp();
  if (stamp?.key === key) return stamp.messages;

  say('set-up: TypeScript');
  const fresh = `${DIST}.${process.pid}`;
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = ['-p', 'tsconfig.build.json', '--outDir', fresh, '--incremental', 'false'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, ...args], { cwd: ROOT, encoding: 'utf8' });
  const messages = status === 0 ? '' : `${stdout}${stderr}`.trim() || `tsc ended with ${status}`;
  for (const { path } of found.filter(({ path }) => ASSETS.has(extname(path)))) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true });
    cpSync(join(ROOT, path), join(fresh, path));
  }
  mkdirSync(fresh, { recursive: true });
  writeFileSync(join(fresh, STAMP), JSON.stringify({ key, messages }));
  swap(fresh);
  return messages;
}

/** Puts a new `dist/` in the place of the old one; of two builds at once the later wins. */
function swap(fresh) {
  const old = `${fresh}.old`;
  for (;;) {
    try {
      if (existsSync(DIST)) renameSync(DIST, old);
      renameSync(fresh, DIST);
      rmSync(old, { recursive: true, force: true });
      return;
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      rmSync(old, { recursive: true, force: true });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const messages = build();
  if (messages !== '') {
    say(messages);
    process.exitCode = 1;
  }
}
