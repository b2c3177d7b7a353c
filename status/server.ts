import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { MillraceError } from '../graph/contract/error.ts';
import { type Shown, statusApp } from './app.ts';
import { isLoopback } from './guard.ts';

export interface StatusOptions {
  /** Address to listen on; other than loopback it needs a token. */
  readonly host: string;
  readonly port: number;
  /** Take the next free port when this one is taken (not for 0, which is any free one). */
  readonly orNext: boolean;
  readonly token: string | null;
}

export interface StatusEndpoint {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const TRIES = 100;

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function portTaken(port: number, cause: unknown): MillraceError {
  return new MillraceError(`port ${port} of the status endpoint is taken`, {
    code: 'port-taken',
    domain: 'user',
    remedy: 'name another with --status-port, or leave it out to take the next free one',
    cause,
  });
}

/** Opens the status endpoint; throws `status-token-missing`, `port-taken` or `status-address`. */
export async function openStatus(shown: Shown, options: StatusOptions): Promise<StatusEndpoint> {
  const { host, orNext, token } = options;
  if (!isLoopback(host) && token === null)
    throw new MillraceError(`the status endpoint would listen on ${host} without a token`, {
      code: 'status-token-missing',
      domain: 'user',
      remedy: 'give one with --status-token (or MILLRACE_STATUS_TOKEN), or keep it on 127.0.0.1',
    });
  const { fetch } = statusApp(shown, token);
  for (let port = options.port, tries = 0; ; port++, tries++) {
    const server = createAdaptorServer({ fetch });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      });
    } catch (error) {
      const taken = codeOf(error) === 'EADDRINUSE';
      if (taken && orNext && tries < TRIES && port < 65_535) continue;
      if (taken) throw portTaken(port, error);
      const remedy = 'use an address of this machine and a port above 1023';
      throw new MillraceError(`cannot listen on ${host}:${port} (${codeOf(error)})`, {
        code: 'status-address',
        domain: 'user',
        remedy,
        cause: error,
      });
    }
    const bound = (server.address() as AddressInfo).port;
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
      port: bound,
      close: () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          if ('closeAllConnections' in server) server.closeAllConnections();
        }),
    };
  }
}
