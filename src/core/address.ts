/**
 * The addresses of transports, listening ports and datagrams. Addresses are values: compare them with `equals`. The text of a
 * host is made when it is first read, because a busy server accepts far more addresses than it prints.
 */

/** The protocol between hosts. */
export type IPAddressType = 'TCP' | 'UDP';

/** The kind of a socket. */
export type AddressType = IPAddressType | 'UNIX' | 'PIPE';

/** A host and a port. */
export type IPAddress = IPv4Address | IPv6Address;

/** An address of a socket: `UNIX` addresses have a path, the others a host and a port. */
export type SocketAddress = IPAddress | UNIXAddress;

/** `type` distinguishes them: `UNIX` addresses have a path, `PIPE` addresses a name, the others a host and a port. */
export type Address = SocketAddress | PipeAddress;

/** A host, by name or address, and a port: the destination of `connectTCP`. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * The name of a host and a port, before the name was resolved: Twisted's HostnameAddress. The destination of a connector that
 * was given a name is one.
 */
export class HostnameAddress implements HostPort {
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  equals(other: HostPort): boolean {
    return other instanceof HostnameAddress && other.host === this.host && other.port === this.port;
  }

  toString(): string {
    return `${this.host}:${this.port}`;
  }

  toJSON(): { host: string; port: number } {
    return { host: this.host, port: this.port };
  }
}

/** An IPv4 address and a port. */
export class IPv4Address {
  readonly type: IPAddressType;
  readonly port: number;
  #host: string | undefined;
  #bits: number | undefined;

  constructor(type: IPAddressType, host: string, port: number) {
    this.type = type;
    this.port = port;
    this.#host = host;
  }

  /** @param bits The four bytes of the address as one integer, first byte highest. */
  static fromBits(type: IPAddressType, bits: number, port: number): IPv4Address {
    const address = new IPv4Address(type, '', port);
    address.#host = undefined;
    address.#bits = bits;
    return address;
  }

  /** @internal The address as one integer, if it was made from one. */
  get bits(): number | undefined {
    return this.#bits;
  }

  get family(): 'IPv4' {
    return 'IPv4';
  }

  /** Dotted decimal: `127.0.0.1`. */
  get host(): string {
    this.#host ??= ipv4Text(this.#bits as number);
    return this.#host;
  }

  equals(other: Address): boolean {
    return sameAddress(this, other);
  }

  toString(): string {
    return `${this.host}:${this.port}`;
  }

  toJSON(): { type: IPAddressType; family: 'IPv4'; host: string; port: number } {
    return { type: this.type, family: 'IPv4', host: this.host, port: this.port };
  }
}

/** An IPv6 address and a port. The IPv4 peers of a dual-stack listener have an {@link IPv4Address}. */
export class IPv6Address {
  readonly type: IPAddressType;
  readonly port: number;
  #host: string | undefined;
  #words: IPv6Words | undefined;
  #scopeName: ScopeName = String;

  constructor(type: IPAddressType, host: string, port: number) {
    this.type = type;
    this.port = port;
    this.#host = host;
  }

  /** @param scopeName Called when the host of a link-local address is first read. Default: the scope's number. */
  static fromWords(
    type: IPAddressType,
    words: IPv6Words,
    port: number,
    scopeName?: ScopeName,
  ): IPv6Address {
    const address = new IPv6Address(type, '', port);
    address.#host = undefined;
    address.#words = words;
    if (scopeName !== undefined) address.#scopeName = scopeName;
    return address;
  }

  /** @internal The words, if it was made from these. */
  get words(): IPv6Words | undefined {
    return this.#words;
  }

  /**
   * RFC 5952 text. A link-local address of a socket has its scope in Node's spelling: `%` and the interface's name, or its
   * number on Windows.
   */
  get host(): string {
    this.#host ??= ipv6Text(this.#words as IPv6Words, this.#scopeName);
    return this.#host;
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

  toJSON(): { type: IPAddressType; family: 'IPv6'; host: string; port: number } {
    return { type: this.type, family: 'IPv6', host: this.host, port: this.port };
  }
}

/** The text of a scope, given as the number of an interface. */
export type ScopeName = (scope: number) => string;

/** The four 32-bit words of an address, first byte highest, and the interface number of a link-local one, otherwise 0. */
export type IPv6Words = readonly [number, number, number, number, number];

/**
 * The address of a UNIX socket: a path, or an abstract name of Linux (unix(7)), which begins with a NUL and is not in the file
 * system. Empty if the socket has none, as is usual for the connecting side of a stream.
 */
export class UNIXAddress {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get type(): 'UNIX' {
    return 'UNIX';
  }

