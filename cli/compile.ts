import { existsSync } from 'node:fs';
import { isMap, LineCounter, parseDocument } from 'yaml';
import type { Diagnostic } from '../graph/contract/diagnostic.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { printDiagnostics } from '../graph/diagnostics/print.ts';
import { compile, type Compiled as Outcome } from '../graph/plan/compile.ts';
import { disk } from '../graph/resolve/disk.ts';
import { unsupportedBroker } from './engines.ts';
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
    files: disk,
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
  const compiled = compileText(place, text, options, registry);
  const outcome = { ...compiled, diagnostics: [...compiled.diagnostics, ...brokerFault(compiled, place, text)] };
  const paint = { error: paintErr.red, warning: paintErr.yellow, quiet: paintErr.cyan, strong: paintErr.bold };
  process.stderr.write(printDiagnostics(outcome.diagnostics, text, paint));
  return { ...outcome, failed: outcome.diagnostics.some((diagnostic) => diagnostic.severity === 'error') };
}

/** The fault of a broker that this version cannot speak to, where the file names it or else at its start. */
function brokerFault({ connections }: Outcome, place: Place, text: string): readonly Diagnostic[] {
  const error = unsupportedBroker(connections.get('broker'));
  if (error === null) return [];
  const lines = new LineCounter();
  const named = parseDocument(text, { lineCounter: lines }).getIn(['connections', 'broker'], true);
  const node = isMap(named) ? named.get('url', true) : named;
  const range = typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? node.range : [0, 1];
  const { line, col } = lines.linePos(range[0]);
  const { code, message, remedy } = error;
  return [
    {
      severity: 'error',
      code,
      message,
      file: place.name,
      line: Math.max(1, line),
      column: Math.max(1, col),
      length: Math.max(1, range[1] - range[0]),
      ...(remedy === undefined ? {} : { hint: remedy }),
    },
  ];
}

/** Compiles the file for what it says of connections, and keeps its faults to itself; null where there is no file. */
export function compileQuietly(place: Place, options: FileOptions): Outcome | null {
  return existsSync(place.path) ? compileText(place, readPipelineFile(place), options) : null;
}
