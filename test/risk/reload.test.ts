import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog, Table, tableConnector } from '../run/fixture.ts';

const YAML = `version: 1
pipelines:
  p:
    tasks: 1
    sources:
      flow: { simulate_orders: { symbols: 20, accounts: 50, rate: 2000, start: START, pace: live } }
      limits: { document: { path: limits.yaml, every: 20ms }, watermark: none }
    operators:
      checked: { use: risk, from: { orders: flow, limits: limits }, order: arrival, with: { limits: limits.yaml } }
    sinks:
      accepted: { from: checked.accepted, memory: { table: accepted } }
      denied: { from: checked.denied, memory: { table: denied } }
      rejected: { from: checked.rejected, memory: { table: rejected } }
`;

it('limits that are edited while the gate runs hold from then on; a version with faults is refused whole, with each at its line', async () => {
  const dir = await freshFolder();
  const path = join(dir, 'limits.yaml');
  const example = readFileSync(new URL('../../examples/exchange/limits.yaml', import.meta.url), 'utf8');
  const open = example
    .replace(/^ {2}(price_collar_bps|fat_finger_bps|max_price_age|message_rate|duplicate_window|max_size_lots).*\n/gm, '')
    .replace(/max_size_lots: \d+/g, 'max_size_lots: 1000000'); // also those of a strategy
  writeFileSync(path, open);
  const tables = new Map(['accepted', 'denied', 'rejected'].map((name) => [name, new Table()]));
  const rows = (table: string): readonly Row[] => tables.get(table)?.rows ?? [];
  const registry: Registry = {
    ...declarations,
    connectors: new Map([...declarations.connectors, ['memory', tableConnector(tables)]]),
  };
  const text = YAML.replace('START', new Date().toISOString());
  const file = join(dir, 'pipelines.yaml');
  const { plans, diagnostics } = compile({ text, file, registry, env: {}, files: disk, allowPaths: [], allowCode: false });
  expect(diagnostics).toEqual([]);
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const denied = (code: string): number => rows('denied').filter((row) => row.code === code).length;
  const passed = (): number => rows('accepted').filter(({ action }) => action === 'new').length;

  const log = await openLog(dir);
  const running = runPipeline(plans[0] as Plan, environmentOf(log, registry, dir));
  await until(() => passed() > 500);
  expect(denied('size-limit')).toBe(0);

  writeFileSync(path, open.replace('defaults:', 'defaults:\n  max_size_lots: 3'));
  await until(() => denied('size-limit') > 500);

  const faulty = open.replace('defaults:', 'defaults:\n  max_size_lots: many\n  max_sise: 1');
  writeFileSync(path, faulty);
  await until(() => rows('rejected').some((row) => row.code === 'limits-invalid'));
  const fault = rows('rejected').find((row) => row.code === 'limits-invalid');
  const at = (word: string): number => faulty.split('\n').findIndex((line) => line.includes(word)) + 1;
  expect(fault?.reason).toContain(`${at('many')}:`);
  expect(fault?.reason).toContain(`${at('max_sise')}:`);
  const before = denied('size-limit');
  await until(() => denied('size-limit') > before + 100); // the limits before it stay

  writeFileSync(path, open);
  const last = passed();
  await until(() => passed() > last + 500);
  await running.drain();
  await log.close();
});
