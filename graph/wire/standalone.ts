import type { RecordBatch, Schema } from 'apache-arrow';
import { filter, map, Observable, type OperatorFunction } from 'rxjs';
import { columnIndex } from '../contract/batch.ts';
import { MillraceError } from '../contract/error.ts';
import type { Frame } from '../contract/frame.ts';
import { MAIN_PORT, type Operator, type SchemaRequest } from '../contract/operator.ts';
import { Feeds } from './feeds.ts';
import { type Emission, lift } from './lift.ts';
import { NO_PROBE } from './probe.ts';

/** Frames by input port. */
type Inputs = Readonly<Record<string, Observable<Frame>>>;

/** An operator of the product as an RxJS operator over frames: its main port, and the others by name. */
export interface FrameOperator extends OperatorFunction<Frame, Frame> {
  /** The frames of one port, e.g. `late`; every subscription has a kernel of its own. */
  port(name: string): OperatorFunction<Frame, Frame>;
  /** The same with frames for input ports besides the first. Throws `port-unknown`. */
  with(inputs: Readonly<Record<string, Observable<Frame>>>): FrameOperator;
}

/**
 * Makes the function that a program calls: `bars({ every: '1s' })`. The kernel is made for the columns of the first batches, and fresh
 * for each subscription. One input port is piped, the first unless `piped` says
 * another; others are given by `with`. Throws `param-invalid` at once where
 * the parameters are wrong; a column or an input that is missing ends the stream with an error.
 */
export function standalone<P>(
  operator: Operator<P>,
  files: ReadonlyMap<string, string> = new Map(),
  piped = Object.keys(operator.inputs)[0] ?? '',
): (params?: unknown) => FrameOperator {
  return (given = {}) => frameOperator(operator, paramsOf(operator, given), files, piped, {});
}

function frameOperator<P>(
  operator: Operator<P>,
  params: P,
  files: ReadonlyMap<string, string>,
  piped: string,
  others: Inputs,
): FrameOperator {
  const port =
    (name: string): OperatorFunction<Frame, Frame> =>
    (source) =>
      emissionsOf(operator, params, files, { [piped]: source, ...others }).pipe(
        filter((emission) => emission.port === null || emission.port === name),
        map((emission) => emission.frame),
      );
  return Object.assign(port(MAIN_PORT), {
    port,
    with(inputs: Inputs): FrameOperator {
      const unknown = Object.keys(inputs).find((name) => name === piped || !operator.inputs[name]);
      if (unknown !== undefined) {
        const names = Object.keys(operator.inputs)
          .filter((name) => name !== piped)
          .join(', ');
        const message = `operator "${operator.name}" has no further input "${unknown}"`;
        throw new MillraceError(message, {
          code: 'port-unknown',
          domain: 'user',
          node: operator.name,
          remedy: `it has: ${names || 'none'}`,
        });
      }
      return frameOperator(operator, params, files, piped, { ...others, ...inputs });
    },
  });
}

/** The parameters after defaults; throws `param-invalid`. */
export function paramsOf<P>(operator: Operator<P>, given: unknown): P {
  const parsed = operator.params.safeParse(given);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'parameters'}: ${issue.message}`).join('; ');
  throw new MillraceError(`operator "${operator.name}": ${what}`, { code: 'param-invalid', domain: 'user', node: operator.name });
}

/** Holds frames until the columns of every input are known; then the lifted kernel takes over. */
function emissionsOf<P>(operator: Operator<P>, params: P, files: ReadonlyMap<string, string>, sources: Inputs): Observable<Emission> {
  return new Observable<Emission>((subscriber) => {
    const missing = Object.entries(operator.inputs).find(([port, { optional }]) => !optional && !sources[port]);
    if (missing) {
      const message = `operator "${operator.name}" needs frames for its input "${missing[0]}"`;
      const remedy = `give them: .with({ ${missing[0]}: … })`;
      subscriber.error(new MillraceError(message, { code: 'port-unconnected', domain: 'user', node: operator.name, remedy }));
      return;
    }
    const begin = (schemas: Readonly<Record<string, Schema>>, frames: (port: string) => Observable<Frame>): void => {
      const unknown = Object.entries(operator.inputs).find(([port, { optional }]) => !optional && !schemas[port]);
      if (unknown) {
        const message = `operator "${operator.name}": no row came on its input "${unknown[0]}", so its columns are not known`;
        throw new MillraceError(message, { code: 'columns-unfit', domain: 'user', node: operator.name });
      }
      const outputs = schemasOf(operator, params, schemas);
      const edges = Object.entries(schemas).map(([port, schema]) => {
        const time = columnIndex(schema, 'ts_event') < 0 ? null : 'ts_event';
        return { port, schema, time, frames: frames(port) };
      });
      const options = {
        pipeline: 'standalone',
        node: operator.name,
        order: 'event_time' as const,
        outputs,
        probe: NO_PROBE,
        create: () => operator.create({ params, inputs: schemas, outputs, files }),
      };
      subscriber.add(lift(options, edges).subscribe(subscriber));
    };
    const ports = Object.keys(operator.inputs).filter((port) => sources[port]); // of rows of one time, those of earlier ports come first
    const feeds = new Feeds(ports, begin, (frame) => subscriber.next({ port: null, frame }));
    const guarded = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        subscriber.error(error);
      }
    };
    for (const [port, source] of Object.entries(sources)) {
      const subscription = source.subscribe({
        next: (frame) => guarded(() => feeds.next(port, frame)),
        error: (error) => subscriber.error(error),
        complete: () => guarded(() => feeds.end(port) || subscriber.complete()),
      });
      subscriber.add(subscription);
    }
  });
}

/** Output schemas for the given columns; the faults that the compiler would print are thrown as one error. */
export function schemasOf<P>(operator: Operator<P>, params: P, inputs: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> {
  const faults: string[] = [];
  const request: SchemaRequest<P> = {
    params,
    inputs,
    column(name, accepts, _, port = Object.keys(inputs)[0] ?? '') {
      const found = inputs[port]?.fields.find((field) => field.name === name);
      if (!found) faults.push(`there is no column "${name}"`);
      else if (!accepts.accepts(found.type)) faults.push(`column "${name}" is ${found.type}, expected ${accepts.wanted}`);
      else return found.type;
      return null;
    },
    file: () => null,
    fault: (_, message) => void faults.push(message),
  };
  const outputs = operator.schema(request);
  if (faults.length > 0 || outputs === null) {
    const message = `operator "${operator.name}": ${faults.join('; ') || 'its columns cannot be known'}`;
    throw new MillraceError(message, { code: 'columns-unfit', domain: 'user', node: operator.name });
  }
  return outputs;
}

/** The batches among the frames. */
export function batches(): OperatorFunction<Frame, RecordBatch> {
  return (source) =>
    new Observable<RecordBatch>((subscriber) =>
      source.subscribe({
        next: (frame) => {
          if (frame.kind === 'batch') subscriber.next(frame.batch);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
}
