import { MillraceError } from '../graph/contract/error.ts';
import { exitNow } from '../native/index.ts';

/** Exit codes of the command line. */
export const EXIT = {
  done: 0,
  diagnostics: 1,
  usage: 2,
  planMismatch: 3,
  parked: 4,
  outside: 5,
  /** A fault of Millrace itself (EX_SOFTWARE). */
  internal: 70,
  watchdog: 75,
} as const;

/** The exit code that an error of the world ends with. */
export function exitOf(error: unknown): number {
  if (!(error instanceof MillraceError)) return EXIT.internal;
  if (error.code === 'plan-mismatch') return EXIT.planMismatch;
  return { user: EXIT.usage, external: EXIT.outside, internal: EXIT.internal }[error.domain];
}

/** A command line that cannot be followed. */
export function usage(message: string, remedy: string): MillraceError {
  return new MillraceError(message, { code: 'usage', domain: 'user', remedy });
}

let waitsForNobody = false;

/** From here on `leave` waits for no thread: one of the Kafka client may hang in a call as long as no broker answers. */
export function waitForNobody(): void {
  waitsForNobody = true;
}

/** Ends the process with the code, after what listens to its exit. */
export function leave(code: number): never {
  if (waitsForNobody) process.on('exit', () => exitNow(code));
  process.exit(code);
}
