import { basename } from 'node:path';
import { printDiagnostics } from '../../graph/diagnostics/print.ts';
import { compile } from '../../graph/plan/compile.ts';
import { NO_FACTS } from '../../graph/resolve/scope.ts';
import { registry } from '../compiler/registry.ts';

/** Files that the examples find beside them. */
const BESIDE = new Set(['trades.ndjson', 'labels.csv', 'direction.onnx']);

interface Options {
  readonly pad?: number;
  readonly topics?: Readonly<Record<string, number | null>>;
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * What `check` prints of an example, over the tests' registry. Of a line `# options: {…}`, `pad` appends blanks, and `topics` are those
 * that a broker was asked for, with their partitions; `files` are texts of files that are named.
 */
export function printed(name: string, text: string): { readonly text: string; readonly codes: readonly string[] } {
  const options = /^# options: (.*)$/m.exec(text)?.[1];
  const given = JSON.parse(options ?? '{}') as Options;
  const { pad = 0, topics = {}, files = {} } = given;
  const whole = text + ' '.repeat(pad);
  const { diagnostics, texts } = compile({
    text: whole,
    file: name,
    registry,
    env: {},
    files: {
      exists: (path) => BESIDE.has(basename(path)),
      read: (path) => files[basename(path)] ?? '',
      bytes: (path) => Buffer.from(files[basename(path)] ?? ''),
    },
    allowPaths: [],
    allowCode: false,
    facts: { ...NO_FACTS, topics: new Map(Object.entries(topics)) },
  });
  return { text: printDiagnostics(diagnostics, texts), codes: diagnostics.map(({ code }) => code) };
}
