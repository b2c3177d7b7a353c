import { z } from 'zod';
import type { DeclaredConnection } from '../../graph/contract/connection.ts';

/** `connections.registry` is an address alone. */
export const registryConnection: DeclaredConnection = { name: 'registry', params: z.strictObject({}), files: [] };
