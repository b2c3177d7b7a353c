import { basename } from 'node:path';
import { printDiagnostics } from '../../graph/diagnostics/print.ts';
import { compile } from '../../graph/plan/compile.ts';
import { NO_FACTS } from '../../graph/resolve/scope.ts';
import { registry } from '../compiler/registry.ts';

/** Files that the examples find beside them. */
const BESIDE = new Set(['trades.ndjson', 'labels.csv']);

/**
 * What `check` prints of an example, over the tests' registry. Of a line `# options: {…}`, `pad` appends blanks, and `topics` are those
 * that a broker was asked for, with their partitions.
 */
export function printed(name: string, text: string): { readonly text: string; readonly codes: readonly string[] } {
  const options = /^# options: (.*)$/m.exec(text)?.[1];
  const { pad = 0, topics = {} } = JSON.parse(options ?? '{}') as { pad?: number; topics?: Record<string, number | null> };
  const whole = text + ' '.repeat(pad);
  const { diagnostics } = compile({
    text: whole,
    file: name,
    registry,
    env: {},
    files: { exists: (path) => BESIDE.has(basename(path)), read: () => '' },
    allowPaths: [],
    allowCode: false,
    facts: { ...NO_FACTS, topics: new Map(Object.entries(topics)) },
  });
  return { text: printDiagnostics(diagnostics, whole), codes: diagnostics.map(({ code }) => code) };
}
