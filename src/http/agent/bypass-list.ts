/** Hosts that are reached without a proxy, as the variable no_proxy lists them. */
import { BlockList, isIP } from 'node:net';

interface Name {
  /** The host, and the end of the names of its subdomains. */
  readonly name: string;
  readonly port: number | undefined;
}

interface Addresses {
  readonly list: BlockList;
  readonly port: number | undefined;
}

/**
 * Entries are separated by commas or spaces: `*` (all hosts), a name (also of its subdomains; `.name` and `*.name` mean the same), an IP
 * address, or a network such as `10.0.0.0/8`; each except networks may end with a port. Other entries match nothing.
 */
export class BypassList {
  readonly #names: Name[] = [];
  readonly #addresses: Addresses[] = [];
  #hasAll = false;

  constructor(text: string) {
    for (const entry of text.split(/[\s,]+/)) if (entry !== '') this.#add(entry.toLowerCase());
  }

  /** @param host Without brackets, in lower case. */
  has(host: string, port: number): boolean {
    if (this.#hasAll) return true;
    const fits = (entry: Name | Addresses): boolean =>
      entry.port === undefined || entry.port === port;
    const kind = isIP(host);
    if (kind !== 0) {
      const family = kind === 4 ? 'ipv4' : 'ipv6';
      return this.#addresses.some((entry) => fits(entry) && entry.list.check(host, family));
    }
    const named = host.replace(/\.$/, '');
    return this.#names.some(
      (entry) => fits(entry) && (named === entry.name || named.endsWith(`.${entry.name}`)),
    );
  }

  #add(entry: string): void {
    if (entry === '*') {
      this.#hasAll = true;
      return;
    }
    const { host, port } = split(entry);
    const [address = '', bits] = host.split('/', 2);
    const family = isIP(address);
    if (family === 0) {
      const name = host.replace(/^\*?\./, '').replace(/\.$/, '');
      if (name !== '') this.#names.push({ name, port });
      return;
    }
    const list = new BlockList();
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, type);
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)) {
      list.addSubnet(address, Number(bits), type);
    } else return;
    this.#addresses.push({ list, port });
  }
}

/** IPv6 addresses with a port are in brackets. */
function split(entry: string): { readonly host: string; readonly port: number | undefined } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const host = bracketed ?? plain ?? entry;
  return { host, port: port === undefined ? undefined : Number(port) };
}
