import type { DeclaredConnection } from '../../graph/contract/connection.ts';
import { questdbOptions } from './params.ts';

/** What `connections.questdb` may say besides its address. */
export const questdbConnection: DeclaredConnection = { name: 'questdb', params: questdbOptions, files: ['tls_ca'] };
