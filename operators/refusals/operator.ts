import { z } from 'zod';
import { REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { refusalsKernel } from './kernel.ts';
import { IGNORED_PORT, READ, REFUSALS_SCHEMA } from './layout.ts';

/**
 * New orders that a book refused, as changes of orders with status `rejected`: what a gate in front of the book has to be told, since it
 * counts an order as open until then. A refused amend or cancel changes no order and leaves on `ignored`. Give it `rejected` of `match`
 * alone: a row that the gate itself denied may bear the number of an order that is open.
 */
export const refusals = defineOperator({
  name: 'refusals',
  summary: 'New orders that `match` refused, as changes of orders with status `rejected`, for the gate in front of it.',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({}),
  inputs: { [INPUT_PORT]: { description: '`rejected` of `match`: `code`, `raw`' } },
  outputs: {
    [MAIN_PORT]: { description: 'a row a refused new order, with the columns of `orders` of `match`; `reason` is the code' },
    [IGNORED_PORT]: { description: 'refused amends and cancels, rows of `symbols`, and new orders that lack what an order must have' },
    [REJECTED_PORT]: { description: 'rows whose `raw` is not JSON (`raw-unreadable`)' },
  },
  groups: () => null,
  fixed: { [MAIN_PORT]: REFUSALS_SCHEMA },
  schema(request) {
    const input = request.inputs[INPUT_PORT];
    if (!input) return null;
    const found = Object.entries(READ).map(([name, test]) => request.column(name, test));
    return found.includes(null) ? null : { [MAIN_PORT]: REFUSALS_SCHEMA, [IGNORED_PORT]: input, [REJECTED_PORT]: REJECTED_SCHEMA };
  },
  create: refusalsKernel,
});
