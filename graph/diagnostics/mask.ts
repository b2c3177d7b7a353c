const ADDRESS = /(\/\/[^/@:\s"']*:)([^\s"']+)(?=@)/g;
/** Options of clients that hold a secret: `sasl.password`, `ssl.key.pem`, and the value after them. */
const OPTION =
  /((?:[\w-]+\.)+(?:password|passphrase|secret|pem|jaas\.config|config)["']?\s*:\s*)("[^"]*"|'[^']*'|\[[^\]]*\]?|[^\s,}][^,}]*)/g;

/** A line of a pipeline file as it may be shown: passwords that stand in it are stars, and every character keeps its place. */
export function masked(line: string): string {
  const hide = (_: string, before: string, secret: string): string =>
    before + (/^["']?\$\{/.test(secret) ? secret : secret.replace(/\S/g, '*'));
  return line.replace(ADDRESS, hide).replace(OPTION, hide);
}
