import type { RecordBatch } from 'apache-arrow';
import type { RefusedRows } from '../contract/refused.ts';
import { NO_PROBE, type Probe } from '../wire/probe.ts';
import { countByCode } from '../wire/rejected.ts';

/** Counts what is refused while history is read and run: nobody reads the ports that it leaves on. */
export class Refused {
  readonly #rows = new Map<string, { readonly node: string; readonly code: string; rows: number }>();

  /** Counts a batch of rows that say why they were refused. */
  add(node: string, batch: RecordBatch): void {
    for (const [code, rows] of countByCode(batch)) this.#count(node, code, rows);
  }

  /** Counts what a node refuses. */
  probe(node: string): Probe {
    return { ...NO_PROBE, rejected: (code, rows) => this.#count(node, code, rows) };
  }

  /** In the order in which each reason was first met. */
  all(): readonly RefusedRows[] {
    return [...this.#rows.values()].map((counted) => ({ ...counted }));
  }

  #count(node: string, code: string, rows: number): void {
    const counted = this.#rows.get(`${node} ${code}`) ?? { node, code, rows: 0 };
    counted.rows += rows;
    this.#rows.set(`${node} ${code}`, counted);
  }
}
