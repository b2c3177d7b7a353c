import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { output, run, SetupError, say } from './progress.js';

/** Whether a program is on PATH. */
export const onPath = (program) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

let updated = false;

/**
 * Installs Debian packages, saying what and how much; where that is not allowed, ends with the one command to run.
 * `need` says what is missing, `elsewhere` where other systems find it.
 */
export async function installSystem(packages, { what, size, need, elsewhere = '' }) {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const root = process.getuid?.() === 0;
  const allowed = root || output('sudo', ['-n', 'true']) !== null;
  if (!onPath('apt-get') || !allowed) {
    const debian = `sudo sh -c 'apt-get update && ${command}'`;
    throw new SetupError(`${need} is needed and not there; on Debian run\n\n    ${debian}\n\n${elsewhere}then start again`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => run(root ? 'apt-get' : 'sudo', root ? args : ['-n', 'apt-get', ...args], { env, stdout: 'ignore' });
  say(`set-up: ${what} from Debian: ${packages.join(' ')} (${size})`);
  if (!updated) await apt('update', '-qq');
  updated = true;
  const code = await apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
  if (code !== 0) throw new SetupError(`\`${command}\` failed (see above)`);
}
