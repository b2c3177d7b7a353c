import type { Diagnostic } from '../../graph/contract/diagnostic.ts';
import { compileFile } from '../compile.ts';
import { EXIT } from '../exit.ts';
import { type FileOptions, placeOf } from '../settings.ts';
import { out, outJson } from '../terminal.ts';

export interface CheckOptions extends FileOptions {
  readonly json?: boolean;
}

/** A diagnostic as `--json` shows it. */
export function diagnosticJson({ severity, code, message, file, line, column, hint }: Diagnostic) {
  return { severity, code, message, file, line, column, ...(hint === undefined ? {} : { hint }) };
}

/** Prints every fault of the file; gives the exit code. */
export function checkCommand(options: CheckOptions): number {
  const place = placeOf(options);
  const { diagnostics, plans, failed } = compileFile(place, options);
  if (options.json) outJson({ diagnostics: diagnostics.map(diagnosticJson) });
  else if (!failed) out(`${place.name}: ${plans.map((plan) => plan.pipeline).join(', ')} can run`);
  return failed ? EXIT.diagnostics : EXIT.done;
}
