import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { output, run, SetupError, say } from './progress.js';

/** Oldest cargo that compiles the native crates. */
const CARGO = [1, 88];

const BUILD = ['rustc-web', 'cargo-web', 'gcc', 'libc6-dev'];
const LINT = ['rust-web-clippy', 'rustfmt-web'];

function recent(version) {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  return Number(major) > CARGO[0] || (Number(major) === CARGO[0] && Number(minor) >= CARGO[1]);
}

const onPath = (program) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

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

async function install(packages) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const root = process.getuid?.() === 0;
  const allowed = root || output('sudo', ['-n', 'true']) !== null;
  if (!onPath('apt-get') || !allowed) {
    const debian = `sudo sh -c 'apt-get update && ${command}'`;
    throw new SetupError(
      `a Rust toolchain (cargo >= ${CARGO.join('.')}, cc) is needed and not there; on Debian run\n\n    ${debian}\n\nelsewhere see https://rustup.rs; then start again`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => run(root ? 'apt-get' : 'sudo', root ? args : ['-n', 'apt-get', ...args], { env, stdout: 'ignore' });
  say(`set-up: Rust toolchain from Debian: ${packages.join(' ')} (about 140 MB to download, 650 MB on disk)`);
  await apt('update', '-qq');
  const code = await apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
  if (code !== 0) throw new SetupError(`\`${command}\` failed (see above)`);
}

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
