import { MAIN_PORT, REJECTED_PORT } from '../contract/operator.ts';
import { hintFor, nearest } from '../diagnostics/nearest.ts';
import type { Pipeline } from '../document/pipeline.ts';
import { entryOf, kindOf, type Value } from '../document/value.ts';
import { mendNode } from './mend-node.ts';
import { resolveOperator } from './operator.ts';
import { topological } from './order.ts';
import type { Reference, Resolved, ResolvedOperator, ResolvedSink, ResolvedSource } from './resolved.ts';
import { checkTopic, type Scope } from './scope.ts';
import { resolveSink } from './sink.ts';
import { resolveSource } from './source.ts';

/** A pipeline with every name looked up; what could not be is said, and left out as broken. */
export function resolve(pipeline: Pipeline, others: readonly Pipeline[], scope: Scope): Resolved {
  const broken = new Set<string>();
  const maps = pipeline.declarations.flatMap((declaration) => {
    if (declaration.value.kind === 'map') return [{ declaration, value: mendNode(declaration, declaration.value, scope) }];
    broken.add(declaration.name);
    scope.say(
      'value-type',
      declaration.nameSpan,
      `${declaration.kind} "${declaration.name}" is ${kindOf(declaration.value)}, expected a map`,
    );
    return [];
  });
  const sources: ResolvedSource[] = [];
  for (const { declaration, value } of maps.filter(({ declaration: { kind } }) => kind === 'source')) {
    const source = resolveSource(declaration, value, scope);
    if (source) sources.push(source);
    else broken.add(declaration.name);
  }
  const mended = new Map(maps.map(({ declaration, value }) => [declaration.name, value]));
  const declarations = pipeline.declarations.map((declaration) => ({
    ...declaration,
    value: mended.get(declaration.name) ?? declaration.value,
  }));
  const ports = portsOf(declarations, sources, broken, scope);
  const find = finder(pipeline, others, ports, scope);
  const operators: ResolvedOperator[] = [];
  for (const { declaration, value } of maps.filter(({ declaration: { kind } }) => kind === 'operator')) {
    const operator = resolveOperator(declaration, value, find, scope);
    if (operator) operators.push(operator);
    else broken.add(declaration.name);
  }
  const { ordered, circles } = topological(operators);
  for (const circle of circles) sayCircle(circle, scope);
  const done = new Set(ordered.map(({ name }) => name));
  for (const { name } of operators) if (!done.has(name)) broken.add(name);
  const sinks: ResolvedSink[] = [];
  const skipped: { sink: string; reason: string }[] = [];
  for (const { declaration, value } of maps.filter(({ declaration: { kind } }) => kind === 'sink')) {
    const sink = resolveSink(declaration, value, find, scope);
    if (sink && 'skipped' in sink) skipped.push({ sink: declaration.name, reason: sink.skipped });
    else if (sink) sinks.push(sink);
    else broken.add(declaration.name);
  }
  const read = maps.filter(({ declaration: { kind } }) => kind !== 'source').flatMap(({ value }) => textsOf(entryOf(value, 'from')?.value));
  sayUnused(pipeline, read, ports, broken, scope);
  const unwritten = maps.flatMap(({ declaration: { kind, name }, value }) =>
    kind === 'sink' && broken.has(name) ? textsOf(entryOf(value, 'topic')?.value) : [],
  );
  const was = Object.fromEntries(ordered.flatMap(({ name, was: old }) => (old === null ? [] : [[name, old]])));
  return {
    name: pipeline.name,
    settings: pipeline.settings,
    deadLetters: deadLettersOf(pipeline, scope),
    sources,
    operators: ordered,
    sinks,
    skipped,
    broken,
    unwritten,
    was,
  };
}

/** Output ports by node; null: the node is there, and its ports are not known. */
function portsOf(
  declarations: Pipeline['declarations'],
  sources: readonly ResolvedSource[],
  broken: ReadonlySet<string>,
  scope: Scope,
): ReadonlyMap<string, readonly string[] | null> {
  const ports = new Map<string, readonly string[] | null>();
  for (const source of sources) ports.set(source.name, source.format ? [MAIN_PORT, REJECTED_PORT] : [MAIN_PORT]);
  for (const { kind, name, value } of declarations) {
    const use = entryOf(value, 'use')?.value;
    const operator = use?.kind === 'scalar' ? scope.registry.operators.get(String(use.value)) : undefined;
    if (kind === 'operator') ports.set(name, operator ? Object.keys(operator.outputs) : null);
    else if (kind === 'source' && broken.has(name)) ports.set(name, null);
  }
  return ports;
}

