import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS, timestampNs } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { type Crossing, createNative } from '../../native/index.ts';
import { nativeKernel } from '../../native/kernel.ts';

const SCHEMA = new Schema([new Field('price', new Float64(), false)]);
const batch = makeBatch(SCHEMA, 2, [{ values: Float64Array.of(1, 2) }]);

const crash = (how: 'panic' | 'fault' | 'half', at_row = 3): Kernel =>
  nativeKernel({ kernel: 'crash', params: { at_row, how }, inputs: { in: { schema: SCHEMA } }, outputs: { out: { schema: SCHEMA } } });

const push = (kernel: Kernel, rows: RecordBatch = batch) => kernel.push(rows, 'in', () => undefined, MIN_NS);

function failure(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof MillraceError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a native kernel that fails', () => {
  it.each([
    ['panic', 'kernel-panic'],
    ['fault', 'crash'],
    ['half', 'output-columns'],
  ] as const)('by %s throws %s and is dead until restored into a new one', (how, code) => {
    const kernel = crash(how);
    push(kernel);
    const state = kernel.snapshot();
    expect(failure(() => push(kernel)).code).toBe(code);
    for (const call of [() => push(kernel), () => kernel.snapshot(), () => kernel.nextTimer(), () => kernel.restore(state)]) {
      expect(failure(call).code).toBe('kernel-dead');
    }
    const next = crash(how, 5);
    next.restore(state);
    push(next);
    expect(failure(() => push(next)).code).toBe(code);
  });

  it('says what the panic said', () => {
    expect(failure(() => push(crash('panic', 1))).message).toContain('told to panic at row 1');
  });

  it('refuses a damaged or foreign snapshot', () => {
    const kernel = crash('fault');
    const [chunk] = kernel.snapshot();
    const bytes = Uint8Array.from(chunk ?? []);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    expect(failure(() => crash('fault').restore([bytes])).code).toBe('snapshot-corrupt');
    expect(failure(() => crash('fault').restore([bytes.subarray(0, 3)])).code).toBe('snapshot-corrupt');
    const empty = { in: { schema: SCHEMA } };
    const other = nativeKernel({
      kernel: 'indicators',
      params: { by: [], series: [] },
      inputs: empty,
      outputs: { out: { schema: SCHEMA } },
    });
    expect(failure(() => other.restore(kernel.snapshot())).code).toBe('snapshot-foreign');
  });
});

describe('the binding', () => {
  const config = JSON.stringify({
    params: { at_row: 1_000_000, how: 'fault' },
    inputs: [{ name: 'in', columns: [{ name: 'price', type: 'f64' }] }],
    outputs: [],
  });
  const native = () => createNative('crash', config);
  const code = (call: () => unknown): unknown => {
    try {
      call();
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error;
    }
    return 'nothing was thrown';
  };
  const pushing = (buffers: readonly unknown[], rows = 2) => code(() => native().push(0, rows, buffers as (Crossing | null)[], 0n));

  it('takes arrays that are longer than needed, offset, shared or overlapping', () => {
    const shared = new Float64Array(new SharedArrayBuffer(64));
    for (const values of [new Float64Array(9), new Float64Array(9).subarray(3), shared]) {
      expect(pushing([values, null, new Uint8Array(values.buffer, 0, 1)])).toBe('nothing was thrown');
    }
  });

  it('refuses what is short, detached, missing or of another type', () => {
    const detached = new Float64Array(2);
    structuredClone(detached, { transfer: [detached.buffer] });
    expect(pushing([new Float64Array(1), null, null])).toBe('column-shape');
    expect(pushing([detached, null, null])).toBe('column-shape');
    expect(pushing([new Float32Array(2), null, null])).toBe('argument');
    expect(pushing([new Int32Array(2), null, null])).toBe('column-shape');
    expect(pushing([[1, 2], null, null])).toBe('argument');
    expect(pushing([])).toBe('argument');
    expect(pushing([null, null, null])).toBe('argument');
    expect(pushing([new Float64Array(16), null, new Uint8Array(1)], 9)).toBe('column-shape');
    for (const rows of [-1, 0.5, Number.NaN, 2 ** 40]) expect(pushing([new Float64Array(2), null, null], rows)).toBe('argument');
    expect(code(() => native().advance(2n ** 63n, 0n))).toBe('argument');
    expect(code(() => native().dictionary(0, 0, new Int32Array([0, 5]), new Uint8Array(2)))).toBe('dictionary-corrupt');
    expect(code(() => native().dictionary(0, 7, new Int32Array(1), new Uint8Array(0)))).toBe('column-unknown');
  });

  it('names a kernel that is not there and a column that cannot cross', () => {
    expect(failure(() => createNative('nobody', config)).code).toBe('kernel-unknown');
    expect(failure(() => createNative('crash', '{')).code).toBe('kernel-config');
    const schema = new Schema([COLUMNS.ts_event, new Field('size', timestampNs(), false)]);
    const absent = { kernel: 'crash', params: {}, inputs: { in: { schema, columns: ['price'] } }, outputs: {} };
    expect(failure(() => nativeKernel(absent)).code).toBe('column-type');
  });

  it('passes an empty batch', () => {
    expect(() => push(crash('fault'), batchOf(SCHEMA, []))).not.toThrow();
  });
});
