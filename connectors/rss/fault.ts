/** Why a feed gives nothing this time. */
export class FeedFault extends Error {
  /** Machine-readable, e.g. `feed-too-large`. */
  readonly code: string;
  /** How long its server wants to be left alone, ms. */
  readonly retryAfterMs: number;

  constructor(code: string, message: string, retryAfterMs = 0) {
    super(message);
    this.name = 'FeedFault';
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
