import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { installSystem, onPath } from './apt.js';
import { output, ROOT, run, SetupError, say } from './progress.js';

const REQUIREMENTS = join(ROOT, 'test', 'interop', 'requirements.txt');

/** Oldest Python that the packages run on. */
const PYTHON = [3, 10];

/** Folder of the Python packages that tests compare ours with: one for every list of versions. */
export function pythonFolder() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const versions = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  return join(cache, 'millrace', `python-${versions}`);
}

/** A Python that is new enough and can make a folder of packages of its own, or null. */
function python() {
  const asked = `import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (${PYTHON.join(', ')}) else 1)`;
  return ['python3', '/usr/bin/python3'].find((program) => output(program, ['-c', asked]) !== null) ?? null;
}

async function installPython() {
  const folder = pythonFolder();
  if (existsSync(join(folder, 'bin', 'python'))) return;
  const program = python();
  if (program === null) throw new SetupError(`Python >= ${PYTHON.join('.')} with venv is needed`);
  say(
    'set-up: Python packages that tests compare ours with: pyarrow, fastavro, check-jsonschema (about 60 MB to download, 230 MB on disk)',
  );
  mkdirSync(dirname(folder), { recursive: true });
  const making = `${folder}.${process.pid}`;
  const made =
    (await run(program, ['-m', 'venv', making])) === 0 &&
    (await run(join(making, 'bin', 'python'), ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', REQUIREMENTS])) === 0;
  if (!made || existsSync(folder)) rmSync(making, { recursive: true, force: true });
  else renameSync(making, folder); // at once, also beside another set-up
  if (!made) throw new SetupError('the Python packages cannot be installed (see above)');
}

/** Tools of others that read and write our topics in tests. Where they may not be installed the tests that need them skip, and say so. */
export async function findInterop() {
  try {
    const packages = [...(onPath('kcat') ? [] : ['kcat']), ...(python() === null ? ['python3', 'python3-venv'] : [])];
    if (packages.length > 0)
      await installSystem(packages, {
        what: 'tools of others that tests read and write topics with,',
        size: 'about 20 MB to download',
        need: packages.join(' and '),
      });
    await installPython();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`set-up: without the tools of others: ${error.message}`);
  }
}
