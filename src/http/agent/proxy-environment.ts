/** Proxies that the environment of a process names. */
import { parseProxyURL } from '../client/proxy-url.js';
import { BypassList } from './bypass-list.js';

/** @returns The URL of the proxy for a request to `url`; undefined: none. */
export type ProxyChoice = (url: URL) => string | URL | undefined;

/** Variables that CGI sets: HTTP_PROXY is then the field Proxy of a request, which a client chooses (CVE-2016-5385). */
const OF_CGI: readonly string[] = ['REQUEST_METHOD', 'GATEWAY_INTERFACE'];
const SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/**
 * Chooses proxies as curl does: `http_proxy` for `http:`, `https_proxy` for `https:`, `all_proxy` for both if the other is not set, and none for
 * hosts in `no_proxy`. Names in upper case count too, except HTTP_PROXY in a CGI program. A URL without a scheme is one of `http:`.
 * The variables are read once, by this call.
 *
 * @param env Default `process.env`.
 * @throws InvalidArgumentValueError a variable is no URL of a proxy. The error does not show the user and password.
 * @example const agent = new Agent(reactor, { proxy: proxyFromEnvironment() });
 */
export function proxyFromEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): ProxyChoice {
  const isCGI = OF_CGI.some((name) => env[name] !== undefined);
  const all = proxyOf(env, 'all_proxy', true);
  const http = proxyOf(env, 'http_proxy', !isCGI) ?? all;
  const https = proxyOf(env, 'https_proxy', true) ?? all;
  const [, excepted = ''] = variableOf(env, 'no_proxy', true) ?? [];
  const bypassed = new BypassList(excepted);
  return ({ protocol, hostname, port }) => {
    const isSecure = protocol === 'https:';
    const proxy = isSecure ? https : http;
    if (proxy === undefined) return undefined;
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    return bypassed.has(host, Number(port || (isSecure ? 443 : 80))) ? undefined : proxy;
  };
}

/** An empty variable counts as none. */
function variableOf(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  hasUpperCase: boolean,
): readonly [name: string, value: string] | undefined {
  for (const variable of hasUpperCase ? [name, name.toUpperCase()] : [name]) {
    const value = env[variable]?.trim() ?? '';
    if (value !== '') return [variable, value];
  }
  return undefined;
}

function proxyOf(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  hasUpperCase: boolean,
): string | undefined {
  const found = variableOf(env, name, hasUpperCase);
  if (found === undefined) return undefined;
  const [variable, value] = found;
  const url = SCHEME.test(value) ? value : `http://${value}`;
  parseProxyURL(variable, url);
  return url;
}
