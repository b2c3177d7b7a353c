import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KAFKA_CLIENT } from './kafka-client.js';
import { ROOT, run, SetupError, say } from './progress.js';

const LAUNCHER = '../../cli/millrace.cjs';

/** Packages of a lock file by path, without the root and those that are meant for other platforms. */
function packagesOf(path) {
  const { packages = {} } = JSON.parse(readFileSync(path, 'utf8'));
  return Object.entries(packages).filter(([name, entry]) => name !== '' && !entry.optional && !entry.peer);
}

/** Whether every package of `package-lock.json` is installed in the version it names, by npm's own record of what it installed. */
function installed() {
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const there = new Map(packagesOf(record));
  return packagesOf(join(ROOT, 'package-lock.json')).every(([name, entry]) => there.get(name)?.version === entry.version);
}

/** Packages with install scripts that may run; the Kafka client has a set-up of its own, which needs a compiler only where it must. */
function scripted() {
  const { allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return Object.keys(allowScripts).filter((name) => name !== KAFKA_CLIENT);
}

/** npm packages as `package-lock.json` names them; nothing is done when they are there. */
export async function installPackages() {
  if (installed()) return;
  say('set-up: npm packages (about 400 MB to download, 1.2 GB on disk; the embedded ClickHouse alone is 178 MB and 564 MB)');
  const npm = (...args) => run('npm', [...args, '--no-fund', '--no-audit', '--loglevel=error']);
  // not `npm ci`: it refuses a lock file that lacks optional packages of other platforms; `--no-save` leaves the lock file as it is
  const code = (await npm('install', '--no-save', '--ignore-scripts')) || (await npm('rebuild', ...scripted()));
  if (code !== 0) throw new SetupError('npm install failed (see above); check the network, then start again');
}

/** `npx millrace` inside the repository, `examples/` included. */
export function linkCommand() {
  const bin = join(ROOT, 'node_modules', '.bin');
  const link = join(bin, 'millrace');
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there && readlinkSync(link) === LAUNCHER) return;
  mkdirSync(bin, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(LAUNCHER, link);
}
