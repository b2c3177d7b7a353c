import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { python, pythonMissing } from '../interop/python.ts';
import { kafkaMissing, startKafka } from '../services/kafka.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'deploy');
const PATH = join(FOLDER, 'compose.yaml');

const text = readFileSync(PATH, 'utf8');
const service = z.object({
  environment: z.record(z.string(), z.union([z.string(), z.number()])),
  ports: z.array(z.string()),
  volumes: z.array(z.string()),
  healthcheck: z.object({ test: z.array(z.string()) }),
});
const { services, volumes } = z
  .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
  .parse(parse(text));

const missing = pythonMissing();

describe('deploy/compose.yaml', () => {
  // There need be no docker here: the file is held against the JSON schema of the Compose Specification, as check-jsonschema carries it.
  it.skipIf(missing !== null && !process.env.CI)(
    `fits the schema of the Compose Specification${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      const validate = ['-m', 'check_jsonschema', '--builtin-schema', 'vendor.compose-spec'];
      expect(await python([...validate, PATH])).toContain('validation done');
      const broken = text.replace('    restart: unless-stopped\n', '    restarts: unless-stopped\n');
      expect(broken).not.toBe(text);
      await expect(python([...validate, '-'], broken)).rejects.toThrow();
    },
  );

  it('opens its ports on 127.0.0.1 alone', () => {
    for (const { ports } of Object.values(services)) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('holds no secret: each comes from deploy/.env, and is asked for', () => {
    const names = new Set<string>();
    for (const { environment } of Object.values(services))
      for (const [name, value] of Object.entries(environment)) {
        const given = String(value).match(/:\/\/[^:/@]*:([^@]*)@/)?.[1] ?? (/PASSWORD|TOKEN|SECRET/.test(name) ? String(value) : null);
        if (given === null) continue;
        expect(given).toMatch(/^\$\{\w+:\?set it in deploy\/\.env\}$/);
        names.add(given.slice(2, given.indexOf(':')));
      }
    const example = readFileSync(join(FOLDER, '.env.example'), 'utf8');
    expect([...example.matchAll(/^(\w+)=$/gm)].map((match) => match[1]).sort()).toEqual([...names].sort());
  });

  it('keeps the data of every service in a volume of its own, and looks after its health', () => {
    for (const [name, { volumes: mounted, healthcheck }] of Object.entries(services)) {
      expect(mounted.some((mount) => mount.startsWith(`${name}:/`))).toBe(true);
      expect(healthcheck.test[0]).toBe('CMD');
    }
    expect(Object.keys(volumes).sort()).toEqual(Object.keys(services).sort());
  });

  it('gives Millrace the addresses that its file asks for', () => {
    const { millrace } = services;
    const asked = [...readFileSync(join(FOLDER, '..', 'pipelines.yaml'), 'utf8').matchAll(/\$\{(\w+):-/g)].map((match) => match[1]);
    expect(Object.keys(millrace?.environment ?? {})).toEqual(expect.arrayContaining(asked));
    for (const name of asked)
      expect(String(millrace?.environment[name ?? ''])).toMatch(/^(kafka|http):\/\/(.*@)?(kafka|clickhouse|questdb):\d+/);
  });

  const noKafka = kafkaMissing();
  it.skipIf(noKafka !== null && !process.env.CI)(
    `has settings that a broker starts with${noKafka ? ` (skipped: ${noKafka})` : ''}`,
    async () => {
      // the image makes server.properties of its environment: KAFKA_LOG_DIRS is log.dirs
      const given = Object.entries(services.kafka?.environment ?? {}).map(
        ([name, value]) =>
          [
            name
              .replace(/^KAFKA_/, '')
              .toLowerCase()
              .replaceAll('_', '.'),
            String(value),
          ] as const,
      );
      const own = /^(node\.id|process\.roles|log\.dirs|controller\.|inter\.|.*listeners?(\.|$))/;
      const settings = Object.fromEntries(given.filter(([name]) => !own.test(name)));
      expect(Object.keys(settings)).toHaveLength(given.length - 9);
      const kafka = await startKafka({ settings });
      try {
        await kafka.admin.createTopic('t');
        expect(await kafka.admin.describeTopic('t')).toEqual({ leaders: [expect.any(Number)] });
      } finally {
        await kafka.close();
      }
    },
  );
});
