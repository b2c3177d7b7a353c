import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A server's key and certificate for 127.0.0.1, and the CA that signed it. */
export interface Certificate {
  /** PKCS #12 file with key and chain. */
  readonly store: string;
  readonly password: string;
  /** PEM file of the CA, for clients. */
  readonly ca: string;
}

const PASSWORD = 'changeit';

/** Makes a CA and a server's certificate signed by it in `folder`, by Java's own `keytool`. */
export async function certify(folder: string): Promise<Certificate> {
  const authority = join(folder, 'ca.p12');
  const store = join(folder, 'server.p12');
  const files = { request: join(folder, 'server.csr'), signed: join(folder, 'server.pem'), ca: join(folder, 'ca.pem') };
  const keytool = (keystore: string, alias: string, ...args: string[]) =>
    promisify(execFile)('keytool', [...args, '-keystore', keystore, '-storetype', 'PKCS12', '-storepass', PASSWORD, '-alias', alias]);
  const key = ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '2'];
  await Promise.all([
    keytool(authority, 'ca', ...key, '-dname', 'CN=Millrace test CA', '-ext', 'bc:c'),
    keytool(store, 'server', ...key, '-dname', 'CN=127.0.0.1'),
  ]);
  await Promise.all([
    keytool(authority, 'ca', '-exportcert', '-rfc', '-file', files.ca),
    keytool(store, 'server', '-certreq', '-file', files.request),
  ]);
  const names = ['-ext', 'san=ip:127.0.0.1,dns:localhost', '-validity', '2'];
  await keytool(authority, 'ca', '-gencert', '-rfc', ...names, '-infile', files.request, '-outfile', files.signed);
  await keytool(store, 'ca', '-importcert', '-noprompt', '-file', files.ca);
  await keytool(store, 'server', '-importcert', '-noprompt', '-file', files.signed);
  return { store, password: PASSWORD, ca: files.ca };
}
