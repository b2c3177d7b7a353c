import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, moved } from '../test/services/jars.ts';
import { findJava } from '../test/services/java.ts';

const run = promisify(execFile);

/** Where the programs that ours is held against lie; they are read, never copied into the project. */
const PEERS = process.env.MILLRACE_PEERS ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'peers');
const NUMPY = 'numpy==2.4.6';
const BUILD_MS = 300_000;

/** The reference job's harness, its Kafka Streams program and its check, ready to run. */
export interface PeersTools {
  readonly java: string;
  /** Arguments that come before the name of a class. */
  readonly classPath: readonly string[];
  readonly python: string;
  readonly check: string;
}

/** Builds what is missing into the cache: jars by Maven, classes by `javac`, a Python with NumPy. Throws where the programs are not there. */
export async function peersTools(note: (line: string) => void): Promise<PeersTools> {
  const sources = join(PEERS, 'jvm', 'src', 'peers');
  const pom = join(PEERS, 'jvm', 'pom.xml');
  if (!existsSync(pom)) throw new Error('the programs to compare with are not there: name their folder in MILLRACE_PEERS');
  const java = findJava();
  if (java === null) throw new Error('there is no java');
  const files = readdirSync(sources).map((name) => join(sources, name));
  const hash = createHash('sha256').update(java.identity).update(NUMPY);
  for (const file of [pom, ...files]) hash.update(readFileSync(file));
  const target = join(cacheFolder(), `peers-${hash.digest('hex').slice(0, 12)}`);
  if (!existsSync(target)) {
    note('building the programs to compare with (about 130 MB of jars, once)');
    await mkdir(cacheFolder(), { recursive: true });
    const folder = await mkdtemp(join(cacheFolder(), 'fetch-'));
    try {
      const copy = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(folder, 'lib')}`];
      await run('mvn', [...copy, '-f', pom], { timeout: BUILD_MS });
      await run('javac', ['-d', join(folder, 'classes'), '-cp', join(folder, 'lib', '*'), ...files], { timeout: BUILD_MS });
      await moved(folder, target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const python = join(target, 'python', 'bin', 'python');
  if (!existsSync(python)) {
    await run('python3', ['-m', 'venv', join(target, 'python')], { timeout: BUILD_MS });
    await run(python, ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', NUMPY], { timeout: BUILD_MS });
  }
  const quiet = `-Dlog4j2.configurationFile=${join(PEERS, 'log4j2.properties')}`;
  return {
    java: java.program,
    classPath: [quiet, '-cp', `${join(target, 'classes')}:${join(target, 'lib', '*')}`],
    python,
    check: join(PEERS, 'check.py'),
  };
}
