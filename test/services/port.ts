import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that a kernel gives to outgoing connections, or one of those could take it while a server is down. */
const FIRST = 12_000;
const LAST = 32_000;
/** Vitest's workers, of which each has ports of its own: what one has found free and not taken yet, another could find too. */
const SHARES = 5;
const SHARE = (LAST - FIRST) / SHARES;
const OWN = FIRST + (Number(process.env.VITEST_POOL_ID ?? 0) % SHARES) * SHARE;

/** Given before: maybe to a server that is down just now, or does not listen yet. */
const given = new Set<number>();

/** A port that nobody listens on, and that no outgoing connection is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(OWN, OWN + SHARE);
    if (given.has(port)) continue;
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    server.close();
    await once(server, 'close');
    given.add(port);
    return port;
  }
}
