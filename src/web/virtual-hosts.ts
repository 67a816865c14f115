/** Resources by the requested host. */
import { domainToASCII } from 'node:url';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkPlainObject, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { refuseMore } from './refuse-more.js';
import { checkResource, type Resource, type WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export interface NameVirtualHostOptions {
  /** Answers for hosts without a resource, and for clients of HTTP/1.0 that name none. Default: 421. */
  readonly fallback?: Resource;
}

const OPTIONS: OptionNames<NameVirtualHostOptions> = { fallback: true };

/**
 * Sites of several hosts at one address. The host is that of the target if it has one, otherwise of Host, without port and dot at the end.
 * `*.example.com` is any host below `example.com`; an exact name takes precedence, then the longest. The name is compared and not used
 * otherwise: never build links from it, because the client chooses it.
 *
 * @example new NameVirtualHost({ 'example.com': site, '*.example.com': shops });
 */
export class NameVirtualHost implements Resource {
  readonly isLeaf = true;
  readonly #hosts = new Map<string, Resource>();
  readonly #fallback: Resource | undefined;

  /**
   * @param hosts See {@link addHost}.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    hosts: Readonly<Record<string, Resource>> = {},
    options: NameVirtualHostOptions = {},
  ) {
    checkPlainObject('hosts', hosts);
    checkOptions('NameVirtualHost', options, OPTIONS);
    const { fallback } = options;
    this.#fallback = fallback === undefined ? undefined : checkResource('fallback', fallback);
    for (const [name, resource] of Object.entries(hosts)) this.addHost(name, resource);
  }

  /**
   * Adds a host, or replaces that of the same name.
   * @param name A name or an address, without a port. Names beyond ASCII are converted.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  addHost(name: string, resource: Resource, ...more: never[]): this {
    refuseMore('addHost(name, resource)', more);
    this.#hosts.set(hostKey(name), checkResource('resource', resource));
    return this;
  }

  /** @returns Whether there was such a host. @throws as {@link addHost}. */
  removeHost(name: string): boolean {
    return this.#hosts.delete(hostKey(name));
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    const resource = this.#find(context.request.host) ?? this.#fallback;
    if (resource !== undefined) return context.delegate(resource);
    context.logRefusal('debug', 421, 'NameVirtualHost: no resource for the host');
    context.response.sendStatus(421);
    return undefined;
  }

  #find(authority: string | undefined): Resource | undefined {
    if (authority === undefined) return undefined;
    const name = authority.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
    const exact = this.#hosts.get(name);
    if (exact !== undefined) return exact;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const found = this.#hosts.get(`*${name.slice(dot)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function hostKey(name: unknown): string {
  const text = checkString('name', name);
  const isWild = text.startsWith('*.');
  const host = isWild ? text.slice(2) : text;
  const isAddress = /^\[[\da-f:.]+\]$/i.test(host);
  const ascii = isAddress ? host.toLowerCase() : asciiName(host);
  if (ascii === '' || (!isAddress && !/^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/.test(ascii))) {
    throw new InvalidArgumentValueError('name', 'the name of a host, without a port', name);
  }
  return isWild ? `*.${ascii}` : ascii;
}

/** Empty for a text with delimiters of URLs, at which the conversion ends. */
function asciiName(host: string): string {
  return /[/:?#@\\\s%]/.test(host) ? '' : domainToASCII(host).replace(/\.$/, '');
}