  get family(): 'UNIX' {
    return 'UNIX';
  }

  /** Whether the path is an abstract name. */
  get abstract(): boolean {
    return this.path.startsWith('\0');
  }

  equals(other: Address): boolean {
    return other.type === 'UNIX' && other.path === this.path;
  }

  /** The path; an abstract name with `@` instead of its NUL, as tools show it. */
  toString(): string {
    return this.abstract ? `@${this.path.slice(1)}` : this.path;
  }

  toJSON(): { type: 'UNIX'; path: string } {
    return { type: 'UNIX', path: this.path };
  }
}

/** Both ends of a pipe, a terminal or a serial line: not an address, but a name for logs. */
export class PipeAddress {
  /** `fd 5`, `standard input`, `/dev/ttyUSB0`. */
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get type(): 'PIPE' {
    return 'PIPE';
  }

  get family(): 'PIPE' {
    return 'PIPE';
  }

  equals(other: Address): boolean {
    return other.type === 'PIPE' && other.name === this.name;
  }

  toString(): string {
    return this.name;
  }

  toJSON(): { type: 'PIPE'; name: string } {
    return { type: 'PIPE', name: this.name };
  }
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Makes the address of a socket from the system's text and port. IPv4-mapped IPv6 becomes IPv4. */
export function addressFrom(type: IPAddressType, host: string, port: number): IPAddress {
  const mapped = MAPPED_IPV4.exec(host);
  if (mapped?.[1] !== undefined) return new IPv4Address(type, mapped[1], port);
  return host.includes(':') ? new IPv6Address(type, host, port) : new IPv4Address(type, host, port);
}

/**
 * Makes an address from the system's four 32-bit words, first byte highest. IPv4 uses the first.
 * @param scope The interface number of a link-local address, otherwise 0.
 */
export function addressFromWords(
  type: IPAddressType,
  words: Int32Array,
  at: number,
  ipv6: boolean,
  scope: number,
  port: number,
  scopeName?: ScopeName,
): IPAddress {
  const first = words[at] as number;
  if (!ipv6) return IPv4Address.fromBits(type, first, port);
  const [second, third, fourth] = [words[at + 1], words[at + 2], words[at + 3]] as [
    number,
    number,
    number,
  ];
  return IPv6Address.fromWords(type, [first, second, third, fourth, scope], port, scopeName);
}

function ipv4Text(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

/** RFC 5952 section 4: lower-case, no leading zeros, the longest run of two or more zero groups omitted. */
function ipv6Text([first, second, third, fourth, scope]: IPv6Words, scopeName: ScopeName): string {
  const words = [first, second, third, fourth];
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
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
  const text =
    runLength < 2
      ? hex(groups)
      : `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`;
  return scope === 0 || !isLinkLocal(first) ? text : `${text}%${scopeName(scope)}`;
}

/** RFC 4291 section 2.5.6: fe80::/10. */
function isLinkLocal(first: number): boolean {
  return first >>> 22 === 0xfe80 >>> 6;
}

function sameAddress(one: IPAddress, other: Address): boolean {
  return (
    other.type === one.type &&
    one.family === other.family &&
    one.host === other.host &&
    one.port === other.port
  );
}

Object.defineProperty(HostnameAddress.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: HostnameAddress): string {
    return `HostnameAddress(${this})`;
  },
});

/** The text in the console: the host is a getter, which the console would omit. */
for (const AddressClass of [IPv4Address, IPv6Address, UNIXAddress, PipeAddress]) {
  Object.defineProperty(AddressClass.prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: Address): string {
      return this.type === 'UNIX' || this.type === 'PIPE'
        ? `${AddressClass.name}(${this})`
        : `${AddressClass.name}(${this.type} ${this})`;
    },
  });
}
