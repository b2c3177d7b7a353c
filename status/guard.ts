import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';

/** Whether an address is reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Whether a request carries the token, as `Authorization: Bearer TOKEN`; true where none is asked for. */
export function authorized(context: Context, token: string | null): boolean {
  if (token === null) return true;
  const given = /^Bearer (.+)$/.exec(context.req.header('authorization') ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

/** Refuses requests without the token, where there is one. */
export function requireToken(token: string | null): MiddlewareHandler {
  return async (context, next) => {
    if (authorized(context, token)) return next();
    context.header('WWW-Authenticate', 'Bearer');
    return context.json({ error: 'a token is needed: Authorization: Bearer TOKEN' }, 401);
  };
}

/**
 * Refuses requests whose `Host` is not a name of this machine, while no token protects the endpoint: a web page that makes its own
 * name resolve to 127.0.0.1 cannot read it.
 */
export function requireLocalHost(token: string | null): MiddlewareHandler {
  return async (context, next) => {
    const name = (context.req.header('host') ?? '').replace(/:\d+$/, '');
    if (token !== null || isLoopback(name)) return next();
    return context.json({ error: `"${name}" is not a name of this machine` }, 403);
  };
}
