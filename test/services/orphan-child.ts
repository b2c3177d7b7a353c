import { startClickhouse } from './clickhouse.ts';
import { startQuestdb } from './questdb.ts';

const servers = await Promise.all([startClickhouse(), startQuestdb()]);
process.stdout.write(`${JSON.stringify(servers.flatMap((server) => server.pids()))}\n`);
