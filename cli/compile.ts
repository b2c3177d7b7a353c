import type { Diagnostic } from '../graph/contract/diagnostic.ts';
import type { Plan } from '../graph/contract/plan.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { printDiagnostics } from '../graph/diagnostics/print.ts';
import { compile } from '../graph/plan/compile.ts';
import { type FileOptions, type Place, readPipelineFile } from './settings.ts';
import { paintErr } from './terminal.ts';

/** What became of a pipeline file. */
export interface Compiled {
  readonly diagnostics: readonly Diagnostic[];
  readonly plans: readonly Plan[];
  /** Whether an error, not only warnings, was found. */
  readonly failed: boolean;
}

/** Compiles the file and prints what it found to standard error. */
export function compileFile(registry: Registry, place: Place, options: FileOptions): Compiled {
  const text = readPipelineFile(place);
  const { diagnostics, plans } = compile({
    file: place.name,
    text,
    folder: place.folder,
    registry,
    environment: process.env,
  });
  const paint = { error: paintErr.red, warning: paintErr.yellow, quiet: paintErr.cyan, strong: paintErr.bold };
  process.stderr.write(printDiagnostics(diagnostics, text, paint));
  return { diagnostics, plans, failed: diagnostics.some((diagnostic) => diagnostic.severity === 'error') };
}
