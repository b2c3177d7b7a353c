import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../graph/contract/error.ts';

/** A typed array that crosses to Rust. */
export type Crossing = Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** A kernel by name over plain arrays. `native/README.md` has the layouts; `nativeKernel` is its face. */
export interface NativeKernel {
  /** Strings behind the codes of an input column: `offsets` has one more entry than there are strings. */
  dictionary(port: number, column: number, offsets: Int32Array, bytes: Uint8Array): void;
  /** `buffers[3 i]` holds the values of column i, `[3 i + 1]` its offsets or null, `[3 i + 2]` its validity bitmap or null. */
  push(port: number, rows: number, buffers: readonly (Crossing | null)[], floorNs: bigint): BigUint64Array | null;
  /**
   * Several ports at once: `parts` has three entries a part (port, rows, buffers), `runs` two a run: a part, and how many of its next rows
   * follow.
   */
  pushMerged(parts: readonly (number | readonly (Crossing | null)[])[], runs: Int32Array, floorNs: bigint): BigUint64Array | null;
  advance(watermarkNs: bigint, clockNs: bigint): BigUint64Array | null;
  nextTimer(): bigint | null;
  snapshot(): Uint8Array[];
  restore(chunks: readonly Uint8Array[]): void;
}

interface Binding {
  readonly NativeKernel: new (name: string, configJson: string) => NativeKernel;
  exitNow(code: number): void;
}

/** From `native/index.ts` and from `dist/native/index.js`. */
const CANDIDATES = ['./build/millrace.node', '../../native/build/millrace.node'];
const REMEDY = 'run node scripts/build-native.js in the folder of the package';

let binding: Binding | null = null;

function load(): Binding {
  const paths = CANDIDATES.map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new MillraceError('the native kernels are not built', { code: 'native-missing', domain: 'user', remedy: REMEDY });
  }
  try {
    return createRequire(import.meta.url)(path) as Binding;
  } catch (cause) {
    throw new MillraceError('the native kernels cannot be loaded', { code: 'native-unloadable', domain: 'user', remedy: REMEDY, cause });
  }
}

/** A fault of Rust as ours, with the code it was given there. */
export function nativeError(cause: unknown, kernel: string): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'native';
  const message = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError(`kernel ${kernel}: ${message}`, { code, domain: 'internal', cause });
}

/** A new kernel of the Rust crate. Errors: `native-missing`, `native-unloadable`, `kernel-unknown`, `kernel-config`. */
export function createNative(kernel: string, configJson: string): NativeKernel {
  binding ??= load();
  try {
    return new binding.NativeKernel(kernel, configJson);
  } catch (cause) {
    throw nativeError(cause, kernel);
  }
}

/** Ends the process without waiting for threads that hang in a library; returns where the kernels are not built. */
export function exitNow(code: number): void {
  try {
    binding ??= load();
  } catch {
    return;
  }
  binding.exitNow(code);
}
