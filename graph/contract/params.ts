import { z } from 'zod';
import { durationNs, instantNs, sizeBytes } from './units.ts';

/** Parameter types of units: strings in the file, numbers for the kernel; `meta.unit` reaches docs and editor schema. */

const DURATION = /^\d+(ns|us|ms|s|m|h|d)$/;
const SIZE = /^\d+(B|KiB|MiB|GiB|KB|MB|GB)$/;
const TOO_LONG = 'is longer than 292 years';

/** A duration, as ns. */
export const duration = () =>
  z
    .string()
    .regex(DURATION, 'expected a duration such as 250ms, 1s, 5m, 1h or 1d')
    .refine((text) => !DURATION.test(text) || durationNs(text) !== null, TOO_LONG)
    .meta({ unit: 'duration' })
    .transform((text) => durationNs(text) ?? 0n);

/** A positive duration, as ns. */
export const interval = () =>
  z
    .string()
    .regex(/^0*[1-9]\d*(ns|us|ms|s|m|h|d)$/, 'expected a positive duration such as 250ms, 1s, 5m, 1h or 1d')
    .refine((text) => !DURATION.test(text) || durationNs(text) !== null, TOO_LONG)
    .meta({ unit: 'duration' })
    .transform((text) => durationNs(text) ?? 0n);

/** A size, as bytes. */
export const size = () =>
  z
    .string()
    .regex(SIZE, 'expected a size such as 64KiB or 32MiB')
    .refine((text) => !SIZE.test(text) || sizeBytes(text) !== null, 'is beyond 2^53 bytes')
    .meta({ unit: 'size' })
    .transform((text) => sizeBytes(text) ?? 0);

/** An instant, as ns since 1970 UTC. */
export const instant = () =>
  z
    .string()
    .refine((text) => instantNs(text) !== null, 'expected an instant such as 2024-08-08T00:00:00Z')
    .meta({ unit: 'instant' })
    .transform((text) => instantNs(text) ?? 0n);
