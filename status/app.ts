import { Hono } from 'hono';
import type { PipelineView } from '../graph/contract/view.ts';
import { graphMermaid, graphOf } from './graph.ts';
import { authorized, requireLocalHost, requireToken } from './guard.ts';
import { toJson } from './json.ts';
import { Metrics } from './metrics.ts';
import type { Rates } from './rates.ts';
import { unready } from './readiness.ts';

/** What the endpoint shows. */
export interface Shown {
  readonly version: string;
  views(): readonly PipelineView[];
  readonly rates: Rates;
  /** The processes that run the pipelines, where they are others than this one. */
  workers?(): readonly WorkerProcess[];
}

/** A process of several that run the same pipelines. */
export interface WorkerProcess {
  readonly name: string;
  readonly pid: number | null;
  readonly state: string;
  readonly restarts: number;
  /** Its own status endpoint. */
  readonly url: string | null;
}

/** The endpoint's routes. With a token, all but the probes need it, and the probes tell no details without it. */
export function statusApp(shown: Shown, token: string | null): Hono {
  const app = new Hono();
  const metrics = new Metrics();
  const json = (value: unknown, status = 200) =>
    new Response(toJson(value), { status, headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' } });

  app.use(requireLocalHost(token));
  app.get('/healthz', () => json({ ok: true }));
  app.get('/readyz', (context) => {
    const views = shown.views();
    const waiting = unready(views);
    const ready = views.length > 0 && waiting.length === 0; // without a view, nothing has begun
    return json(authorized(context, token) ? { ready, waiting } : { ready }, ready ? 200 : 503);
  });
  app.use(requireToken(token));
  app.get('/', () =>
    json({ millrace: shown.version, paths: ['/status', '/healthz', '/readyz', '/metrics', '/graph', '/graph?format=mermaid'] }),
  );
  app.get('/status', () => {
    const workers = shown.workers?.();
    return json({ millrace: shown.version, pid: process.pid, ...(workers ? { workers } : {}), pipelines: shown.views() });
  });
  app.get('/metrics', async (context) => {
    context.header('content-type', metrics.contentType);
    return context.body(await metrics.text(shown.views()));
  });
  app.get('/graph', (context) => {
    const graph = graphOf(shown.views(), shown.rates);
    return context.req.query('format') === 'mermaid' ? context.text(graphMermaid(graph)) : json(graph);
  });
  app.notFound((context) => json({ error: `nothing at ${context.req.path}` }, 404));
  return app;
}
