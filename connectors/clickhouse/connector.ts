import type { Connector, SinkDeclaration } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Server } from './client.ts';
import { type ClickhouseParams, clickhouseParams } from './params.ts';
import { unacceptable } from './table.ts';
import { tokensFor } from './window.ts';

/** What the composition root lends: the address of the engine in a child process, started when it is not running. */
export interface ClickhouseSetup {
  embedded(): Promise<string>;
}

/** ClickHouse: a table a sink, created or checked, exactly once. */
export function clickhouseConnector(setup: ClickhouseSetup): Connector {
  const sink: SinkDeclaration<ClickhouseParams> = {
    params: clickhouseParams,
    accepts: unacceptable,
    target: () => null,
    block: { rows: 200_000, bytes: 32 * 1024 * 1024, ms: 1000 },
    describe: (params) => `table ${params.table}`,
    refusesRows: 'by_constraint',
    async open(params, schema, { connection, folder, partitions }) {
      const problem = unacceptable(schema, params);
      if (problem) throw new MillraceError(problem, { code: 'clickhouse-schema', domain: 'user' });
      const [{ Server: Client }, { ClickhouseWriter }] = await Promise.all([import('./client.ts'), import('./writer.ts')]); // loaded where used
      const connect = async (known: Server | null): Promise<Server> => {
        const own = connection && connection.url !== 'embedded' ? connection : null;
        const url = own?.url ?? (await setup.embedded());
        return known?.url === url ? known : new Client(url, own?.shown ?? `embedded, ${url}`, connection?.options ?? {}, folder);
      };
      return new ClickhouseWriter({ connect, schema, params, tokens: tokensFor(partitions ?? 1) });
    },
  };
  return {
    name: 'clickhouse',
    summary: 'a ClickHouse table, created or checked against the schema; every row exactly once, with its origin',
    connection: 'clickhouse',
    sink,
  };
}
