/** Both signals of one Ctrl-C (the terminal's and one that npm or a script passes on) arrive within this time. */
const SAME_MS = 500;

export interface StopListener {
  /** Asked to stop. */
  first(signal: NodeJS.Signals): void;
  /** Asked again: at once. */
  second(): void;
}

/** Listens to SIGINT, SIGTERM and SIGHUP; the result stops listening. */
export function onStop(listener: StopListener, nowMs: () => number = Date.now): () => void {
  let firstMs: number | null = null;
  const heard = (signal: NodeJS.Signals) => {
    if (firstMs === null) {
      firstMs = nowMs();
      listener.first(signal);
    } else if (nowMs() - firstMs > SAME_MS) listener.second();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, heard);
  return () => {
    for (const signal of signals) process.off(signal, heard);
  };
}
