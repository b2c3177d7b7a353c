import type { RecordBatch, Schema } from 'apache-arrow';
import { filter, map, Observable, type OperatorFunction, Subject } from 'rxjs';
import { columnIndex } from '../contract/batch.ts';
import { MillraceError } from '../contract/error.ts';
import type { Frame } from '../contract/frame.ts';
import { MAIN_PORT, type Operator, type SchemaRequest } from '../contract/operator.ts';
import { type Emission, lift } from './lift.ts';
import { NO_PROBE } from './probe.ts';

/** An operator of the product as an RxJS operator over frames: its main port, and the others by name. */
export interface FrameOperator extends OperatorFunction<Frame, Frame> {
  /** The frames of one port, e.g. `late`; every subscription has a kernel of its own. */
  port(name: string): OperatorFunction<Frame, Frame>;
}

/**
 * Makes the function that a program calls: `bars({ every: '1s' })`. The kernel is made for the columns of the first batch, and fresh for
 * each subscription; of several input ports the first is the one that is fed. Throws `param-invalid` at once where the parameters are
 * wrong; a column that is missing ends the stream with an error.
 */
export function standalone<P>(operator: Operator<P>, files: ReadonlyMap<string, string> = new Map()): (params?: unknown) => FrameOperator {
  return (given = {}) => {
    const params = paramsOf(operator, given);
    const emissions = (source: Observable<Frame>): Observable<Emission> => emissionsOf(operator, params, files, source);
    const port =
      (name: string): OperatorFunction<Frame, Frame> =>
      (source) =>
        emissions(source).pipe(
          filter((emission) => emission.port === null || emission.port === name),
          map((emission) => emission.frame),
        );
    return Object.assign(port(MAIN_PORT), { port });
  };
}

/** The parameters after defaults; throws `param-invalid`. */
export function paramsOf<P>(operator: Operator<P>, given: unknown): P {
  const parsed = operator.params.safeParse(given);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'parameters'}: ${issue.message}`).join('; ');
  throw new MillraceError(`operator "${operator.name}": ${what}`, { code: 'param-invalid', domain: 'user', node: operator.name });
}

/** Passes watermarks and barriers on until the first batch tells the columns; then the lifted kernel takes over. */
function emissionsOf<P>(
  operator: Operator<P>,
  params: P,
  files: ReadonlyMap<string, string>,
  source: Observable<Frame>,
): Observable<Emission> {
  return new Observable<Emission>((subscriber) => {
    let input: Subject<Frame> | null = null;
    const [port = ''] = Object.keys(operator.inputs);
    const begin = (schema: Schema): Subject<Frame> => {
      const frames = new Subject<Frame>();
      const inputs = { [port]: schema };
      const outputs = schemasOf(operator, params, inputs);
      const edge = { port, schema, time: columnIndex(schema, 'ts_event') < 0 ? null : 'ts_event', frames };
      const options = {
        pipeline: 'standalone',
        node: operator.name,
        order: 'event_time' as const,
        outputs,
        probe: NO_PROBE,
        create: () => operator.create({ params, inputs, outputs, files }),
      };
      subscriber.add(lift(options, [edge]).subscribe(subscriber));
      return frames;
    };
    subscriber.add(
      source.subscribe({
        next: (frame) => {
          try {
            if (!input && frame.kind === 'batch') input = begin(frame.batch.schema);
            if (input) input.next(frame);
            else subscriber.next({ port: null, frame });
          } catch (error) {
            subscriber.error(error);
          }
        },
        error: (error) => subscriber.error(error),
        complete: () => (input ? input.complete() : subscriber.complete()),
      }),
    );
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
