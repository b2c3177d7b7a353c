import { z } from 'zod';
import type { Registry } from '../contract/registry.ts';
import { showDuration } from '../contract/units.ts';
import { connectionsShape, fileShape, operatorKeys, pipelineShape, sinkKeys, sourceKeys } from '../document/shape.ts';

type JsonSchema = Record<string, unknown>;

/** The file's JSON Schema (draft 2020-12), from which editors complete and explain: operators with their `with:`, connectors, formats. */
export function jsonSchema(registry: Registry): object {
  const nodes = (name: string) => ({ type: 'object', additionalProperties: { $ref: `#/$defs/${name}` } });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Millrace pipelines',
    ...merged(ofType(fileShape), { connections: ofType(connectionsShape), pipelines: nodes('pipeline') }),
    $defs: {
      pipeline: merged(ofType(pipelineShape), { sources: nodes('source'), operators: nodes('operator'), sinks: nodes('sink') }),
      source: sourceSchema(registry),
      operator: operatorSchema(registry),
      sink: sinkSchema(registry),
      ports: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] },
      format: formatSchema(registry),
    },
  };
}

/** The JSON Schema of another kind of file, e.g. of limits. */
export function fileSchema(title: string, type: z.ZodType): object {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...ofType(type) };
}

/** A zod type as the file writes it: units as text, defaults in the file's own words. */
function ofType(type: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(type, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema: made }) {
      const { def } = zodSchema._zod;
      if (def.type === 'default' && typeof def.defaultValue === 'bigint') made.default = showDuration(def.defaultValue);
    },
  });
  return schema;
}

/** An object's schema with some properties replaced; what it says of each (its description) stays. */
function merged(schema: JsonSchema, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const own = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const replaced = Object.entries(properties).map(([name, value]) => {
    const description = own[name]?.description;
    return [name, description === undefined ? value : { ...value, description }];
  });
  return { ...schema, properties: { ...own, ...Object.fromEntries(replaced) } };
}

/** Parameters of a component, explained; nothing given stands for none. */
function paramsOf(type: z.ZodType, description: string): JsonSchema {
  const schema = ofType(type);
  return schema.type === 'object' && !schema.required ? { ...schema, type: ['object', 'null'], description } : { ...schema, description };
}

function sourceSchema(registry: Registry): JsonSchema {
  const connectors = [...registry.connectors.values()].flatMap(({ name, summary, source }) =>
    source ? [[name, paramsOf(source.params, summary)] as const] : [],
  );
  const schema = registry.schemas ? { schema: ofType(registry.schemas.params) } : {};
  return exactlyOne(
    merged(ofType(z.strictObject(sourceKeys)), { ...Object.fromEntries(connectors), ...schema, format: { $ref: '#/$defs/format' } }),
    connectors.map(([name]) => name),
  );
}

function sinkSchema(registry: Registry): JsonSchema {
  const connectors = [...registry.connectors.values()].flatMap(({ name, summary, sink }) =>
    sink ? [[name, paramsOf(sink.params, summary)] as const] : [],
  );
  const from = { type: 'string' };
  return exactlyOne(
    merged(ofType(z.strictObject(sinkKeys)), { ...Object.fromEntries(connectors), from, format: { $ref: '#/$defs/format' } }),
    connectors.map(([name]) => name),
  );
}

/** One of `topic` and the connectors must be there. */
function exactlyOne(schema: JsonSchema, connectors: readonly string[]): JsonSchema {
  return { ...schema, oneOf: ['topic', ...connectors].map((name) => ({ required: [name] })) };
}

function operatorSchema(registry: Registry): JsonSchema {
  const operators = [...registry.operators.values()];
  const use = {
    anyOf: [...operators.map(({ name, summary }) => ({ const: name, description: summary })), { type: 'string', pattern: '^\\.{0,2}/' }],
  };
  const from = { anyOf: [{ $ref: '#/$defs/ports' }, { type: 'object', additionalProperties: { $ref: '#/$defs/ports' } }] };
  const base = merged(ofType(z.strictObject(operatorKeys)), { use, from });
  const rules = operators.map(({ name, summary, params, inputs }) => {
    const given = paramsOf(params, summary);
    const ports = Object.entries(inputs);
    const map = {
      type: 'object',
      properties: Object.fromEntries(ports.map(([port, { description }]) => [port, { $ref: '#/$defs/ports', description }])),
      required: ports.filter(([, port]) => !port.optional).map(([port]) => port),
      additionalProperties: false,
    };
    const then = {
      properties: { with: given, from: ports.length === 1 ? { anyOf: [{ $ref: '#/$defs/ports' }, map] } : map },
      ...(given.required ? { required: ['with'] } : {}),
    };
    return { if: { properties: { use: { const: name } }, required: ['use'] }, then };
  });
  return { ...base, required: ['use', 'from'], allOf: rules };
}

function formatSchema(registry: Registry): JsonSchema {
  const formats = [...registry.formats.values()];
  const names = formats.map(({ name, summary }) => ({ const: name, description: summary }));
  const maps = formats.map(({ name, summary, params }) => ({
    type: 'object',
    properties: { [name]: paramsOf(params, summary) },
    required: [name],
    additionalProperties: false,
  }));
  return { anyOf: [...names, ...maps] };
}
