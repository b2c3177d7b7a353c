import { createHash } from 'node:crypto';
import type { ClickHouseSettings } from '@clickhouse/client';
import type { Server } from './client.ts';
import { quoteTable, quoteText } from './table.ts';

/** Rows to put into a table that has materialized views. */
export interface Aside {
  /** Name of the table, its database in front where it has one. */
  readonly table: string;
  /** Tells these rows from others that may be on their way to the same table: a second call finds what a broken one left. */
  readonly key: string;
  readonly bytes: Uint8Array;
  /** `INSERT` for a quoted table. */
  insert(table: string): string;
  readonly settings: ClickHouseSettings;
}

/**
 * Puts rows into a table of which its materialized views see nothing: written to a table of the same kind, whose parts are then attached.
 * The views have them already, or were given them by an insert that the table itself took for a repeated one.
 */
export async function putAside(server: Server, rows: Aside): Promise<void> {
  const beside = `${rows.table}_mend_${createHash('sha256').update(rows.key).digest('hex').slice(0, 16)}`;
  const [table, side] = [quoteTable(rows.table), quoteTable(beside)];
  await server.run(`DROP TABLE IF EXISTS ${side} SYNC`);
  await server.run(`CREATE TABLE ${side} AS ${table}`);
  await server.insert(rows.insert(side), rows.bytes, rows.settings);
  const partitions = await server.rows<{ id: string }>(`SELECT DISTINCT _partition_id AS id FROM ${side}`);
  for (const { id } of partitions) await server.run(`ALTER TABLE ${table} ATTACH PARTITION ID ${quoteText(id)} FROM ${side}`);
  await server.run(`DROP TABLE ${side} SYNC`);
}
