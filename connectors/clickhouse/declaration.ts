import type { DeclaredConnection } from '../../graph/contract/connection.ts';
import { clickhouseOptions } from './params.ts';

/** What `connections.clickhouse` may say besides its address. */
export const clickhouseConnection: DeclaredConnection = { name: 'clickhouse', params: clickhouseOptions, files: ['tls_ca'] };
