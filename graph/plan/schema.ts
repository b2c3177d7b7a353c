import { Schema } from 'apache-arrow';
import { check } from '../document/check.ts';
import type { Value } from '../document/value.ts';
import { namedTexts, sayFault } from '../resolve/named-files.ts';
import type { ResolvedSource } from '../resolve/resolved.ts';
import type { Scope } from '../resolve/scope.ts';

/**
 * The columns a source gives, or null after saying why they are not known. `written`: those of the sink that writes its topic, or that they
 * depend on the source itself.
 */
export function sourceSchema(source: ResolvedSource, written: Schema | 'circular' | null, scope: Scope): Schema | null {
  const { name, format, from } = source;
  const own = format ? format.format.ownSchema?.(format.params) : 'connector' in from ? from.connector.source?.schema?.() : undefined;
  if (own && source.schema) {
    const owner = format ? `format "${format.format.name}"` : `connector "${'connector' in from ? from.connector.name : ''}"`;
    scope.say('schema-unwanted', source.schema.span, `source "${name}" needs no "schema": ${owner} has columns of its own`);
    return null;
  }
  if (own) return own;
  if (source.schema) return readSchema(source.schema, `source "${name}"`, scope);
  if (written instanceof Schema) return written;
  const required = format?.format.schema === 'required';
  if (required || !('topic' in from))
    scope.say(
      'schema-missing',
      source.span,
      `source "${name}" needs "schema": format "${format?.format.name}" does not know the columns`,
      'Say each column with its type: schema: { price: float64 }.',
    );
  else
    scope.say(
      'schema-unknown',
      from.topic.span,
      `the columns of topic "${from.topic.text}" are not known: ${written === 'circular' ? 'they depend on this source itself' : 'no sink of this file writes it'}`,
      'Give the source a "schema:".',
    );
  return null;
}

/** The columns that a value under `schema:` stands for, or null after saying what is wrong with it. */
function readSchema(value: Value, subject: string, { registry, say, paths }: Scope): Schema | null {
  const reader = registry.schemas;
  if (!reader) {
    say('schema-invalid', value.span, 'schemas cannot be read here');
    return null;
  }
  const checked = check(reader.params, value, { subject: `schema of ${subject}`, noun: 'key', span: value.span }, say);
  if (!checked) return null;
  const texts = namedTexts(reader.files?.(checked.value) ?? [], value, paths, say);
  if (!texts) return null;
  let faults = 0;
  const schema = reader.schema(
    checked.value,
    (path) => texts.get(path) ?? '',
    (message, place, hint) => {
      faults += 1;
      sayFault(value, message, place ?? [], hint, say);
    },
  );
  return faults > 0 ? null : schema;
}
