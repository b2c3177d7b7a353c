import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Environment variables as a pipeline file sees them. `MILLRACE_DATA`, where the examples find their captures, is the folder
 * `shared/data` beside the checkout unless it is set.
 */
export function environmentVariables(): Readonly<Record<string, string | undefined>> {
  if (process.env.MILLRACE_DATA) return process.env;
  const beside = fileURLToPath(new URL('../../../shared/data', import.meta.url));
  return existsSync(beside) ? { ...process.env, MILLRACE_DATA: beside } : process.env;
}

/** Folders of npm packages installed for a pipeline file: a data set that comes as a package may be read where npm puts it. */
export function packageFolders(folder: string): readonly string[] {
  const above = dirname(folder);
  const own = join(folder, 'node_modules');
  return [...(existsSync(own) ? [own] : []), ...(above === folder ? [] : packageFolders(above))];
}
