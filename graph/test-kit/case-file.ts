import { Binary, Bool, type DataType, Float64, Int32, Int64, Schema, Utf8 } from 'apache-arrow';
import { parse } from 'yaml';
import { z } from 'zod';
import { COLUMNS, dictionaryOf, field, timestampNs } from '../contract/columns.ts';
import { duration } from '../contract/params.ts';
import type { Cell, Row } from '../contract/rows.ts';
import { instantNs } from '../contract/units.ts';
import type { RowShapes, ValueRange, ValueRanges } from './generate.ts';

const TYPES: Readonly<Record<string, (name: string) => DataType>> = {
  Float64: () => new Float64(),
  Int64: () => new Int64(),
  Int32: () => new Int32(),
  Timestamp: () => timestampNs(),
  Dictionary: (name) => dictionaryOf(name),
  Utf8: () => new Utf8(),
  Binary: () => new Binary(),
  Bool: () => new Bool(),
};

const typeName = z
  .string()
  .regex(
    /^(Float64|Int64|Int32|Timestamp|Dictionary|Utf8|Binary|Bool)\??$/,
    `expected one of ${Object.keys(TYPES).join(', ')}, with ? when null is allowed`,
  );
const columns = z.union([z.record(z.string(), typeName), z.record(z.string(), z.record(z.string(), typeName))]);
const rows = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));

const oneCase = z.strictObject({
  name: z.string().min(1),
  source: z
    .string()
    .min(1)
    .meta({ description: 'where the expected numbers come from: a book, an exchange manual, a calculation in words' }),
  params: z.record(z.string(), z.unknown()).default({}),
  columns: columns.optional(),
  files: z.record(z.string(), z.string()).default({}).meta({ description: 'contents of the files that the parameters name' }),
  lateness: duration().optional().meta({ description: 'how far behind the newest row a row may be; without it no row is late' }),
  watermark: z
    .union([z.string(), z.bigint()])
    .optional()
    .meta({ description: 'where event time stands after the rows; without it the input has ended' }),
  inputs: rows,
  outputs: rows,
});

const range = z.union([
  z.strictObject({ from: z.number(), to: z.number(), step: z.number().optional() }),
  z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
  z.strictObject({ after: z.tuple([duration(), duration()]) }).meta({ description: "a time so much after the row's own" }),
]);

const laws = z.strictObject({
  params: z
    .array(z.record(z.string(), z.unknown()))
    .default([])
    .meta({ description: 'parameters to hold to the laws, besides those of the cases' }),
  columns: columns.optional().meta({ description: 'input columns of those; default the first case that has some' }),
  files: z.record(z.string(), z.string()).default({}),
  ranges: z
    .record(z.string(), range)
    .default({})
    .meta({ description: 'what the values of a column look like; default anything of its type' }),
  shapes: z
    .record(z.string(), z.array(z.record(z.string(), range)).min(1))
    .default({})
    .meta({ description: 'by port, kinds of rows whose values belong together, before what ranges say; null only where a list has it' }),
  step: duration().default(300_000_000n).meta({ description: 'typical time between two rows' }),
  rows: z.int().min(1).default(40).meta({ description: 'most rows of a generated input' }),
});

const caseFile = z.strictObject({ columns: columns.optional(), cases: z.array(oneCase).min(1), laws: laws.optional() });

/** One example of what an operator computes, as its `cases.yaml` gives it; rows and numbers as in the file, integers as bigint. */
export interface Case {
  readonly name: string;
  readonly source: string;
  /** As in a pipeline file. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, string>;
  readonly inputs: Readonly<Record<string, Schema>>;
  readonly rows: Readonly<Record<string, readonly Row[]>>;
  readonly outputs: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  readonly latenessNs: bigint | null;
  /** Null: the input has ended. */
  readonly watermarkNs: bigint | null;
}

/** What an operator's input looks like, for the laws. */
export interface LawInput {
  readonly params: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, string>;
  readonly inputs: Readonly<Record<string, Schema>>;
}

export interface CaseFile {
  readonly cases: readonly Case[];
  readonly lawInputs: readonly LawInput[];
  readonly ranges: ValueRanges;
  readonly shapes: RowShapes;
  readonly stepNs: bigint;
  readonly maxRows: number;
}

