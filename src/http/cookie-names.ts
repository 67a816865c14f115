/**
 * Name prefixes of cookies (RFC 6265bis section 4.1.3): promises about the attributes, which browsers enforce. `__Http-` and
 * `__Host-Http-` are newer: browsers that do not know them treat the name as any other.
 */

interface Attributes {
  readonly name: string;
  readonly secure?: boolean | undefined;
  readonly httpOnly?: boolean | undefined;
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
}

const PREFIX = /^__(?:secure|host|http|host-http)-/i;

export function hasPrefix(name: string): boolean {
  return PREFIX.test(name);
}

/**
 * The first broken promise of the prefix, such as `needs Secure`; undefined if there is none. Prefixes are compared without regard to
 * case, as browsers do.
 */
export function brokenPrefix({
  name,
  secure,
  httpOnly,
  domain,
  path,
}: Attributes): string | undefined {
  const lower = name.toLowerCase();
  const isHost = lower.startsWith('__host-');
  const isHttp = lower.startsWith('__http-') || lower.startsWith('__host-http-');
  if (!hasPrefix(name)) return undefined;
  if (secure !== true) return 'needs Secure';
  if (isHttp && httpOnly !== true) return 'needs HttpOnly';
  if (isHost && domain !== undefined) return 'allows no Domain';
  if (isHost && path !== '/') return 'needs Path=/';
  return undefined;
}
