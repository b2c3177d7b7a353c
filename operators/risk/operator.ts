import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { parseInstruments } from '../instruments/table.ts';
import { ACCEPTED_PORT, DENIED_PORT, DENIED_SCHEMA, riskSchema } from './layout.ts';
import { unlisted } from './limits/listed.ts';
import { parseLimits } from './limits/parse.ts';
import { nativeRisk } from './native.ts';
import { referenceRisk } from './reference/kernel.ts';

const params = z.strictObject({
  limits: z
    .string()
    .min(1)
    .meta({ description: 'limits file, YAML; its keys: limits.schema.json and operators/risk/RULES.md', unit: 'path' }),
  instruments: z.string().min(1).optional().meta({
    description: 'instrument table that knows every symbol, venue and currency of the limits file; `check` says where it does not',
    unit: 'path',
  }),
  price: z.string().min(1).default('price_ticks').meta({ description: 'price column of the port `prices`, Int64, in ticks' }),
  cancel_on_kill: z.boolean().default(true).meta({ description: 'a kill also cancels the live orders in its scope, on `accepted`' }),
});

/** Parameters of `risk`, after defaults. */
export type RiskParams = z.output<typeof params>;

/**
 * The gate in front of a venue: every order row leaves on `accepted` as it came, or is denied with a code, the limit and the offending
 * value. It counts on the worst: every open order may fill in full, amends may or may not come into force, cancels release nothing before
 * the venue says so. What it does not know denies. `RULES.md` has every case.
 */
export const risk = defineOperator({
  name: 'risk',
  summary: 'Pre-trade gate: order and message limits, positions, exposure, credit, trading states and a kill switch.',
  source:
    'operators/risk/RULES.md; what is checked follows SEC rule 15c3-5 and FIA, Best Practices for Automated Trading Risk Controls and System Safeguards (2024)',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    orders: {
      description: 'instructions: `ts_event`, `action`, `symbol`, `account`, `order_id`, `side`, `type`, `price_ticks`, `size_lots`, …',
    },
    prices: { description: 'reference prices: `ts_event`, `symbol`, the price column', optional: true },
    fills: { description: 'executions, fed back: `fills` of `match`; without them positions are what `updates` report', optional: true },
    updates: {
      description:
        'changes of orders, fed back: `orders` of `match`, and what `refusals` makes of its `rejected`; without them nothing is released but by fills',
      optional: true,
    },
    control: { description: 'kill switch and trading states: `ts_event`, `action`, `scope`, `name`, `state`, `reason`', optional: true },
    limits: { description: 'new versions of the limits file: `text`', optional: true },
  },
  outputs: {
    [ACCEPTED_PORT]: { description: 'orders that pass, as they came, and the cancels that a kill makes' },
    [DENIED_PORT]: { description: 'a row a denial: code, scope, limit, value; money in base units, durations in seconds' },
    [REJECTED_PORT]: { description: 'denied and malformed rows, with the reason in words' },
  },
  groups: (_, inputs) => (inputs.orders && columnIndex(inputs.orders, 'account') >= 0 ? ['account'] : null),
  fixed: { [DENIED_PORT]: DENIED_SCHEMA },
  schema: riskSchema,
  files: ({ limits, instruments }) =>
    [['limits', limits], ['instruments', instruments]].flatMap(([key = '', path]) => (path === undefined ? [] : [{ path, place: { path: [key] } }])), // biome-ignore format: one line
  inspect({ limits, instruments }, files) {
    const text = files.get(limits);
    const parsed = text === undefined ? null : parseLimits(text);
    const list = instruments === undefined ? null : parseInstruments(files.get(instruments) ?? '');
    const beside = text !== undefined && parsed && 'limits' in parsed && list ? unlisted(text, parsed.limits, list.instruments) : [];
    const faults = parsed && 'faults' in parsed ? parsed.faults : beside;
    return [
      ...faults.map(({ code: _, ...fault }) => ({ path: limits, ...fault })),
      ...(list?.faults ?? []).map((fault) => ({ path: instruments as string, ...fault })),
    ];
  },
  create: nativeRisk,
  reference: referenceRisk,
});
