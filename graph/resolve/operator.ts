import { z } from 'zod';
import type { Operator } from '../contract/operator.ts';
import { hintFor } from '../diagnostics/nearest.ts';
import type { Say } from '../diagnostics/report.ts';
import { check } from '../document/check.ts';
import type { Declaration } from '../document/pipeline.ts';
import { operatorKeys } from '../document/shape.ts';
import { entryOf, type MapValue, type Span, valueAt } from '../document/value.ts';
import { checkParams } from './connector.ts';
import { type From, fromOf } from './from.ts';
import type { Reference, ResolvedInput, ResolvedOperator } from './resolved.ts';
import type { Scope } from './scope.ts';

const shape = z.strictObject(operatorKeys);

/** An operator with its names looked up; null after saying what is wrong. */
export function resolveOperator(
  declaration: Declaration,
  value: MapValue,
  find: (reference: Reference) => Reference | null,
  scope: Scope,
): ResolvedOperator | null {
  const { name, nameSpan } = declaration;
  const checked = check(shape, value, { subject: `operator "${name}"`, noun: 'key', span: nameSpan }, scope.say);
  const from = fromOf(declaration, value, scope);
  const found = from && findAll(from, find);
  const use = entryOf(value, 'use');
  const useName = use?.value.kind === 'scalar' && typeof use.value.value === 'string' ? use.value.value : null;
  if (!use || useName === null) return null;
  const operator = operatorOf(useName, use.value.span, scope);
  if (!operator) return null;
  const given = entryOf(value, 'with');
  const params = checkParams(
    operator.params,
    given?.value ?? null,
    `operator "${useName}"`,
    { keySpan: given?.keySpan ?? use.value.span },
    scope,
  );
  const inputs = found && inputsOf(name, operator, found, scope);
  const files = params && filesOf(operator, params.value, given?.value ?? use.value, scope);
  if (!checked || !params || !inputs || !files) return null;
  const { order, was } = checked.value;
  return {
    kind: 'operator',
    name,
    span: nameSpan,
    operator,
    useSpan: use.value.span,
    params: params.value,
    given: given?.value ?? null,
    inputs,
    order,
    was: was ?? null,
    files: files.texts,
    binaries: files.binaries,
    currentFiles: files.currentFiles,
  };
}

function operatorOf(name: string, span: Span, scope: Scope): Operator | null {
  if (/^\.{0,2}\/|\.[cm]?[jt]s$/.test(name)) {
    scope.say(
      'operator-code',
      span,
      `"${name}" is a file of code: operators of your own cannot be loaded yet`,
      `Use one of those there are: ${[...scope.registry.operators.keys()].join(', ')}.`,
    );
    return null;
  }
  const operator = scope.registry.operators.get(name);
  if (!operator)
    scope.say('operator-unknown', span, `there is no operator "${name}"`, hintFor(name, scope.registry.operators.keys(), 'operators'));
  return operator ?? null;
}

/** Every reference looked up, so that each fault is said; null when one was not found. */
function findAll(from: From, find: (reference: Reference) => Reference | null): From | null {
  const all = (references: readonly Reference[]) => {
    const found = references.map(find);
    return found.some((reference) => reference === null) ? null : found.filter((reference) => reference !== null);
  };
  if (from.kind === 'list') {
    const references = all(from.references);
    return references && { ...from, references };
  }
  const ports = from.ports.map(({ port, references }) => ({ port, references: all(references) }));
  const whole = ports.flatMap(({ port, references }) => (references === null ? [] : [{ port, references }]));
  return whole.length === ports.length ? { ...from, ports: whole } : null;
}

function inputsOf(name: string, operator: Operator, from: From, scope: Scope): readonly ResolvedInput[] | null {
  const ports = Object.keys(operator.inputs);
  if (from.kind === 'list') {
    const [only, second] = ports.length === 1 ? ports : ports.filter((port) => !operator.inputs[port]?.optional);
    if (only !== undefined && second === undefined) return [{ port: only, edges: from.references }];
    const wanted = ports.filter((port, i) => i < from.references.length || !operator.inputs[port]?.optional);
    const example = wanted.map((port, i) => `${port}: ${from.references[i]?.node ?? '...'}`).join(', ');
    const found = from.written === 'list' ? 'a list' : 'one node';
    scope.say(
      'port-map-needed',
      from.span,
      `operator "${operator.name}" has the input ports ${ports.join(', ')}, but "${name}" gives it ${found}`,
      `Write from: { ${example} }.`,
    );
    return null;
  }
  let whole = true;
  for (const { port } of from.ports) {
    if (ports.includes(port.key)) continue;
    scope.say(
      'port-unknown',
      port.keySpan,
      `operator "${operator.name}" has no input port "${port.key}"`,
      hintFor(port.key, ports, 'input ports'),
    );
    whole = false;
  }
  const missing = ports.filter((port) => !operator.inputs[port]?.optional && !from.ports.some((given) => given.port.key === port));
  for (const port of whole ? missing : []) {
    scope.say(
      'port-unconnected',
      from.span,
      `input port "${port}" of operator "${operator.name}" is not connected`,
      operator.inputs[port]?.description,
    );
  }
  if (!whole || missing.length > 0) return null;
  return ports.flatMap((port) => {
    const given = from.ports.find((other) => other.port.key === port);
    return given ? [{ port, edges: given.references }] : [];
  });
}

function filesOf(
  operator: Operator,
  params: unknown,
  given: Parameters<typeof valueAt>[0],
  scope: Scope,
): (Pick<ResolvedOperator, 'binaries' | 'currentFiles'> & { readonly texts: Readonly<Record<string, string>> }) | null {
  const texts: Record<string, string> = {};
  const binaries: Record<string, string> = {};
  const currentFiles: string[] = [];
  let whole = true;
  for (const { path, place, binary, current, hint } of operator.files?.(params) ?? []) {
    if (current) currentFiles.push(path);
    const sayMissing: Say = (code, span, message, general) => scope.say(code, span, message, hint ?? general);
    const absolute = scope.paths.existing(path, valueAt(given, place.path).value.span, sayMissing);
    if (absolute === null) whole = false;
    else (binary ? binaries : texts)[path] = absolute;
  }
  return whole && inspected(operator, params, texts, scope) ? { texts, binaries, currentFiles } : null;
}

/** Says what an operator finds wrong in its files, at its place in them; false when there is anything. */
function inspected(operator: Operator, params: unknown, files: Readonly<Record<string, string>>, { paths, within }: Scope): boolean {
  if (!operator.inspect) return true;
  const texts = new Map(Object.entries(files).map(([path, absolute]) => [path, paths.files.read(absolute)]));
  const faults = operator.inspect(params, texts);
  const says = new Map([...texts].map(([path, text]) => [path, within(path, text)]));
  for (const { path, from, to, message, hint } of faults) says.get(path)?.('file-invalid', { from, to }, message, hint);
  return faults.length === 0;
}
