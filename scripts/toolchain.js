import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { installSystem, onPath } from './apt.js';
import { output, SetupError } from './progress.js';

/** Oldest cargo that compiles the native crates. */
const CARGO = [1, 88];

const BUILD = ['rustc-web', 'cargo-web', 'gcc', 'libc6-dev'];
const LINT = ['rust-web-clippy', 'rustfmt-web'];

function recent(version) {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return Number(major) > CARGO[0] || (Number(major) === CARGO[0] && Number(minor) >= CARGO[1]);
}

/** Folder of a cargo that is new enough, or null. */
function cargoFolder() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(homedir(), '.cargo', 'bin')];
  return folders.find((folder) => existsSync(join(folder, 'cargo')) && recent(output(join(folder, 'cargo'), ['--version']))) ?? null;
}

function missing(lint) {
  const folder = cargoFolder();
  const packages = folder === null ? BUILD : onPath('cc') ? [] : ['gcc', 'libc6-dev'];
  const lints = lint && !(folder !== null && existsSync(join(folder, 'cargo-clippy')) && existsSync(join(folder, 'cargo-fmt')));
  return { folder, packages: lints ? [...packages, ...LINT] : packages };
}

const install = (packages) =>
  installSystem(packages, {
    what: 'Rust toolchain',
    size: 'about 140 MB to download, 650 MB on disk',
    need: `a Rust toolchain (cargo >= ${CARGO.join('.')}, cc)`,
    elsewhere: 'elsewhere see https://rustup.rs; ',
  });

/**
 * A Rust toolchain that can build the native crates (`lint`: and check them), from Debian's packages when it is missing.
 * The folder of its cargo comes first on PATH from here on.
 */
export async function findToolchain({ lint = false } = {}) {
  let { folder, packages } = missing(lint);
  if (packages.length > 0) {
    await install(packages);
    ({ folder, packages } = missing(lint));
    if (packages.length > 0) throw new SetupError(`still missing after installation: ${packages.join(' ')}`);
  }
  process.env.PATH = `${folder}${delimiter}${process.env.PATH}`;
}
