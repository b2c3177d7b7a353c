import { z } from 'zod';
import type { Operator } from '../graph/contract/operator.ts';
import { showDuration } from '../graph/contract/units.ts';

/** A parameter as people read it; derived from the declaration. */
export interface Parameter {
  /** Path inside `with`, such as `series[].ema.period`. */
  readonly name: string;
  /** Type and unit in words. */
  readonly type: string;
  readonly required: boolean;
  /** As it would be written in the file; null when there is none. */
  readonly default: string | null;
  readonly description: string;
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | false;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

const choices = (schema: JsonSchema) => schema.anyOf ?? schema.oneOf ?? [];

function bounds({ minimum, maximum, exclusiveMinimum }: JsonSchema): string {
  const low = exclusiveMinimum !== undefined ? `> ${exclusiveMinimum}` : minimum !== undefined && minimum > -9e15 ? `>= ${minimum}` : '';
  const high = maximum !== undefined && maximum < 9e15 ? `<= ${maximum}` : '';
  return [low, high].filter(Boolean).join(', ');
}

function typeOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => String(value)).join(' | ');
  if (choices(schema).length > 0) return [...new Set(choices(schema).map(typeOf))].join(' | ');
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'values' : typeOf(schema.items)}`;
  if (schema.type === 'object') {
    if (typeof schema.additionalProperties === 'object') return `map of name to ${typeOf(schema.additionalProperties)}`;
    return 'map';
  }
  const name = schema.unit ?? (typeof schema.type === 'string' ? { string: 'text', boolean: 'true | false' }[schema.type] : undefined);
  const plain = name ?? (Array.isArray(schema.type) ? schema.type.join(' | ') : String(schema.type ?? 'value'));
  return [plain, bounds(schema)].filter(Boolean).join(' ');
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function collect(schema: JsonSchema, prefix: string): Parameter[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, entry]): Parameter[] => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const required = (schema.required ?? []).includes(name) && entry.default === undefined;
    const fallback = entry.default === undefined ? null : shown(entry.default);
    const self = { name: path, type: typeOf(entry), required, default: fallback, description: entry.description ?? '' };
    return [self, ...collect(entry, path)];
  });
  const items = schema.items === undefined ? [] : collect(schema.items, `${prefix}[]`);
  return [...own, ...items, ...choices(schema).flatMap((choice) => collect(choice, prefix))];
}

/** The parameters of a declaration, nested ones after the one that holds them. */
export function parametersOf(params: z.ZodType): readonly Parameter[] {
  const schema = z.toJSONSchema(params, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { def } = zodSchema._zod;
      if (def.type === 'default' && typeof def.defaultValue === 'bigint') jsonSchema.default = showDuration(def.defaultValue);
    },
  }) as JsonSchema;
  return collect(schema, '');
}

/** What is known of an operator, as plain data. */
export function operatorReference(operator: Operator) {
  return {
    name: operator.name,
    summary: operator.summary,
    source: operator.source ?? null,
    determinism: operator.determinism,
    semantics: operator.semantics,
    params: parametersOf(operator.params),
    inputs: Object.entries(operator.inputs).map(([name, port]) => ({
      name,
      description: port.description,
      optional: port.optional ?? false,
    })),
    outputs: Object.entries(operator.outputs).map(([name, port]) => ({ name, description: port.description })),
  };
}
