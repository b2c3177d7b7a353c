import { basename } from 'node:path';
import { printDiagnostics } from '../../graph/diagnostics/print.ts';
import { compile } from '../../graph/plan/compile.ts';
import { registry } from '../compiler/registry.ts';

/** Files that the examples find beside them. */
const BESIDE = new Set(['trades.ndjson', 'labels.csv']);

/** What `check` prints of an example, over the tests' registry. A first line `# options: {"pad": n}` appends n blanks. */
export function printed(name: string, text: string): { readonly text: string; readonly codes: readonly string[] } {
  const options = /^# options: (.*)$/m.exec(text)?.[1];
  const pad: unknown = options === undefined ? 0 : (JSON.parse(options) as { pad?: unknown }).pad;
  const whole = text + ' '.repeat(typeof pad === 'number' ? pad : 0);
  const { diagnostics } = compile({
    text: whole,
    file: name,
    registry,
    env: {},
    files: { exists: (path) => BESIDE.has(basename(path)), read: () => '' },
    allowPaths: [],
    allowCode: false,
  });
  return { text: printDiagnostics(diagnostics, whole), codes: diagnostics.map(({ code }) => code) };
}
