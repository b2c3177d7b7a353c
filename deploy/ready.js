// Health check of the container: 0 once the pipelines are ready, told by the status endpoint.
const answer = await fetch('http://127.0.0.1:8780/readyz', {
  headers: { authorization: `Bearer ${process.env.MILLRACE_STATUS_TOKEN}` },
  signal: AbortSignal.timeout(4_000),
}).catch(() => null);
process.exitCode = answer?.ok ? 0 : 1;
