import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasMaven, javaMissing } from './java.ts';

/** The jars of a server: Maven coordinates to ask for, and what must come of it. */
export interface Jars {
  /** Name and version, as a folder of the cache. */
  readonly name: string;
  /** `<dependency>` elements. */
  readonly dependencies: string;
  /** SHA-256 of every jar by its file name. */
  readonly sums: Readonly<Record<string, string>>;
  readonly leastJava: number;
}

const MOST_MS = 300_000;
const VERIFIED = 'verified';

/** Folder of what the servers need, kept between runs: `MILLRACE_SERVICES`, else below the user's cache. */
export const cacheFolder = (): string =>
  process.env.MILLRACE_SERVICES ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace', 'services');

const folderOf = (jars: Jars): string => join(cacheFolder(), jars.name);

/** A `<dependency>` element, without the artifacts of the same group that are named. */
export function dependency(group: string, artifact: string, version: string, without: readonly string[] = []): string {
  const exclusions = without.map((name) => `<exclusion><groupId>${group}</groupId><artifactId>${name}</artifactId></exclusion>`);
  const coordinates = `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`;
  return `<dependency>${coordinates}<exclusions>${exclusions.join('')}</exclusions></dependency>`;
}

/** Why a server made of these jars cannot run here, or null. */
export function jarsMissing(jars: Jars): string | null {
  const java = javaMissing(jars.leastJava);
  if (java !== null) return java;
  return existsSync(folderOf(jars)) || hasMaven() ? null : `there is no mvn to fetch ${jars.name} with`;
}

/** Paths of the jars in the cache, in the order of their names; fetched by Maven when they are not there, checksums looked at when new. */
export async function jarPaths(jars: Jars): Promise<readonly string[]> {
  const folder = folderOf(jars);
  if (!existsSync(folder)) await fetched(jars, folder);
  const paths = Object.keys(jars.sums)
    .sort()
    .map((name) => join(folder, name));
  const stamp = await stampOf(paths, jars);
  const known = join(folder, VERIFIED);
  if (existsSync(known) && (await readFile(known, 'utf8')) === stamp) return paths;
  await verify(folder, jars);
  await writeFile(known, stamp);
  return paths;
}

async function stampOf(paths: readonly string[], { sums }: Jars): Promise<string> {
  const states = await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch(() => null);
      return `${path} ${found?.size} ${found?.mtimeMs}\n`;
    }),
  );
  return states.join('') + JSON.stringify(sums);
}

async function verify(folder: string, { sums }: Jars): Promise<void> {
  for (const [name, sum] of Object.entries(sums)) {
    const path = join(folder, name);
    if (!existsSync(path)) throw new Error(`${path} is not there; remove the folder, and it is fetched anew`);
    const found = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    if (found !== sum) throw new Error(`${path} has the checksum ${found}, not ${sum}; remove the folder, and it is fetched anew`);
  }
}

/** Puts a finished folder in its place, unless another run of the tests was faster. */
export async function moved(folder: string, target: string): Promise<void> {
  try {
    await rename(folder, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    await rm(folder, { recursive: true });
  }
}

async function fetched(jars: Jars, target: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'fetch-'));
  try {
    await writeFile(
      join(folder, 'pom.xml'),
      `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId>
<artifactId>services</artifactId><version>1</version><packaging>pom</packaging><dependencies>${jars.dependencies}</dependencies></project>`,
    );
    const args = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', '-DoutputDirectory=lib', '-f', 'pom.xml'];
    await promisify(execFile)('mvn', args, { cwd: folder, timeout: MOST_MS });
    await verify(join(folder, 'lib'), jars);
    await moved(join(folder, 'lib'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
