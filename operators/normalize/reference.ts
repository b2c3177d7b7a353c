import type { RecordBatch } from 'apache-arrow';
import { FLAG, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Emit, type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { instrumentTable } from '../instruments/table.ts';
import { type Read, readRows } from './explain.ts';
import { Judge } from './judge.ts';
import { type JudgedQuote, QuoteJudge } from './judge-quote.ts';
import { IGNORED_PORT, IGNORED_SCHEMA, type InputLayout, inputLayout, type NormalizeParams } from './layout.ts';
import { type Quoted, type Refusal, reasonOf } from './refusal.ts';
import type { QuoteRow } from './venues/venue.ts';

/** `normalize`, a row at a time. */
export function referenceNormalize(context: KernelContext<NormalizeParams>): Kernel {
  return new ReferenceNormalize(context);
}

class ReferenceNormalize implements Kernel {
  readonly #context: KernelContext<NormalizeParams>;
  readonly #judge: Judge;
  readonly #quotes: QuoteJudge;
  readonly #layout: InputLayout;

  constructor(context: KernelContext<NormalizeParams>) {
    const input = context.inputs[INPUT_PORT];
    if (!input) throw new MillraceError('the kernel has no input', { code: 'input-absent', domain: 'internal' });
    this.#context = context;
    this.#layout = inputLayout(context.params, input);
    this.#judge = new Judge(instrumentTable(context), context.params.duplicate_window);
    this.#quotes = new QuoteJudge(instrumentTable(context), context.params.duplicate_window);
  }

  push(batch: RecordBatch, _port: string, emit: Emit): void {
    const out: Row[] = [];
    const ignored: Row[] = [];
    const rejected: Row[] = [];
    const refuse = (row: number, code: Refusal, quoted: Quoted, read: Read) =>
      rejected.push({ row, code, reason: reasonOf(code, quoted), raw: read.raw() });
    const reader = readRows(this.#layout, batch);
    for (let i = 0; i < batch.numRows; i++) {
      const read = reader(i);
      if (read.row.is === 'ignored') ignored.push({ ts_recv: read.tsRecv ?? 0n, kind: read.row.kind });
      else if (read.row.is === 'refused') refuse(i, read.row.code, read.row.quoted, read);
      else if (read.row.is === 'quote') {
        const judged = this.#quotes.judge(read.venue, read.row.quote);
        if ('code' in judged) refuse(i, judged.code, judged.quoted, read);
        else out.push(this.#quote(read.row.quote, judged, read));
      } else {
        const { trade } = read.row;
        const judged = this.#judge.judge(read.venue, trade);
        if ('code' in judged) refuse(i, judged.code, judged.quoted, read);
        else {
          const tsRecv = read.tsRecv ?? trade.tsEvent;
          out.push({
            ts_event: trade.tsEvent,
            ts_recv: tsRecv,
            symbol: judged.instrument.symbol,
            venue: read.venue,
            sequence: trade.sequence,
            trade_id: trade.tradeId,
            price: Number(trade.price),
            size: Number(trade.size),
            price_ticks: judged.priceTicks,
            size_lots: judged.sizeLots,
            aggressor_side: trade.side,
            flags: judged.flags | this.#skew(trade.tsEvent, tsRecv),
          });
        }
      }
    }
    const schema = this.#context.outputs[MAIN_PORT];
    if (schema && out.length > 0) emit(MAIN_PORT, batchOf(schema, out));
    if (ignored.length > 0) emit(IGNORED_PORT, batchOf(IGNORED_SCHEMA, ignored));
    if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
  }

  #skew(tsEvent: bigint, tsRecv: bigint): number {
    return tsRecv + this.#context.params.clock_skew < tsEvent ? FLAG.clockSkew : 0;
  }

  #quote(quote: QuoteRow, judged: JudgedQuote, read: Read): Row {
    const tsRecv = read.tsRecv ?? 0n;
    const tsEvent = quote.tsEvent ?? tsRecv;
    return {
      ts_event: tsEvent,
      ts_recv: tsRecv,
      symbol: judged.instrument.symbol,
      venue: read.venue,
      sequence: quote.sequence,
      bid: Number(quote.bid.price),
      bid_size: Number(quote.bid.size),
      ask: Number(quote.ask.price),
      ask_size: Number(quote.ask.size),
      bid_ticks: judged.bid.ticks,
      bid_lots: judged.bid.lots,
      ask_ticks: judged.ask.ticks,
      ask_lots: judged.ask.lots,
      flags: judged.flags | this.#skew(tsEvent, tsRecv) | (quote.tsEvent === null ? FLAG.receiptTime : 0),
    };
  }

  advance(): void {}

  nextTimer(): null {
    return null;
  }

  snapshot(): Uint8Array[] {
    const trades = [...this.#judge.windows].map(([key, w]) => [key, w.highest?.toString() ?? null, w.ids.map(String)]);
    const quotes = [...this.#quotes.updates].map(([key, { last, stale }]) => [key, last.toString(), stale]);
    const bytes = Buffer.from(JSON.stringify({ trades, quotes }));
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += SNAPSHOT_CHUNK_BYTES) chunks.push(bytes.subarray(at, at + SNAPSHOT_CHUNK_BYTES));
    return chunks;
  }

  restore(chunks: readonly Uint8Array[]): void {
    if (chunks.length === 0) return;
    const { trades, quotes } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Saved;
    for (const [key, highest, ids] of trades) {
      this.#judge.windows.set(key, { highest: highest === null ? null : BigInt(highest), ids: ids.map(BigInt) });
    }
    for (const [key, last, stale] of quotes) this.#quotes.updates.set(key, { last: BigInt(last), stale });
  }
}

interface Saved {
  readonly trades: readonly [string, string | null, string[]][];
  readonly quotes: readonly [string, string, number][];
}
