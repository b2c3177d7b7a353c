import { existsSync, readFileSync } from 'node:fs';
import type { Registry } from '../graph/contract/registry.ts';
import { printDiagnostics } from '../graph/diagnostics/print.ts';
import { compile, type Compiled as Outcome } from '../graph/plan/compile.ts';
import { environmentVariables, packageFolders } from './environment.ts';
import { declarations } from './registry.ts';
import { type FileOptions, type Place, readPipelineFile } from './settings.ts';
import { paintErr } from './terminal.ts';

/** What became of a pipeline file. */
export interface Compiled extends Outcome {
  /** Whether an error, not only warnings, was found. */
  readonly failed: boolean;
}

function compileText(place: Place, text: string, options: FileOptions, registry: Registry = declarations): Outcome {
  return compile({
    text,
    file: place.name,
    registry,
    env: environmentVariables(),
    files: { exists: existsSync, read: (path) => readFileSync(path, 'utf8') },
    connections: { broker: options.broker },
    allowPaths: options.allowPath ?? [],
    readPaths: packageFolders(place.folder),
    allowCode: options.allowCode ?? false,
    dataDir: place.dataDir,
  });
}

/** Compiles the file, by another registry where one is given, and prints what it found to standard error. */
export function compileFile(place: Place, options: FileOptions, registry?: Registry): Compiled {
  const text = readPipelineFile(place);
  const outcome = compileText(place, text, options, registry);
  const paint = { error: paintErr.red, warning: paintErr.yellow, quiet: paintErr.cyan, strong: paintErr.bold };
  process.stderr.write(printDiagnostics(outcome.diagnostics, text, paint));
  return { ...outcome, failed: outcome.diagnostics.some((diagnostic) => diagnostic.severity === 'error') };
}

/** Compiles the file for what it says of connections, and keeps its faults to itself; null where there is no file. */
export function compileQuietly(place: Place, options: FileOptions): Outcome | null {
  return existsSync(place.path) ? compileText(place, readPipelineFile(place), options) : null;
}