/** Looks a `from:` up among the nodes of a pipeline; what is not there is said with what was probably meant. */
function finder(pipeline: Pipeline, others: readonly Pipeline[], ports: ReadonlyMap<string, readonly string[] | null>, scope: Scope) {
  return (reference: Reference): Reference | null => {
    const known = ports.get(reference.node);
    if (known === undefined && !pipeline.whole) return null;
    if (known === undefined) {
      scope.say(
        'node-unknown',
        reference.span,
        `there is no node "${reference.node}"`,
        hintForNode(reference.node, pipeline, others, ports),
      );
      return null;
    }
    if (known === null || known.includes(reference.port)) return reference;
    const hint =
      reference.port === MAIN_PORT
        ? hintForMain(reference.node, known)
        : hintFor(reference.port, known, 'ports')?.replace(/^Did you mean "(.*)"/, `Did you mean "${reference.node}.$1"`);
    scope.say('port-unknown', reference.span, `node "${reference.node}" has no port "${reference.port}"`, hint);
    return null;
  };
}

/** A node without a main port was named alone. */
function hintForMain(node: string, ports: readonly string[]): string {
  const [first, ...others] = ports;
  return `Name the port that is meant: "${node}.${first}"${others.length > 0 ? `; the others are ${others.join(', ')}` : ''}.`;
}

function hintForNode(
  name: string,
  pipeline: Pipeline,
  others: readonly Pipeline[],
  ports: ReadonlyMap<string, readonly string[] | null>,
): string | undefined {
  if (pipeline.declarations.some((declaration) => declaration.kind === 'sink' && declaration.name === name))
    return `"${name}" is a sink, which ends there; read what it reads.`;
  const owner = [...ports].find(([, known]) => name !== MAIN_PORT && name !== REJECTED_PORT && known?.includes(name));
  if (owner) return `Did you mean "${owner[0]}.${name}"?`;
  const other = others.find(({ declarations }) =>
    declarations.some((declaration) => declaration.name === name && declaration.kind !== 'sink'),
  );
  if (other) return `"${name}" is in pipeline "${other.name}"; write it to a topic there and read that topic here.`;
  return hintFor(name, ports.keys(), 'nodes');
}

function sayCircle(circle: readonly Reference[], { say }: Scope): void {
  const [first] = circle;
  if (!first) return;
  const names = circle.map(({ node }) => node).reverse();
  say(
    'cycle',
    first.span,
    `nodes feed each other in a circle: ${[...names, names[0]].join(' -> ')}`,
    'Break it; feedback goes through a topic and a source that reads it.',
  );
}

/** Warns of sources and operators that nothing reads; one that a misspelt `from:` probably meant counts as read. */
function sayUnused(
  pipeline: Pipeline,
  references: readonly string[],
  ports: ReadonlyMap<string, readonly string[] | null>,
  broken: ReadonlySet<string>,
  { say }: Scope,
): void {
  if (!pipeline.whole) return;
  const written = ['operators', 'sinks'].flatMap((section) => {
    const value = entryOf(pipeline.value, section)?.value;
    return value?.kind === 'map' ? [...value.entries.values()].flatMap((entry) => textsOf(entryOf(entry.value, 'from')?.value)) : [];
  });
  const read = new Set([...references, ...written].map((text) => text.split('.', 1)[0] ?? ''));
  const meant = [...read].flatMap((name) => (ports.has(name) ? [] : (nearest(name, ports.keys()) ?? [])));
  const used = new Set([...read, ...meant]);
  for (const { kind, name, nameSpan } of pipeline.declarations) {
    if (kind !== 'sink' && !used.has(name) && !broken.has(name)) say('node-unused', nameSpan, `nothing reads ${kind} "${name}"`);
  }
}

function textsOf(value: Value | undefined): string[] {
  if (!value) return [];
  if (value.kind === 'scalar') return [String(value.value)];
  return (value.kind === 'list' ? [...value.items] : [...value.entries.values()].map((entry) => entry.value)).flatMap(textsOf);
}

function deadLettersOf(pipeline: Pipeline, { say }: Scope) {
  const topic = pipeline.settings.dead_letters?.topic;
  const place = entryOf(entryOf(pipeline.value, 'dead_letters')?.value, 'topic')?.value;
  if (topic === undefined || !place) return null;
  return checkTopic(topic, place.span, say) ? { text: topic, span: place.span } : null;
}
