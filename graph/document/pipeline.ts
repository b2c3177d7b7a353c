import type { z } from 'zod';
import type { Say } from '../diagnostics/report.ts';
import { check } from './check.ts';
import { fileShape, pipelineShape } from './shape.ts';
import { type Document, entryOf, kindOf, type Span, type Value } from './value.ts';

/** One source, operator or sink as it stands in the file. */
export interface Declaration {
  readonly kind: 'source' | 'operator' | 'sink';
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: Value;
}

/** One pipeline as it stands in the file: its shape is right, its names are not looked up yet. */
export interface Pipeline {
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: Value;
  readonly settings: Settings;
  /** In the order of the file; of two with one name the first. */
  readonly declarations: readonly Declaration[];
}

/** What a pipeline says besides its nodes; defaults where that part was wrong. */
export type Settings = Omit<z.output<typeof pipelineShape>, 'sources' | 'operators' | 'sinks'>;

/** Names that mean something else already. */
const RESERVED = new Set(['dead_letters']);
const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const SECTIONS = { sources: 'source', operators: 'operator', sinks: 'sink' } as const;

/** The pipelines of a file and its `connections:`; every fault of the file's shape is said. */
export function pipelinesOf(document: Document, say: Say): { readonly pipelines: readonly Pipeline[]; readonly connections: Value | null } {
  const { root } = document;
  if (root.kind !== 'map') {
    say('value-type', root.span, `the file is ${kindOf(root)}, expected a map with "version" and "pipelines"`);
    return { pipelines: [], connections: null };
  }
  const top = { from: 0, to: 1 };
  check(fileShape, root, { subject: 'the file', noun: 'key', span: [...root.entries.values()][0]?.keySpan ?? top }, say);
  const connections = entryOf(root, 'connections')?.value ?? null;
  const pipelines = entryOf(root, 'pipelines');
  if (pipelines?.value.kind !== 'map') return { pipelines: [], connections };
  if (pipelines.value.entries.size === 0) say('value-invalid', pipelines.keySpan, '"pipelines" is empty, expected at least one');
  return {
    pipelines: [...pipelines.value.entries.values()].map(({ key, keySpan, value }) => pipelineOf(key, keySpan, value, say)),
    connections,
  };
}

function pipelineOf(name: string, nameSpan: Span, value: Value, say: Say): Pipeline {
  checkName('pipeline', name, nameSpan, say);
  const checked = check(pipelineShape, value, { subject: `pipeline "${name}"`, noun: 'key', span: nameSpan }, say);
  const settings = checked?.value ?? pipelineShape.parse({ sources: {} });
  const declarations = new Map<string, Declaration>();
  for (const [section, kind] of Object.entries(SECTIONS)) {
    const entry = entryOf(value, section);
    if (section === 'sources' && entry?.value.kind === 'map' && entry.value.entries.size === 0)
      say('value-invalid', entry.keySpan, '"sources" is empty, expected at least one');
    for (const { key, keySpan, value: inner } of entry?.value.kind === 'map' ? entry.value.entries.values() : []) {
      checkName(kind, key, keySpan, say);
      const first = declarations.get(key);
      if (first)
        say(
          'name-duplicate',
          keySpan,
          `the name "${key}" is taken by ${first.kind === 'operator' ? 'an' : 'a'} ${first.kind} of this pipeline`,
          `Call it "${key}_${kind}".`,
        );
      else declarations.set(key, { kind, name: key, nameSpan: keySpan, value: inner });
    }
  }
  return { name, nameSpan, value, settings, declarations: [...declarations.values()] };
}

function checkName(kind: string, name: string, span: Span, say: Say): void {
  if (RESERVED.has(name)) say('name-invalid', span, `"${name}" is a reserved name`, `Call the ${kind} something else.`);
  if (NAME.test(name)) return;
  const snake = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '');
  const hint = NAME.test(snake) ? `Write "${snake}".` : undefined;
  say('name-invalid', span, `"${name.slice(0, 80)}" cannot name a ${kind}: names are lower snake case, up to 63 characters`, hint);
}
