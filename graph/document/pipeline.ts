import type { z } from 'zod';
import type { Say } from '../diagnostics/report.ts';
import { check } from './check.ts';
import { mend } from './mend.ts';
import { fileShape, pipelineShape } from './shape.ts';
import { type Document, type Entry, entryOf, kindOf, type Span, type Value } from './value.ts';

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
  /** Whether every section could be read; where not, a name that is not found may stand in what could not. */
  readonly whole: boolean;
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
  if (document.root.kind !== 'map') {
    const { root } = document;
    say('value-type', root.span, `the file is ${kindOf(root)}, expected a map with "version" and "pipelines"`);
    return { pipelines: [], connections: null };
  }
  const { value: root } = mend(document.root, Object.keys(fileShape.shape), misspelt('the file', say));
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

/** Says that a key is misspelt, as `check` words it. */
export function misspelt(subject: string, say: Say): (entry: Entry, meant: string) => void {
  return ({ key, keySpan }, meant) => say('key-unknown', keySpan, `${subject} has no key "${key}"`, `Did you mean "${meant}"?`);
}

function pipelineOf(name: string, nameSpan: Span, given: Value, say: Say): Pipeline {
  checkName('pipeline', name, nameSpan, say);
  const mended = given.kind === 'map' ? mend(given, Object.keys(pipelineShape.shape), misspelt(`pipeline "${name}"`, say)) : null;
  const value = mended?.value ?? given;
  const unread = Object.keys(SECTIONS).some((section) => {
    const entry = entryOf(value, section);
    return entry ? entry.value.kind !== 'map' : section === 'sources';
  });
  const whole = mended !== null && mended.strange.length === 0 && !unread;
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
  return { name, nameSpan, value, settings, whole, declarations: [...declarations.values()] };
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
