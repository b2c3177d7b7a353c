import { z } from 'zod';
import { interval, size } from '../../graph/contract/params.ts';

const url = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'expected an address such as https://example.com/feed.xml',
  )
  .refine((text) => !URL.canParse(text) || new URL(text).username === '', 'expected an address without a user name');

export const rssParams = z.strictObject({
  url: z.union([url, z.array(url).min(1).max(1_000)]).meta({ description: 'address of the feed, or a list: a partition each' }),
  source: z.string().min(1).optional().meta({ description: 'what column `source` says; default the host of the address' }),
  interval: interval().default(300_000_000_000n).meta({ description: 'time between two looks at a feed', unit: 'duration' }),
  timeout: interval().default(30_000_000_000n).meta({ description: 'longest that one look may take, redirects and all', unit: 'duration' }),
  max_bytes: size()
    .refine((bytes) => bytes >= 1 && bytes <= 64 * 2 ** 20, 'expected at most 64MiB')
    .default(8 * 2 ** 20)
    .meta({ description: 'longest document that is taken', unit: 'size' }),
  remember: z.int().min(100).max(1_000_000).default(20_000).meta({
    description: 'items of a feed that are known again, the last that it listed',
    unit: 'items',
  }),
  allow_private: z.boolean().default(false).meta({
    description: 'whether private, loopback and link-local addresses may be asked; never for feeds that others name',
  }),
});

/** Parameters of the source. */
export type RssParams = z.output<typeof rssParams>;
