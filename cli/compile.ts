import { existsSync } from 'node:fs';
import type { Registry } from '../graph/contract/registry.ts';
import { printDiagnostics } from '../graph/diagnostics/print.ts';
import { compile, type Compiled as Outcome } from '../graph/plan/compile.ts';
import { disk } from '../graph/resolve/disk.ts';
import { type Facts, NO_FACTS } from '../graph/resolve/scope.ts';
import { environmentVariables, packageFolders } from './environment.ts';
import { gatherFacts, isShared } from './facts.ts';
import { declarations } from './registry.ts';
import { type FileOptions, type Place, readPipelineFile } from './settings.ts';
import { paintErr } from './terminal.ts';

/** What became of a pipeline file. */
export interface Compiled extends Outcome {
  /** Whether an error, not only warnings, was found. */
  readonly failed: boolean;
}

/** What a compilation may be given besides the options. */
interface More {
  /** Another registry than that of the declarations. */
  readonly registry?: Registry;
  readonly facts?: Facts;
  /** History is read: sources where they are, not from the topics that a broker would have them in. */
  readonly isHistory?: true;
  /** Number of tasks, whatever the file says. */
  readonly tasks?: number;
  /** Pipelines that are asked for: faults of others are warnings. None: all. */
  readonly names?: readonly string[];
}

function compileText(
  place: Place,
  text: string,
  options: FileOptions,
  { registry = declarations, facts = NO_FACTS, isHistory, tasks, names = [] }: More = {},
): Outcome {
  return compile({
    text,
    file: place.name,
    registry,
    env: environmentVariables(),
    files: disk,
    connections: { broker: options.broker },
    allowPaths: options.allowPath ?? [],
    readPaths: packageFolders(place.folder),
    allowCode: options.allowCode ?? false,
    dataDir: place.dataDir,
    facts,
    ...(isHistory ? { isHistory } : {}),
    ...(tasks === undefined ? {} : { tasks }),
    ...(names.length === 0 ? {} : { asked: names }),
  });
}

/** The plans of a file whose history is read: by one task, without a log. */
export const compileHistory = (place: Place, options: FileOptions, names: readonly string[]): Compiled =>
  compileFile(place, options, { tasks: 1, isHistory: true, names });

/** Compiles the file, by another registry where one is given, and prints what it found to standard error. Needs no network. */
export function compileFile(place: Place, options: FileOptions, more: More = {}): Compiled {
  return printed(compileText(place, readPipelineFile(place), options, more));
}

/**
 * The same, but on a broker its topics are looked up first, and partitions are those that it tells. A quiet one prints errors alone: a
 * worker's warnings have been printed by the process that started it.
 */
export async function compileWithFacts(place: Place, options: FileOptions, names: readonly string[], isQuiet = false): Promise<Compiled> {
  const text = readPipelineFile(place);
  const offline = compileText(place, text, options, { names });
  const broker = offline.connections.get('broker');
  const compiled =
    isShared(broker) && !failed(offline)
      ? compileText(place, text, options, { names, facts: await gatherFacts(offline.plans, broker, place) })
      : offline;
  return isQuiet && !failed(compiled) ? { ...compiled, failed: false } : printed(compiled);
}

const failed = ({ diagnostics }: Outcome): boolean => diagnostics.some(({ severity }) => severity === 'error');

function printed(outcome: Outcome): Compiled {
  const paint = { error: paintErr.red, warning: paintErr.yellow, quiet: paintErr.cyan, strong: paintErr.bold };
  process.stderr.write(printDiagnostics(outcome.diagnostics, outcome.texts, paint));
  return { ...outcome, failed: failed(outcome) };
}

/** Compiles the file for what it says of connections, and keeps its faults to itself; null where there is no file. */
export function compileQuietly(place: Place, options: FileOptions): Outcome | null {
  return existsSync(place.path) ? compileText(place, readPipelineFile(place), options) : null;
}
