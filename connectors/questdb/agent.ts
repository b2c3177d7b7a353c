import { Agent, DecoratorHandler, type Dispatcher } from 'undici';
import { Broken, Refusal } from './errors.ts';

/** Longest part of an answer that is kept, bytes. */
const MOST_BODY_BYTES = 1 << 20;

/**
 * Connections that hand every failure on at once and whole: the client's transport would put status and body into one text, and try
 * again behind our back until it says "timeout".
 */
export class PlainAgent extends Agent {
  override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return super.dispatch(options, new Honest(handler));
  }
}

type Arguments<M extends keyof Dispatcher.DispatchHandler> = Parameters<NonNullable<Dispatcher.DispatchHandler[M]>>;

class Honest implements Dispatcher.DispatchHandler {
  readonly #next: Dispatcher.DispatchHandler;
  readonly #body: Buffer[] = [];
  #bodyBytes = 0;
  #refused: number | null = null;

  constructor(next: Dispatcher.DispatchHandler) {
    this.#next = new DecoratorHandler(next); // `request` still hands over a handler of the former kind, which this translates
  }

  onRequestStart(...args: Arguments<'onRequestStart'>): void {
    this.#next.onRequestStart?.(...args);
  }

  onResponseStart(...args: Arguments<'onResponseStart'>): void {
    const status = args[1];
    if (status >= 200 && status < 300) this.#next.onResponseStart?.(...args);
    else this.#refused = status;
  }

  onResponseData(...args: Arguments<'onResponseData'>): void {
    if (this.#refused === null) {
      this.#next.onResponseData?.(...args);
      return;
    }
    if (this.#bodyBytes > MOST_BODY_BYTES) return;
    this.#body.push(Buffer.from(args[1]));
    this.#bodyBytes += args[1].length;
  }

  onResponseEnd(...args: Arguments<'onResponseEnd'>): void {
    if (this.#refused === null) this.#next.onResponseEnd?.(...args);
    else this.#next.onResponseError?.(args[0], new Refusal(this.#refused, Buffer.concat(this.#body).toString('utf8')));
  }

  onResponseError(...[controller, error]: Arguments<'onResponseError'>): void {
    this.#next.onResponseError?.(controller, new Broken(error.message, { cause: error }));
  }
}
