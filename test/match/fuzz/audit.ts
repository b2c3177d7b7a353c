import type { Row } from '../../../graph/contract/rows.ts';
import type { Step } from './episode.ts';
import { LevelsAudit } from './levels-audit.ts';
import { OrdersAudit } from './orders-audit.ts';
import type { Given } from './run.ts';

interface Audited {
  readonly orders: OrdersAudit;
  readonly levels: LevelsAudit;
  phase: string;
}

/** Holds what a kernel gives, step by step, to the promises of an exchange. Throws `Broken`. */
export class Audit {
  readonly #symbols = new Map<string, Audited>();
  readonly #depth: number;
  #phase: string;

  constructor(params: Readonly<Record<string, unknown>>) {
    this.#depth = Number(params.depth);
    this.#phase = String(params.phase);
  }

  after(step: Step, given: Given): void {
    if (step.kind === 'push') {
      const refused = new Set((given.rejected ?? []).map(({ row }) => row));
      step.operations.forEach(({ port, row }, i) => {
        if (!refused.has(i)) this.#instruction(port, row);
      });
    }
    for (const [symbol, audited] of this.#symbols) {
      const of = (port: string): readonly Row[] => (given[port] ?? []).filter((row) => row.symbol === symbol);
      audited.orders.follow(of('orders'), of('fills'));
      if (audited.phase === 'continuous') audited.orders.uncrossed();
      if (this.#depth === 0) continue;
      audited.levels.follow(of('book'));
      audited.levels.agrees(audited.orders);
    }
  }

  #instruction(port: string, row: Row): void {
    if (port === 'symbols') {
      const phase = typeof row.phase === 'string' ? row.phase : null;
      if (row.symbol == null && phase !== null) this.#phase = phase;
      const audited = row.symbol == null ? [...this.#symbols.values()] : [this.#of(String(row.symbol))];
      for (const one of audited) one.phase = phase ?? one.phase;
    } else {
      const { orders } = this.#of(String(row.symbol));
      if (row.action === 'new') orders.accept(row);
    }
  }

  #of(symbol: string): Audited {
    const audited = this.#symbols.get(symbol) ?? { orders: new OrdersAudit(), levels: new LevelsAudit(this.#depth), phase: this.#phase };
    this.#symbols.set(symbol, audited);
    return audited;
  }
}
