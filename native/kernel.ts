import type { Data, RecordBatch, Schema } from 'apache-arrow';
import { batchOfData, columnIndex, gather } from '../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../graph/contract/columns.ts';
import { MillraceError } from '../graph/contract/error.ts';
import type { Emit, Kernel } from '../graph/contract/kernel.ts';
import { createNative, nativeError } from './index.ts';
import { columnSpecs, InputBinder } from './input.ts';
import { type Block, readBlocks, WordVector } from './output.ts';
import { rejectedBatch } from './rejected.ts';

/** An input port of a native kernel. */
export interface NativeInput {
  readonly schema: Schema;
  /** Columns that cross, in the order in which Rust sees them; default all. */
  readonly columns?: readonly string[];
}

/**
 * Columns of an output that are taken from the pushed batch instead of crossing. Only for what is emitted in `push`.
 * `all`: one output row an input row. `taken`: the first column that Rust writes is Int32, the input rows to take.
 */
export interface Carry {
  readonly rows: 'all' | 'taken';
  /** Output column -> input column of the same type. */
  readonly columns: ReadonlyMap<string, string>;
}

/** An output port. What is not carried, Rust writes in the order of the schema. */
export interface NativeOutput {
  readonly schema: Schema;
  /** `rejected`: the schema is `REJECT_SCHEMA`; Rust writes row, code and reason, the row's own text is added here. */
  readonly carry?: Carry | 'rejected';
  /** Whether the first column names rows of the pushed batch, Int32; default: where `carry` says so. */
  readonly namesRows?: boolean;
  /** The output whose rows its own leave between, in the order in which they were written: one stream of two shapes. */
  readonly with?: string;
}

export interface NativeKernelOptions {
  /** Name in the Rust crate. */
  readonly kernel: string;
  /** Parameters as JSON; a bigint becomes a decimal string. */
  readonly params: unknown;
  readonly inputs: Readonly<Record<string, NativeInput>>;
  readonly outputs: Readonly<Record<string, NativeOutput>>;
}

/** Carries every column of the input under its own name. */
export function carryAll(schema: Schema, rows: Carry['rows']): Carry {
  return { rows, columns: new Map(schema.fields.map((field) => [field.name, field.name])) };
}

interface OutputPlan {
  readonly name: string;
  readonly schema: Schema;
  readonly carry: Carry | 'rejected' | null;
  readonly words: readonly WordVector[];
}

const TAKEN = { name: 'row', type: 'i32' } as const;

function crossing(output: NativeOutput) {
  if (output.carry === 'rejected') return columnSpecs(REJECT_SCHEMA, ['row', 'code', 'reason']);
  const carry = output.carry;
  const names = output.schema.fields.map((field) => field.name).filter((name) => !carry?.columns.has(name));
  return [...(carry?.rows === 'taken' ? [TAKEN] : []), ...columnSpecs(output.schema, names)];
}

/** Whether the first column that crosses names rows of the pushed batch. */
function namesRows({ carry, namesRows: says }: NativeOutput): boolean {
  return says ?? (carry === 'rejected' || carry?.rows === 'taken');
}

const bigintAsText = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);

/**
 * A kernel of the Rust crate behind the contract of `Kernel`: one native call a batch, no copies.
 * Errors carry the code of the fault in Rust; after one the kernel is dead (`kernel-dead`) until a snapshot is restored into a new one.
 */
export function nativeKernel(options: NativeKernelOptions): Required<Kernel> {
  const inputs = Object.entries(options.inputs).map(([name, { schema, columns }]) => ({
    name,
    schema,
    specs: columnSpecs(schema, columns),
  }));
  const outputs = Object.entries(options.outputs);
  const config = {
    params: options.params,
    inputs: inputs.map(({ name, specs }) => ({ name, columns: specs })),
    outputs: outputs.map(([name, output]) => ({
      name,
      columns: crossing(output),
      rows: namesRows(output),
      ...(output.with === undefined ? {} : { with: output.with }),
    })),
  };
  const native = createNative(options.kernel, JSON.stringify(config, bigintAsText));
  const binders = new Map(inputs.map(({ name, schema, specs }, port) => [name, new InputBinder(native, port, schema, specs)]));
  const plans: OutputPlan[] = outputs.map(([name, { schema, carry }]) => ({
    name,
    schema,
    carry: carry ?? null,
    words: schema.fields.map(() => new WordVector()),
  }));

  const guarded = <T>(call: () => T): T => {
    try {
      return call();
    } catch (cause) {
      throw nativeError(cause, options.kernel);
    }
  };
  const names = inputs.map(({ name }) => name);
  const hand = (output: BigUint64Array | null, batches: (port: string) => RecordBatch | null, emit: Emit): void => {
    if (output === null) return;
    // emitted after all is read: an operator downstream may not see a half-read dictionary
    const ready: { port: string; batch: RecordBatch; from: string | undefined }[] = [];
    readBlocks(output, (block) => {
      const plan = plans[block.port] as OutputPlan;
      const from = names[block.from];
      ready.push({ port: plan.name, batch: assemble(plan, block, from === undefined ? null : batches(from)), from });
    });
    for (const { port, batch, from } of ready) emit(port, batch, from);
  };
  const binderOf = (port: string): InputBinder => {
    const binder = binders.get(port);
    if (!binder) throw new MillraceError(`kernel ${options.kernel} has no port "${port}"`, { code: 'port-unknown', domain: 'internal' });
    return binder;
  };

  return {
    push(batch, port, emit, floorNs) {
      const binder = binderOf(port);
      hand(guarded(() => binder.push(batch, floorNs)), () => batch, emit); // biome-ignore format: one step
    },
    pushMerged(parts, runs, emit, floorNs) {
      const laid = parts.flatMap(({ port, batch }) => binderOf(port).part(batch));
      const byPort = new Map(parts.map(({ port, batch }) => [port, batch]));
      hand(guarded(() => native.pushMerged(laid, runs, floorNs)), (port) => byPort.get(port) ?? null, emit); // biome-ignore format: one step
    },
    advance(watermarkNs, clockNs, emit) {
      hand(guarded(() => native.advance(watermarkNs, clockNs)), () => null, emit); // biome-ignore format: one step
    },
    nextTimer: () => guarded(() => native.nextTimer()),
    snapshot: () => guarded(() => native.snapshot()),
    restore: (chunks) => guarded(() => native.restore(chunks)),
  };
}

function assemble(plan: OutputPlan, block: Block, batch: RecordBatch | null): RecordBatch {
  const { schema, carry, words } = plan;
  if (carry === null) {
    return batchOfData(schema, block.rows, schema.fields.map((field, i) => block.column(field.type, words[i] as WordVector))); // biome-ignore format: one step
  }
  if (batch === null) throw new MillraceError('carried columns outside a push', { code: 'output-carry', domain: 'internal' });
  if (carry === 'rejected') return rejectedBatch(block, batch, words);
  const from = carry.rows === 'taken' ? taken(batch, block.int32()) : batch;
  const children = schema.fields.map((field, i): Data => {
    const source = carry.columns.get(field.name);
    if (source === undefined) return block.column(field.type, words[i] as WordVector);
    return from.data.children[columnIndex(from.schema, source)] as Data;
  });
  return batchOfData(schema, block.rows, children);
}

function taken(batch: RecordBatch, rows: Int32Array): RecordBatch {
  const all = rows.length === batch.numRows && rows.every((row, i) => row === i); // as many may be others: one twice, one not
  return all ? batch : gather(batch.schema, [batch], null, rows);
}
