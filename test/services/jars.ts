import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A jar by its Maven coordinates, without dependencies of its own. */
export interface Jar {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly sha256: string;
}

const MOST_MS = 300_000;

const cacheFolder = (): string =>
  process.env.MILLRACE_SERVICES ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace', 'services');

const pathOf = ({ artifact, version }: Jar): string => join(cacheFolder(), `${artifact}-${version}.jar`);

/** Why a server in the jar cannot run here, or null. */
export function jarMissing(jar: Jar, leastJava: number): string | null {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.status !== 0) return 'there is no java';
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (version < leastJava) return `java ${leastJava} is needed, there is ${version}`;
  return existsSync(pathOf(jar)) || spawnSync('mvn', ['-version']).status === 0
    ? null
    : `there is no mvn to fetch ${jar.artifact} ${jar.version} with`;
}

/** Path of the jar in the cache, fetched by Maven when it is not there; its checksum is looked at in any case. */
export async function jarPath(jar: Jar): Promise<string> {
  const path = pathOf(jar);
  if (!existsSync(path)) await fetched(jar, path);
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (found !== jar.sha256) throw new Error(`${path} has the checksum ${found}, not ${jar.sha256}`);
  return path;
}

async function fetched({ group, artifact, version }: Jar, path: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'fetch-'));
  try {
    await writeFile(
      join(folder, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId>
<artifactId>services</artifactId><version>1</version><packaging>pom</packaging><dependencies><dependency><groupId>${group}</groupId>
<artifactId>${artifact}</artifactId><version>${version}</version></dependency></dependencies></project>`,
    );
    const args = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=lib', '-f', 'pom.xml'];
    await promisify(execFile)('mvn', args, { cwd: folder, timeout: MOST_MS });
    await rename(join(folder, 'lib', `${artifact}-${version}.jar`), path); // at once, also beside another test run
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
