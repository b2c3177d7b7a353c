import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { MillraceError } from '../../graph/contract/error.ts';
import { showBytes } from '../../graph/contract/units.ts';
import { LOCAL_DATA } from '../engines.ts';
import { usage } from '../exit.ts';
import { RUN_FILE, runningInstance } from '../instance.ts';
import { type FileOptions, placeOf } from '../settings.ts';
import { note, outJson } from '../terminal.ts';

export interface ResetOptions extends FileOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

function bytesOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

async function confirmed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(question);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}

/** Deletes the local data of a folder: log, state and embedded tables. Asks first, and refuses while an instance runs on it. */
export async function resetCommand(options: ResetOptions): Promise<void> {
  const place = placeOf(options);
  const instance = runningInstance(place);
  if (instance)
    throw new MillraceError(`${place.dataDir} is in use by process ${instance.pid}`, {
      code: 'data-in-use',
      domain: 'user',
      remedy: 'stop that process first',
    });
  const names = existsSync(place.dataDir)
    ? readdirSync(place.dataDir).filter((name) => LOCAL_DATA.includes(name) || RUN_FILE.test(name))
    : [];
  const found = names.map((name) => join(place.dataDir, name));
  const bytes = found.reduce((sum, path) => sum + bytesOf(path), 0);
  if (found.length > 0 && !options.yes) {
    if (!process.stdin.isTTY) throw usage('nobody is there to ask', 'pass --yes to delete without a question');
    if (!(await confirmed(`Delete the log, state and embedded tables in ${place.dataDir} (${showBytes(bytes)})? [y/N] `))) {
      note('nothing deleted');
      return;
    }
  }
  for (const path of found) rmSync(path, { recursive: true, force: true });
  if (existsSync(place.dataDir) && readdirSync(place.dataDir).length === 0) rmSync(place.dataDir, { recursive: true });
  note(found.length === 0 ? `nothing to delete in ${place.dataDir}` : `deleted ${showBytes(bytes)} in ${place.dataDir}`);
  if (options.json) outJson({ deleted: found, bytes });
}
