import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { FeedFault } from './fault.ts';

/** What no feed on the public internet has: private, loopback, link-local, shared, multicast, documentation, and ways to write IPv4 in IPv6. */
const V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24'],
  ...['192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** Of IPv6 only 2000::/3 is given to anybody, and parts of it are not. */
const V6 = ['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

function listOf(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits = ''] = range.split('/');
    list.addSubnet(net, Number(bits), family);
  }
  return list;
}

/** By family: a list of both would take every IPv4 address for one that is mapped into IPv6. */
const REFUSED = { ipv4: listOf(V4, 'ipv4'), ipv6: listOf(V6, 'ipv6') };

/** Whether an address is one of the public internet. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 0) return false;
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  return !REFUSED[family].check(address, family);
}

/** The host of a URL; of an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

function refused(host: string, address: string): FeedFault {
  const text = `${host} is at ${address}, which is no address of the public internet; "allow_private: true" lets it pass`;
  return new FeedFault('feed-address-refused', text);
}

/** The URL of a feed or redirect; a host that is an address is looked at here, since nothing looks it up. */
export function checkedUrl(text: string, base: URL | null, allowPrivate: boolean): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base?.href) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new FeedFault('feed-url', `"${text}" is no http or https address`);
  if (base?.protocol === 'https:' && url.protocol === 'http:')
    throw new FeedFault('feed-url', `it is sent from https to ${url.origin}, which is not`);
  const host = hostOf(url);
  if (!allowPrivate && isIP(host) !== 0 && !isPublic(host)) throw refused(url.hostname, host);
  return url;
}

/** A look-up whose answer is what the connection goes to: what was looked at is what is used, however names change. */
export function guardedLookup(allowPrivate: boolean, resolve: typeof lookup = lookup): LookupFunction {
  return (host, options, found): void => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      const outside = error || allowPrivate ? undefined : addresses.find(({ address }) => !isPublic(address));
      const [first] = error ? [] : addresses;
      if (error) found(error, []);
      else if (outside) found(refused(host, outside.address), []);
      else if (options.all) found(null, addresses);
      else if (first) found(null, first.address, first.family);
      else found(new FeedFault('feed-unreachable', `${host} has no address`), []);
    });
  };
}
