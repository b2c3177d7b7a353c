import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, moved } from './jars.ts';

/** A server's key and certificate for 127.0.0.1, and the CA that signed it. */
export interface Certificate {
  /** PKCS #12 file with key and chain. */
  readonly store: string;
  readonly password: string;
  /** PEM file of the CA, for clients. */
  readonly ca: string;
}

const PASSWORD = 'changeit';

/** The certificate that all servers share, made in the cache when it is not there. */
export async function testCertificate(): Promise<Certificate> {
  const target = join(cacheFolder(), 'certificate');
  if (!existsSync(target)) {
    const folder = await mkdtemp(`${target}-`);
    await certify(folder);
    await moved(folder, target);
  }
  return { store: join(target, 'server.p12'), password: PASSWORD, ca: join(target, 'ca.pem') };
}

/** Makes a CA and a server's certificate signed by it, by Java's own `keytool`. */
async function certify(folder: string): Promise<void> {
  const [authority, store] = [join(folder, 'ca.p12'), join(folder, 'server.p12')];
  const files = { request: join(folder, 'server.csr'), signed: join(folder, 'server.pem'), ca: join(folder, 'ca.pem') };
  const keytool = async (keystore: string, alias: string, ...args: string[]): Promise<void> => {
    const place = ['-keystore', keystore, '-storetype', 'PKCS12', '-storepass', PASSWORD, '-alias', alias];
    await promisify(execFile)('keytool', [...args, ...place, '-J-XX:TieredStopAtLevel=1']);
  };
  const lasts = ['-validity', '3650'];
  const key = ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', ...lasts];
  await keytool(authority, 'ca', ...key, '-dname', 'CN=Millrace test CA', '-ext', 'bc:c');
  await keytool(store, 'server', ...key, '-dname', 'CN=127.0.0.1');
  await keytool(authority, 'ca', '-exportcert', '-rfc', '-file', files.ca);
  await keytool(store, 'server', '-certreq', '-file', files.request);
  const names = ['-ext', 'san=ip:127.0.0.1,dns:localhost', ...lasts];
  await keytool(authority, 'ca', '-gencert', '-rfc', ...names, '-infile', files.request, '-outfile', files.signed);
  await keytool(store, 'ca', '-importcert', '-noprompt', '-file', files.ca);
  await keytool(store, 'server', '-importcert', '-noprompt', '-file', files.signed);
}
