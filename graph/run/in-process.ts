import { readFileSync } from 'node:fs';
import type { RecordBatch } from 'apache-arrow';
import { type Observable, Subject } from 'rxjs';
import { MillraceError } from '../contract/error.ts';
import { MAX_NS, MIN_NS } from '../contract/frame.ts';
import { MAIN_PORT, type Operator, REJECTED_PORT } from '../contract/operator.ts';
import type { Plan } from '../contract/plan.ts';
import { wire } from '../wire/wire.ts';
import { Ingest } from './ingest.ts';

/** A pipeline that runs inside a program: no log, no topic, no process but this. */
export interface InProcess {
  /** The rows that leave on a port, by `node` or `node.port`. Subscribe before `start`. */
  port(name: string): Observable<RecordBatch>;
  /** Subscribes to the inputs; every batch is an epoch, and its outputs have left when `next` returns. */
  start(): void;
}

/**
 * Wires a plan of one task to observables in place of its sources. Sources that are given no observable have ended from the start.
 * Errors of an input or a kernel reach every port.
 */
export function runInProcess(
  plan: Plan,
  // biome-ignore lint/suspicious/noExplicitAny: a registry holds declarations of many parameter types
  operators: ReadonlyMap<string, Operator<any>>,
  given: Readonly<Record<string, Observable<RecordBatch>>>,
): InProcess {
  if (plan.tasks !== 1) throw new MillraceError('a pipeline inside a program has one task', { code: 'tasks-not-one', domain: 'internal' });
  const effect = plan.nodes.find((node) => operators.get(node.operator)?.effect);
  if (effect) {
    throw new MillraceError(`"${effect.name}" answers later, and a pipeline inside a program has its outputs when a batch is pushed`, {
      code: 'effect-in-process',
      domain: 'user',
      node: effect.name,
      remedy: 'run the pipeline with millrace run, or without that node',
    });
  }
  const unknown = Object.keys(given).find((name) => !plan.inputs.some((input) => input.name === name));
  if (unknown !== undefined) {
    const names = plan.inputs.map((input) => input.name).join(', ');
    throw new MillraceError(`the pipeline has no source "${unknown}"`, {
      code: 'source-unknown',
      domain: 'user',
      remedy: `it has: ${names}`,
    });
  }
  const paths = new Set(plan.nodes.flatMap((node) => Object.values(node.files)));
  const files = new Map([...paths].map((path) => [path, readFileSync(path, 'utf8')]));
  const outputs = new Map<string, Subject<RecordBatch>>();
  const fail = (error: unknown): void => {
    for (const output of outputs.values()) output.error(error);
  };
  const wired = wire(plan, { operators, files, failed: fail });
  const ingests = plan.inputs.map((input) => new Ingest(input.time));
  const told = plan.inputs.map(() => MIN_NS);
  let epoch = 0;
  let clockNs = 0n;

  const close = (): void => {
    plan.inputs.forEach((input, i) => {
      const ns = ingests[i]?.watermarkNs ?? MIN_NS;
      if (ns <= (told[i] as bigint)) return;
      told[i] = ns;
      if (ns !== MAX_NS && ns > clockNs) clockNs = ns;
      for (const port of [MAIN_PORT, REJECTED_PORT]) wired.source(input.name, port).next({ kind: 'watermark', ns });
    });
    for (const input of plan.inputs) {
      for (const port of [MAIN_PORT, REJECTED_PORT]) wired.source(input.name, port).next({ kind: 'barrier', epoch, clockNs });
    }
    epoch++;
  };

  return {
    port(name) {
      const [node = '', port = MAIN_PORT] = name.split('.');
      let output = outputs.get(`${node}.${port}`);
      if (!output) {
        output = new Subject<RecordBatch>();
        outputs.set(`${node}.${port}`, output);
        const target = output;
        wired.port(node, port).subscribe((frame) => {
          if (frame.kind === 'batch') target.next(frame.batch);
        });
      }
      return output;
    },
    start() {
      const left = new Set(plan.inputs.map((input) => input.name));
      const end = (name: string, index: number): void => {
        ingests[index]?.end();
        left.delete(name);
      };
      plan.inputs.forEach((input, i) => {
        if (!given[input.name]) end(input.name, i);
      });
      plan.inputs.forEach((input, i) => {
        given[input.name]?.subscribe({
          next: (batch) => {
            try {
              for (const frame of ingests[i]?.take(batch, null) ?? []) wired.source(input.name, MAIN_PORT).next(frame);
              close();
            } catch (error) {
              fail(error);
            }
          },
          error: fail,
          complete: () => {
            end(input.name, i);
            close();
            if (left.size === 0) for (const output of outputs.values()) output.complete();
          },
        });
      });
    },
  };
}
