import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MillraceError } from '../graph/contract/error.ts';
import type { Plan } from '../graph/contract/plan.ts';
import { usage } from './exit.ts';

/** Options that every command on a file takes. */
export interface FileOptions {
  readonly file: string;
  readonly dataDir?: string;
  readonly broker?: string;
  readonly allowPath?: readonly string[];
  readonly allowCode?: boolean;
}

/** The pipeline file and what surrounds it, as absolute paths. */
export interface Place {
  /** As the user wrote it, for messages. */
  readonly name: string;
  readonly path: string;
  readonly folder: string;
  /** Folder for local data. */
  readonly dataDir: string;
}

/** Where a command works. The folder for local data is `.millrace` beside the file unless it is named. */
export function placeOf(options: Pick<FileOptions, 'file' | 'dataDir'>): Place {
  const path = resolve(options.file);
  const folder = dirname(path);
  return {
    name: options.file,
    path,
    folder,
    dataDir: options.dataDir === undefined ? resolve(folder, '.millrace') : resolve(options.dataDir),
  };
}

/** The text of the pipeline file; throws `file-missing` or `file-unreadable`. */
export function readPipelineFile(place: Place): string {
  if (!existsSync(place.path))
    throw new MillraceError(`there is no file ${place.name}`, {
      code: 'file-missing',
      domain: 'user',
      remedy: 'change to the folder of your pipelines.yaml, or name the file with --file',
    });
  try {
    return readFileSync(place.path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError(`cannot read ${place.name}: ${why}`, {
      code: 'file-unreadable',
      domain: 'user',
      remedy: 'name a readable text file with --file',
      cause,
    });
  }
}

/** The plans that were asked for by name; all when none was. Throws a usage error on an unknown name. */
export function chosen(plans: readonly Plan[], names: readonly string[]): readonly Plan[] {
  const known = plans.map((plan) => plan.pipeline);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw usage(`the file has no pipeline "${wrong}"`, `it has: ${known.join(', ')}`);
  return names.length === 0 ? plans : plans.filter((plan) => names.includes(plan.pipeline));
}
