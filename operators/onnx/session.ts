import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { MillraceError } from '../../graph/contract/error.ts';

type Runtime = typeof import('onnxruntime-node');

/** Loads the runtime, which is an optional package. Error: `onnx-missing`. */
async function runtime(): Promise<Runtime> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new MillraceError('models in ONNX need the package onnxruntime-node, which cannot be loaded', {
      code: 'onnx-missing',
      domain: 'user',
      remedy: 'npm install onnxruntime-node',
      cause,
    });
  }
}

/** A model that is loaded, on one thread: tasks and batches come one after the other, and the other core has work of its own. */
export interface Session {
  /** Answers to tensors by name: the tensors asked for. */
  run(feeds: Readonly<Record<string, Tensor>>, fetches: readonly string[]): Promise<Readonly<Record<string, Tensor>>>;
  float32(values: Float32Array, dims: readonly number[]): Tensor;
  int64(values: BigInt64Array, dims: readonly number[]): Tensor;
  close(): Promise<void>;
}

/** Opens a model. Errors: `onnx-missing`; `model-invalid` for one that the runtime does not take; `model-failed` from `run`. */
export async function openSession(name: string, bytes: Uint8Array): Promise<Session> {
  const ort = await runtime();
  let session: InferenceSession;
  try {
    session = await ort.InferenceSession.create(bytes, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
    });
  } catch (cause) {
    throw failed(
      `model "${name}" cannot be opened`,
      'model-invalid',
      cause,
      'convert it for the installed onnxruntime-node, or install a newer one',
    );
  }
  return {
    async run(feeds, fetches) {
      try {
        return await session.run(feeds, [...fetches]);
      } catch (cause) {
        throw failed(`model "${name}" cannot answer`, 'model-failed', cause, REMEDY);
      }
    },
    float32: (values, dims) => new ort.Tensor('float32', values, dims),
    int64: (values, dims) => new ort.Tensor('int64', values, dims),
    close: () => session.release(),
  };
}

const REMEDY = 'it answers no row at all: try it in Python on one row, convert it again, or bring the former model and its card back';

function failed(message: string, code: string, cause: unknown, remedy: string): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MillraceError(`${message}: ${reason}`, { code, domain: 'user', cause, remedy });
}