/** Reads a `cases.yaml`. Throws a ZodError that names what is wrong, e.g. a case without `source`. */
export function readCaseFile(text: string): CaseFile {
  const plain = parse(text, { merge: true }) as z.input<typeof caseFile> | null;
  const exact = parse(text, { merge: true, intAsBigInt: true }) as z.input<typeof caseFile> | null; // nanoseconds do not fit a double
  const file = caseFile.parse({ ...plain, cases: exact?.cases });
  const cases = file.cases.map((one, i): Case => {
    const declared = one.columns ?? file.columns;
    if (!declared) throw new TypeError(`case "${one.name}" has no columns`);
    const inputs = schemasOf(declared, one.inputs);
    return {
      name: one.name,
      source: one.source,
      params: plain?.cases[i]?.params ?? {},
      files: new Map(Object.entries(one.files)),
      inputs,
      rows: Object.fromEntries(Object.entries(one.inputs).map(([port, some]) => [port, some.map((row) => typedRow(inputs[port], row))])),
      outputs: one.outputs,
      latenessNs: one.lateness ?? null,
      watermarkNs: one.watermark === undefined ? null : timeOf(one.watermark),
    };
  });
  const law = file.laws ?? laws.parse({});
  const lawColumns = law.columns ?? file.columns ?? file.cases.find((one) => one.columns)?.columns ?? {};
  const files = new Map([...Object.entries(law.files)]);
  const extra = law.params.map((params): LawInput => ({ params, files, inputs: schemasOf(lawColumns, {}) }));
  return {
    cases,
    lawInputs: distinct([...cases, ...extra]),
    ranges: rangesOf(law.ranges),
    shapes: Object.fromEntries(Object.entries(law.shapes).map(([port, shapes]) => [port, shapes.map(rangesOf)])),
    stepNs: law.step,
    maxRows: law.rows,
  };
}

function rangesOf(given: Readonly<Record<string, z.output<typeof range>>>): ValueRanges {
  return Object.fromEntries(
    Object.entries(given).map(([name, some]) => [name, (Array.isArray(some) ? { values: some } : some) as ValueRange]),
  );
}

function distinct(inputs: readonly LawInput[]): LawInput[] {
  const text = (input: LawInput): string =>
    JSON.stringify([input.params, Object.entries(input.inputs).map(([port, schema]) => [port, String(schema)]), [...input.files]]);
  return [
    ...new Map(
      inputs.map(({ params, files, inputs: schemas }) => [text({ params, files, inputs: schemas }), { params, files, inputs: schemas }]),
    ).values(),
  ];
}

/** Schemas of the input ports: one map of columns for every port, or a map a port. Null is allowed where `?` says so or a row has one. */
function schemasOf(
  declared: z.output<typeof columns>,
  inputs: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>,
): Record<string, Schema> {
  const byPort = Object.values(declared).every((entry) => typeof entry === 'object');
  const ports = byPort ? Object.keys(declared) : Object.keys(inputs).length > 0 ? Object.keys(inputs) : ['in'];
  return Object.fromEntries(
    ports.map((port) => {
      const types = (byPort ? declared[port] : declared) as Readonly<Record<string, string>>;
      const fields = Object.entries(types).map(([name, type]) => {
        const known = Object.entries(COLUMNS).find(([column]) => column === name)?.[1];
        const made = TYPES[type.replace('?', '')]?.(name) ?? new Utf8();
        const nulls = type.endsWith('?') || (inputs[port] ?? []).some((row) => row[name] == null);
        if (known && String(known.type) === String(made)) return nulls && !known.nullable ? field(name, made, true, name) : known;
        return field(name, made, nulls, name);
      });
      return [port, new Schema(fields)];
    }),
  );
}

function typedRow(schema: Schema | undefined, row: Readonly<Record<string, unknown>>): Row {
  const names = new Set(schema?.fields.map((f) => f.name));
  const stray = Object.keys(row).find((name) => !names.has(name));
  if (!schema || stray !== undefined) throw new TypeError(`a row has a value for "${stray ?? ''}", which is no column of its port`);
  return Object.fromEntries(schema.fields.map((f) => [f.name, typedCell(f.type, row[f.name] ?? null)]));
}

/** A value of the file as the cell that a column of that type holds. */
export function typedCell(type: DataType, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  const name = String(type);
  if (name.startsWith('Timestamp')) return timeOf(value as string | bigint);
  if (name === 'Int64') return BigInt(value as bigint);
  if (name === 'Float64' || name === 'Int32') return Number(value);
  if (name === 'Bool') return value === true;
  return name === 'Binary' ? Buffer.from(String(value), 'utf8') : String(value);
}

function timeOf(value: string | bigint): bigint {
  if (typeof value === 'bigint') return value;
  const ns = instantNs(value);
  if (ns === null) throw new TypeError(`"${value}" is no instant such as 2024-08-08T00:00:00Z`);
  return ns;
}
