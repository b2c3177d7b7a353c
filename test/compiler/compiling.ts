import type { Plan } from '../../graph/contract/plan.ts';
import { type Compiled, type CompileOptions, compile } from '../../graph/plan/compile.ts';
import { registry } from './registry.ts';

/** Compiles a text with the tests' registry, over a few files that exist only here. */
export function compileText(
  text: string,
  options: Partial<CompileOptions> & { readonly disk?: Readonly<Record<string, string>> } = {},
): Compiled {
  const disk: Readonly<Record<string, string>> = {
    '/work/trades.ndjson': '',
    '/work/labels.csv': '',
    '/work/trade.json': '{"ts_event":"timestamp","price":"float64"}',
    ...options.disk,
  };
  const exists = (path: string) => Object.keys(disk).some((known) => known === path || known.startsWith(`${path}/`));
  return compile({
    text,
    file: '/work/pipelines.yaml',
    registry,
    env: {},
    files: { exists, read: (path) => disk[path] ?? '', bytes: (path) => Buffer.from(disk[path] ?? '') },
    allowPaths: [],
    allowCode: false,
    ...options,
  });
}

/** The only plan of a text that has no errors; throws with the diagnostics otherwise. */
export function planOf(text: string, options: Parameters<typeof compileText>[1] = {}): Plan {
  const { diagnostics, plans } = compileText(text, options);
  const [plan] = plans;
  if (!plan) throw new Error(diagnostics.map(({ code, line, message }) => `${line} ${code}: ${message}`).join('\n'));
  return plan;
}

/** A file with one pipeline `p`; sections are indented by four. */
export function pipeline(settings: string): string {
  return `version: 1\npipelines:\n  p:\n${settings.replace(/^\n/, '').replace(/\s+$/, '')}\n`;
}
