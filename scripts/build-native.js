#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const NATIVE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'native');
const BUILD = join(NATIVE, 'build');
/** Where cargo puts what it made; as it reads the variable, from the folder it is run in. */
const TARGET = resolve(NATIVE, process.env.CARGO_TARGET_DIR || 'target');
const STAMP = join(BUILD, 'stamp');
/** The model that is built in. */
const MODEL = join(NATIVE, '..', 'operators', 'sentiment', 'model.json');
const LIBRARY = process.platform === 'darwin' ? 'libmillrace_node.dylib' : 'libmillrace_node.so';
const PRODUCTS = [
  { made: LIBRARY, kept: 'millrace.node' },
  { made: 'clickhouse-host', kept: 'clickhouse-host' },
];

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ['target', 'build'].includes(entry.name) ? [] : sources(path);
    return /\.(rs|toml|lock|txt)$/.test(entry.name) ? [path] : [];
  });
}

/** What the products depend on: every source by name and content, and the platform. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const path of [...sources(NATIVE), MODEL].sort()) {
    const text = readFileSync(path);
    hash.update(`${relative(NATIVE, path)} ${text.length}\n`).update(text);
  }
  return hash.digest('hex');
}

function fresh(print) {
  const kept = PRODUCTS.every((product) => existsSync(join(BUILD, product.kept)));
  return kept && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === print;
}

/** Replaced by renaming: a running process keeps the file it has loaded. */
function keep({ made, kept }) {
  const target = join(BUILD, kept);
  const temporary = `${target}.${process.pid}`;
  copyFileSync(join(TARGET, 'release', made), temporary);
  renameSync(temporary, target);
}

function build() {
  const print = fingerprint();
  if (fresh(print)) return 0;
  console.error('native: compiling the Rust kernels (one to three minutes the first time)');
  const cargo = spawnSync('cargo', ['build', '--release', '--locked', '--quiet'], { cwd: NATIVE, stdio: ['ignore', 2, 2] });
  if (cargo.error?.code === 'ENOENT') {
    console.error(
      'native: cargo is not installed. Rust 1.88 or newer is needed: rustup, or Debian packages rustc-web and cargo-web; then run this again.',
    );
    return 1;
  }
  if (cargo.status !== 0) {
    console.error(`native: cargo build failed (${cargo.error?.message ?? `exit ${cargo.status ?? cargo.signal}`})`);
    return 1;
  }
  mkdirSync(BUILD, { recursive: true });
  PRODUCTS.forEach(keep);
  writeFileSync(STAMP, print);
  return 0;
}

process.exitCode = build();
