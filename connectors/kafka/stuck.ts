/** How often the turns of the event loop are counted, ms. */
const TURN_MS = 100;

/**
 * Ends a process whose call to the client library hangs: such a call can never be cancelled. Counts turns of the event loop, not time on
 * the clock, so that a process that was frozen is not ended when it wakes. Trap H4 and H37 of the protocol.
 */
export class Watchdog {
  readonly #stuck: (what: string) => void;
  readonly #calls = new Map<symbol, { readonly what: string; left: number }>();
  #timer: NodeJS.Timeout | null = null;

  constructor(stuck: (what: string) => void) {
    this.#stuck = stuck;
  }

  /** The outcome of a call that may take `ms` at most. */
  async watch<T>(what: string, ms: number, call: Promise<T>): Promise<T> {
    const key = Symbol(what);
    this.#calls.set(key, { what, left: Math.ceil(ms / TURN_MS) });
    this.#timer ??= setInterval(() => this.#turn(), TURN_MS).unref();
    try {
      return await call;
    } finally {
      this.#calls.delete(key);
      if (this.#calls.size === 0 && this.#timer) {
        clearInterval(this.#timer);
        this.#timer = null;
      }
    }
  }

  #turn(): void {
    for (const [key, call] of this.#calls) {
      if (--call.left > 0) continue;
      this.#calls.delete(key);
      this.#stuck(call.what);
    }
  }
}
