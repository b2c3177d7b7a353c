import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { declarations } from '../../cli/registry.ts';
import type { Connector } from '../../graph/contract/connector.ts';
import { defineOperator } from '../../graph/contract/operator.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { FeedServer } from '../rss/server.ts';
import { environmentOf, freshFolder, openLog, Table, tableConnector } from '../run/fixture.ts';

const server = await FeedServer.start();
afterAll(() => server.close());

const xml = `<rss><channel>${['c', 'b', 'a'].map((id) => `<item><guid>${id}</guid><title>${id}</title></item>`).join('')}</channel></rss>`;

it.each([
  ['rss', `{ rss: { url: "${server.url()}", interval: 20ms, allow_private: true } }`, 'headline', ['a', 'b', 'c']],
  ['document', '{ document: { path: limits.yaml, every: 10ms }, watermark: none }', 'text', ['one']],
])(
  'what %s gave to an epoch that fails is landed by the next try',
  async (name, source, column, expected) => {
    const dir = await freshFolder();
    await writeFile(join(dir, 'limits.yaml'), 'one');
    server.gives(xml);
    const state = { isRead: false, failures: 0 };
    const told = declarations.connectors.get(name) as Connector;
    const watched: Connector = {
      ...told,
      source: {
        ...(told.source as NonNullable<Connector['source']>),
        async open(params, context) {
          const reader = await (told.source as NonNullable<Connector['source']>).open(params, context);
          const read: typeof reader.read = async (...range) => {
            const chunk = await reader.read(...range);
            state.isRead ||= chunk !== null;
            return chunk;
          };
          return { ...reader, read };
        },
      },
    };
    const frail = defineOperator({
      name: 'frail',
      summary: 'throws in the epoch in which the source is read first',
      semantics: 1,
      determinism: 'exact',
      params: z.strictObject({}),
      inputs: { in: { description: 'rows' } },
      outputs: { out: { description: 'rows' } },
      groups: () => null,
      schema: ({ inputs }) => (inputs.in ? { out: inputs.in } : null),
      create: () => ({
        push: (batch, _, emit) => emit('out', batch),
        advance() {
          if (!state.isRead || state.failures++ > 0) return;
          throw new Error('once');
        },
        nextTimer: () => null,
        snapshot: () => [],
        restore: () => undefined,
      }),
    });
    const table = new Table();
    const registry = {
      ...declarations,
      operators: new Map([...declarations.operators, ['frail', frail]]),
      connectors: new Map([...declarations.connectors, ['memory', tableConnector(new Map([['t', table]]))], [name, watched]]),
    };
    const text = `version: 1
pipelines:
  p:
    tasks: 1
    sources: { given: ${source} }
    operators: { kept: { use: frail, from: given } }
    sinks: { out: { from: kept, memory: { table: t } } }
`;
    const file = join(dir, 'pipelines.yaml');
    const { plans, diagnostics } = compile({ text, file, registry, env: {}, files: disk, allowPaths: [], allowCode: false });
    expect(diagnostics).toEqual([]);
    const log = await openLog(dir);
    const running = runPipeline(plans[0] as Plan, environmentOf(log, registry, dir));
    while (table.rows.length < expected.length) await new Promise((resolve) => setTimeout(resolve, 10));
    await running.drain();
    await log.close();
    expect(state.failures).toBeGreaterThan(0);
    expect(table.rows.map((row) => row[column])).toEqual(expected);
  },
  180_000,
);
