import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The Java runtime on PATH. */
export interface Java {
  readonly program: string;
  readonly major: number;
  /** Changes with every build of it. */
  readonly identity: string;
}

function onPath(program: string): string | null {
  const folder = (process.env.PATH ?? '').split(delimiter).find((one) => existsSync(join(one, program)));
  return folder === undefined ? null : realpathSync(join(folder, program));
}

/** The Java runtime on PATH, or null; read from its `release` file, so no process is started. */
export function findJava(): Java | null {
  const program = onPath('java');
  if (program === null) return null;
  const release = join(dirname(dirname(program)), 'release');
  if (!existsSync(release)) return null;
  const identity = `${program}\n${readFileSync(release, 'utf8')}`;
  const major = Number(/JAVA_VERSION="(\d+)/.exec(identity)?.[1] ?? 0);
  return { program, major, identity };
}

/** Why a server that needs Java of that version cannot run here, or null. */
export function javaMissing(least: number): string | null {
  const java = findJava();
  if (java === null) return 'there is no java';
  return java.major < least ? `java ${least} is needed, there is ${java.major}` : null;
}

/** Whether Maven is on PATH. */
export const hasMaven = (): boolean => onPath('mvn') !== null;
