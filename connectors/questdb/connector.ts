import type { Connector, SinkDeclaration } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type QuestdbParams, questdbParams } from './params.ts';
import { unacceptable } from './table.ts';
import { Turns } from './turns.ts';

/** QuestDB: a table a sink, created or checked; each row once, by its keys. */
export function questdbConnector(): Connector {
  const turns = new Turns();
  const sink: SinkDeclaration<QuestdbParams> = {
    params: questdbParams,
    accepts: unacceptable,
    target: () => null,
    block: { rows: 200_000, bytes: 32 * 1024 * 1024, ms: 1000 },
    describe: (params) => `table ${params.table}`,
    refusesRows: 'by_value',
    async open(params, schema, { connection, folder }) {
      const problem = unacceptable(schema, params);
      if (problem) throw new MillraceError(problem, { code: 'questdb-schema', domain: 'user' });
      if (!connection) throw new MillraceError('connection "questdb" has no address', { code: 'connection-missing', domain: 'user' });
      const [{ Server }, { QuestdbWriter }] = await Promise.all([import('./client.ts'), import('./writer.ts')]); // loaded where used
      return new QuestdbWriter({ server: new Server(connection, folder), schema, params, turns });
    },
  };
  return {
    name: 'questdb',
    summary:
      'a QuestDB table, created or checked against the schema; every row once, by time and origin. QuestDB keeps NaN and infinities, and the least of its integers, as null',
    connection: 'questdb',
    sink,
  };
}
