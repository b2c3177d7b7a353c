import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Schema } from 'apache-arrow';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { declarations } from '../../cli/registry.ts';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import type { Connector } from '../../graph/contract/connector.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog, Table, tableConnector } from '../run/fixture.ts';

const SWITCH = new Schema([COLUMNS.ts_event, COLUMNS.action, field('scope', dictionaryOf('scope'), false, ''), field('name', dictionaryOf('name'), true, '')]); // biome-ignore format: columns

/** A switch that somebody presses: each press is a row, read once and landed in a topic. */
function button(pressed: Row[]): Connector {
  return {
    name: 'button',
    summary: 'presses',
    connection: null,
    source: {
      params: z.strictObject({}),
      formats: [],
      schema: () => SWITCH,
      partitions: () => 1,
      finite: () => false,
      replay: 'never',
      open: async () => ({
        partitions: ['button'],
        start: async () => 0,
        read: async (partition, from) => {
          const rows = pressed.splice(0);
          return rows.length === 0 ? null : { partition, from, to: from + rows.length, batch: batchOf(SWITCH, rows) };
        },
        ended: () => false,
        close: async () => {},
      }),
    },
  };
}

const YAML = `version: 1
pipelines:
  p:
    tasks: 1
    sources:
      flow: { simulate_orders: { symbols: 20, accounts: 50, rate: 4000, start: START, pace: live } }
      switch: { button: {}, watermark: none }
    operators:
      checked: { use: risk, from: { orders: flow, control: switch }, order: arrival, with: { limits: limits.yaml } }
      presses: { use: select, from: switch, with: { keep: [ts_event, action] } }
    sinks:
      accepted: { from: checked.accepted, memory: { table: accepted } }
      denied: { from: checked.denied, memory: { table: denied } }
      pressed: { from: presses, memory: { table: pressed } }
`;

it('a kill denies every order after the epoch that read it, under load, and cancels what rests; a resume lets them pass again', async () => {
  const dir = await freshFolder();
  const limits = readFileSync(new URL('../../examples/exchange/limits.yaml', import.meta.url), 'utf8');
  // without prices, feedback and rates: only the switch may deny what is not malformed
  const plain = limits.replace(
    /^ {2}(price_collar_bps|fat_finger_bps|max_price_age|message_rate|duplicate_window|max_size_lots).*\n/gm,
    '',
  );
  writeFileSync(join(dir, 'limits.yaml'), plain);
  const tables = new Map(['accepted', 'denied', 'pressed'].map((name) => [name, new Table()]));
  const rows = (table: string): readonly Row[] => tables.get(table)?.rows ?? [];
  const pressed: Row[] = [];
  const registry: Registry = {
    ...declarations,
    connectors: new Map([...declarations.connectors, ['memory', tableConnector(tables)], ['button', button(pressed)]]),
  };
  const text = YAML.replace('START', new Date().toISOString());
  const file = join(dir, 'pipelines.yaml');
  const { plans, diagnostics } = compile({ text, file, registry, env: {}, files: disk, allowPaths: [], allowCode: false });
  expect(diagnostics).toEqual([]);
  const log = await openLog(dir);
  const running = runPipeline(plans[0] as Plan, environmentOf(log, registry, dir));
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const press = (action: string): void => {
    pressed.push({ ts_event: BigInt(Date.now()) * 1_000_000n, action, scope: 'all', name: null });
  };
  const epochOf = (row: Row): bigint => row._epoch as bigint;
  const isNew = ({ action }: Row): boolean => action === 'new';

  await until(() => rows('accepted').length > 1_000);
  press('kill');
  await until(() => rows('denied').filter(({ code }) => code === 'killed').length > 1_000);
  press('resume');
  await until(() => rows('pressed').length === 2);
  const resumed = rows('pressed').map(epochOf)[1] as bigint;
  await until(() => rows('accepted').some((row) => isNew(row) && epochOf(row) > resumed));
  await running.drain();
  await log.close();

  const killed = rows('pressed').map(epochOf)[0] as bigint;
  const during = (row: Row): boolean => epochOf(row) > killed && epochOf(row) < resumed;
  expect(rows('accepted').filter((row) => isNew(row) && during(row))).toEqual([]);
  expect(rows('denied').filter((row) => row.code === 'killed' && epochOf(row) < killed)).toEqual([]);
  const cancels = rows('accepted').filter((row) => row.action === 'cancel' && epochOf(row) === killed);
  expect(cancels.length).toBeGreaterThan(100);
  expect(rows('denied').filter((row) => row.code === 'killed' && epochOf(row) > resumed)).toEqual([]);
});
