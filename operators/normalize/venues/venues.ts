import { binanceCoinm } from './binance-coinm.ts';
import { binanceSpot } from './binance-spot.ts';
import { binanceUsdm } from './binance-usdm.ts';
import type { Venue } from './venue.ts';

/** Venues whose raw payloads can be read, by name. */
export const VENUES: ReadonlyMap<string, Venue> = new Map([binanceUsdm, binanceCoinm, binanceSpot].map((venue) => [venue.name, venue]));
