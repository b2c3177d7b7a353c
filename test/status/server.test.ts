import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Rates } from '../../status/rates.ts';
import { openStatus, type StatusOptions } from '../../status/server.ts';

const shown = { version: '0.0.0', views: () => [], rates: new Rates() };
const open = (options: Partial<StatusOptions>) => openStatus(shown, { host: '127.0.0.1', port: 0, orNext: false, token: null, ...options });

async function withTakenPort<T>(body: (port: number) => Promise<T>): Promise<T> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await body((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe('the status server', () => {
  it('answers at its address until it is closed', async () => {
    const endpoint = await open({});
    expect((await fetch(`${endpoint.url}/healthz`)).status).toBe(200);
    await endpoint.close();
    await expect(fetch(`${endpoint.url}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('takes the next free port, or says that the one it was told is taken', async () => {
    await withTakenPort(async (port) => {
      const endpoint = await open({ port, orNext: true });
      expect(endpoint.port).toBeGreaterThan(port);
      await endpoint.close();
      await expect(open({ port })).rejects.toMatchObject({
        code: 'port-taken',
        domain: 'user',
        remedy: expect.stringContaining('--status-port'),
      });
    });
  });

  it('does not listen beyond this machine without a token', async () => {
    await expect(open({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'status-token-missing' });
    const endpoint = await open({ host: '0.0.0.0', token: 'secret' });
    expect((await fetch(`http://127.0.0.1:${endpoint.port}/status`)).status).toBe(401);
    await endpoint.close();
  });

  it('says when it has no such address', async () => {
    await expect(open({ host: '203.0.113.7', token: 'secret' })).rejects.toMatchObject({ code: 'status-address' });
  });
});
