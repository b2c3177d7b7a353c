import { z } from 'zod';
import { MAIN_PORT } from '../contract/operator.ts';
import { check } from '../document/check.ts';
import type { Declaration } from '../document/pipeline.ts';
import { sinkKeys } from '../document/shape.ts';
import { entryOf, type MapValue } from '../document/value.ts';
import { connectorOf, placeOf, targetOf, wordsOf } from './connector.ts';
import { formatOf } from './format.ts';
import { fromOf } from './from.ts';
import type { Reference, ResolvedSink } from './resolved.ts';
import { checkTopic, type Scope } from './scope.ts';

const shape = z.strictObject(sinkKeys);

/** A sink with its names looked up, why it is skipped, or null after saying what is wrong. */
export function resolveSink(
  declaration: Declaration,
  value: MapValue,
  find: (reference: Reference) => Reference | null,
  scope: Scope,
): ResolvedSink | { readonly skipped: string } | null {
  const { name, nameSpan } = declaration;
  const from = fromOf(declaration, value, scope);
  const references = portsOf(declaration, from, scope);
  const found = references?.map(find) ?? null;
  const target = targetOf(declaration, value, sinkKeys, scope);
  if (!target) return null;
  const checked = check(shape, target.rest, { subject: `sink "${name}"`, noun: 'key', span: nameSpan }, scope.say);
  const use = target.kind === 'connector' ? connectorOf('sink', target.entry, scope) : null;
  if (!checked || !found?.every((reference) => reference !== null) || (target.kind === 'connector' && !use)) return null;
  const common = {
    kind: 'sink',
    name,
    span: nameSpan,
    from: found,
    key: wordsOf(value, 'key'),
    partitions: checked.value.partitions ?? null,
  } as const;
  if (!use) {
    const format = formatOf(entryOf(value, 'format'), 'arrow', target.entry.keySpan, scope);
    const topic = { text: checked.value.topic ?? '', span: target.entry.value.span };
    if (!checkTopic(topic.text, topic.span, scope.say) || !format) return null;
    if (format.format.encoder) return { ...common, to: { topic }, format };
    const able = [...scope.registry.formats.values()].filter((other) => other.encoder).map((other) => other.name);
    scope.say(
      'format-unfit',
      format.span,
      `format "${format.format.name}" can be read, not written`,
      `Formats that can be written: ${able.join(', ')}.`,
    );
    return null;
  }
  for (const key of ['format', 'key'] as const) {
    const entry = entryOf(value, key);
    if (!entry) continue;
    scope.say(
      key === 'format' ? 'format-unfit' : 'key-unknown',
      entry.keySpan,
      `sink "${name}" takes no "${key}": it is for sinks that write a topic`,
    );
    return null;
  }
  for (const path of use.connector.sink?.files?.(use.params) ?? []) {
    if (scope.paths.writable(path, placeOf(path, use.value).span, scope.say) === null) return null;
  }
  if (!use.connector.connection || use.connection) return { ...common, to: use, format: null };
  const reason = `connection "${use.connector.connection}" has no address`;
  if (checked.value.optional) {
    scope.say('sink-skipped', nameSpan, `sink "${name}" is left out: ${reason}`);
    return { skipped: reason };
  }
  scope.say(
    'connection-missing',
    target.entry.keySpan,
    `sink "${name}" cannot be written: ${reason}`,
    'Give it one under "connections:", or mark the sink "optional: true".',
  );
  return null;
}

/** The ports whose rows a sink writes, each once; null after saying what is wrong. */
function portsOf({ name }: Declaration, from: ReturnType<typeof fromOf>, scope: Scope): readonly Reference[] | null {
  if (!from) return null;
  if (from.kind === 'map') {
    const message = `"from" of sink "${name}" is a map, expected a node, node.port, or a list of them`;
    scope.say('value-type', from.span, message, 'A sink has one input; a list unites the rows of several nodes.');
    return null;
  }
  const { references } = from;
  const again = references.find(({ node, port }, i) => references.findIndex((one) => one.node === node && one.port === port) < i);
  if (!again) return references;
  scope.say(
    'value-invalid',
    again.span,
    `"from" of sink "${name}" names "${again.port === MAIN_PORT ? again.node : `${again.node}.${again.port}`}" twice`,
    'Its rows would be written twice.',
  );
  return null;
}
