/**
 * Where a transport, a listening port or a datagram comes from or goes to. Addresses are values: compare them with
 * `equals`. The text of a host is made when it is first read, since a busy server accepts far more than it prints.
 */

/** What carries the bytes. */
export type AddressType = 'TCP' | 'UDP';

export type Address = IPv4Address | IPv6Address;

/** A host, by name or address, and a port: what `connectTCP` was asked for. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** An IPv4 address and a port. */
export class IPv4Address {
  readonly type: AddressType;
  readonly port: number;
  #host: string | number;

  constructor(type: AddressType, host: string, port: number) {
    this.type = type;
    this.port = port;
    this.#host = host;
  }

  /** @param bits The four bytes of the address as one integer, first byte highest. */
  static fromBits(type: AddressType, bits: number, port: number): IPv4Address {
    const address = new IPv4Address(type, '', port);
    address.#host = bits;
    return address;
  }

  get family(): 'IPv4' {
    return 'IPv4';
  }

  /** Dotted decimal: `127.0.0.1`. */
  get host(): string {
    const host = this.#host;
    if (typeof host === 'string') return host;
    const text = `${host >>> 24}.${(host >>> 16) & 255}.${(host >>> 8) & 255}.${host & 255}`;
    this.#host = text;
    return text;
  }

  equals(other: Address): boolean {
    return sameAddress(this, other);
  }

  toString(): string {
    return `${this.host}:${this.port}`;
  }

  toJSON(): { type: AddressType; family: 'IPv4'; host: string; port: number } {
    return { type: this.type, family: 'IPv4', host: this.host, port: this.port };
  }
}

/** An IPv6 address and a port. An IPv4 peer of a dual-stack listener is given as an {@link IPv4Address}. */
export class IPv6Address {
  readonly type: AddressType;
  readonly port: number;
  /** RFC 5952 text, with `%scope` where the address is link-local. */
  readonly host: string;

  constructor(type: AddressType, host: string, port: number) {
    this.type = type;
    this.port = port;
    this.host = host;
  }

  get family(): 'IPv6' {
    return 'IPv6';
  }

  equals(other: Address): boolean {
    return sameAddress(this, other);
  }

  toString(): string {
    return `[${this.host}]:${this.port}`;
  }

  toJSON(): { type: AddressType; family: 'IPv6'; host: string; port: number } {
    return { type: this.type, family: 'IPv6', host: this.host, port: this.port };
  }
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Makes the address of a socket from the text and port the system gives. IPv4-mapped IPv6 becomes IPv4. */
export function addressFrom(type: AddressType, host: string, port: number): Address {
  const mapped = MAPPED_IPV4.exec(host);
  if (mapped?.[1] !== undefined) return new IPv4Address(type, mapped[1], port);
  return host.includes(':') ? new IPv6Address(type, host, port) : new IPv4Address(type, host, port);
}

/**
 * Makes an address of the four 32-bit words that the system has it in, first byte highest. IPv4 uses the first.
 * @param scope Number of the interface of a link-local address, else 0.
 */
export function addressFromWords(
  type: AddressType,
  words: Int32Array,
  at: number,
  ipv6: boolean,
  scope: number,
  port: number,
): Address {
  if (!ipv6) return IPv4Address.fromBits(type, words[at] as number, port);
  const host = ipv6Text(words, at);
  return new IPv6Address(type, scope === 0 ? host : `${host}%${scope}`, port);
}

/** RFC 5952 section 4: lower-case, no leading zeros, the longest run of two or more zero groups left out. */
function ipv6Text(words: Int32Array, at: number): string {
  const groups: number[] = [];
  for (let i = at; i < at + 4; i++) {
    const word = words[i] as number;
    groups.push(word >>> 16, word & 0xffff);
  }
  let runStart = 0;
  let runLength = 0;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > runLength) {
      runStart = start;
      runLength = end - start;
    }
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (runLength < 2) return hex(groups);
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`;
}

function sameAddress(one: Address, other: Address): boolean {
  return (
    one.type === other.type &&
    one.family === other.family &&
    one.host === other.host &&
    one.port === other.port
  );
}

/** What the console shows: the text of a host is a getter, which it would leave out. */
for (const AddressClass of [IPv4Address, IPv6Address]) {
  Object.defineProperty(AddressClass.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: Address): string {
      return `${AddressClass.name}(${this.type} ${this})`;
    },
  });
}
