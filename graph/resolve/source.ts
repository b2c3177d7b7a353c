import { z } from 'zod';
import { check } from '../document/check.ts';
import type { Declaration } from '../document/pipeline.ts';
import { sourceKeys } from '../document/shape.ts';
import { entryOf, type MapValue } from '../document/value.ts';
import { connectorOf, placeOf, targetOf, wordsOf } from './connector.ts';
import { formatOf } from './format.ts';
import type { ConnectorUse, FormatUse, ResolvedSource } from './resolved.ts';
import { checkTopic, type Scope } from './scope.ts';

const shape = z.strictObject(sourceKeys);

/** A source with its names looked up; null after saying what is wrong. */
export function resolveSource(declaration: Declaration, value: MapValue, scope: Scope): ResolvedSource | null {
  const { name, nameSpan } = declaration;
  const target = targetOf(declaration, value, sourceKeys, scope);
  if (!target) return null;
  const checked = check(shape, target.rest, { subject: `source "${name}"`, noun: 'key', span: nameSpan }, scope.say);
  const use = target.kind === 'connector' ? connectorOf('source', target.entry, scope) : null;
  if (use) checkSourceFiles(use, scope);
  const format = sourceFormat(value, use, target.entry.keySpan, name, scope);
  if (!checked || format === 'broken' || (target.kind === 'connector' && !use)) return null;
  const { topic, time, start, broadcast, watermark } = checked.value;
  if (use?.connector.connection && !use.connection) {
    scope.say(
      'connection-missing',
      target.entry.keySpan,
      `source "${name}" reads from connection "${use.connector.connection}", which has no address`,
      'Give it one under "connections:".',
    );
    return null;
  }
  if (!use && !checkTopic(topic ?? '', target.entry.value.span, scope.say)) return null;
  const timeEntry = entryOf(value, 'time');
  return {
    kind: 'source',
    name,
    span: nameSpan,
    from: use ?? { topic: { text: topic ?? '', span: target.entry.value.span } },
    format,
    schema: entryOf(value, 'schema')?.value ?? null,
    time:
      time && timeEntry
        ? {
            column: time.column,
            latenessNs: time.lateness,
            idleNs: time.idle,
            span: entryOf(timeEntry.value, 'column')?.value.span ?? timeEntry.value.span,
          }
        : null,
    key: wordsOf(value, 'key'),
    start,
    broadcast,
    watermark: watermark === undefined,
  };
}

function sourceFormat(
  value: MapValue,
  use: ConnectorUse | null,
  at: { readonly from: number; readonly to: number },
  name: string,
  scope: Scope,
): FormatUse | null | 'broken' {
  const entry = entryOf(value, 'format');
  const formats = use?.connector.source?.formats;
  if (formats && formats.length === 0) {
    if (!entry) return null;
    scope.say(
      'format-unfit',
      entry.keySpan,
      `source "${name}" takes no "format": connector "${use?.connector.name}" gives rows, not payloads`,
    );
    return 'broken';
  }
  if (use === null && entryOf(value, 'topic') === undefined) return 'broken';
  const told = use && !entry ? use.connector.source?.defaultFormat?.(use.params) : undefined;
  if (use && told === null) {
    scope.say(
      'key-missing',
      at,
      `source "${name}" needs "format": nothing tells how the rows of connector "${use.connector.name}" are written`,
      `Give it one of: ${formats?.join(', ')}.`,
    );
    return 'broken';
  }
  const format = formatOf(entry, told ?? formats?.[0] ?? 'arrow', at, scope);
  if (!format) return 'broken';
  if (!formats || formats.includes(format.format.name)) return format;
  scope.say(
    'format-unfit',
    format.span,
    `connector "${use?.connector.name}" does not read format "${format.format.name}"`,
    `It reads: ${formats.join(', ')}.`,
  );
  return 'broken';
}

function checkSourceFiles({ connector, params, value }: ConnectorUse, scope: Scope): void {
  for (const { text, message, hint } of connector.source?.faults?.(params) ?? [])
    scope.say('param-invalid', placeOf(text, value).span, message, hint);
  for (const path of connector.source?.files?.(params) ?? []) scope.paths.existing(path, placeOf(path, value).span, scope.say);
}
