/** UDP sockets on every reactor: arguments, IPv6 and the options of the system. The other rules are in `udpContract`. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import {
  CannotListenError,
  InvalidAddressError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  IPv4Address,
  IPv6Address,
  type ListenUDPOptions,
  MessageLengthError,
  ReactorDisposedError,
  type SystemError,
} from '../../src/index.js';
import { canReusePort } from '../../src/reactor/node/net-handle.js';
import { contract, type Rig } from '../support/contract.js';
import { DatagramRecorder, openUDP } from '../support/datagrams.js';
import { LACKS, needs } from '../support/platform.js';
import { hasIPv6 } from '../support/sockets.js';

const IPV6 = await hasIPv6();
const LOCAL = '127.0.0.1';

const to = (port: number, host = LOCAL): { host: string; port: number } => ({ host, port });

function listenError(rig: Rig, number: number, options: ListenUDPOptions): CannotListenError {
  try {
    rig.reactor.listenUDP(number, new DatagramRecorder(), options);
  } catch (error) {
    expect(error).toBeInstanceOf(CannotListenError);
    return error as CannotListenError;
  }
  throw new Error('listenUDP did not throw');
}

const codeOf = (error: Error): string | undefined => (error.cause as SystemError | undefined)?.code;

contract('listenUDP', (rig) => {
  it('is bound when it returns, to a port that the system chooses for 0', () => {
    const { port, protocol } = openUDP(rig);
    expect(port.listening).toBe(true);
    expect(port.getHost()).toBeInstanceOf(IPv4Address);
    expect(port.getHost()).toMatchObject({ type: 'UDP', host: LOCAL });
    expect(port.getHost().port).toBeGreaterThan(0);
    if (LACKS.descriptors === undefined) expect(port.fileno()).toBeGreaterThan(2);
    expect(port.connectedTo).toBeUndefined();
    expect(protocol.transport).toBe(port);
    expect(protocol.log).toEqual(['startProtocol']);
  });

  it('listens on every IPv4 address if none is asked for', async () => {
    const protocol = new DatagramRecorder();
    const port = rig.reactor.listenUDP(0, protocol);
    expect(port.getHost().host).toBe('0.0.0.0');
    openUDP(rig).port.write('x', to(port.getHost().port));
    await protocol.receive(1);
  });

  it('throws CannotListenError at once if the port is in use, or the address is not local', () => {
    const { number } = openUDP(rig);
    const taken = listenError(rig, number, { interface: LOCAL });
    expect(taken).toMatchObject({ port: number, interface: LOCAL });
    expect(codeOf(taken)).toBe('EADDRINUSE');
    needs('foreignAddresses');
    expect(codeOf(listenError(rig, 0, { interface: '192.0.2.1' }))).toBe('EADDRNOTAVAIL');
  });

  it.each([
    [-1, {}, InvalidArgumentValueError],
    [65_536, {}, InvalidArgumentValueError],
    ['80', {}, InvalidArgumentTypeError],
    [0, { interface: 'localhost' }, InvalidArgumentValueError],
    [0, { maxPacketSize: 0 }, InvalidArgumentValueError],
    [0, { maxPacketSize: 65_536 }, InvalidArgumentValueError],
    [0, { maxBufferedBytes: -1 }, InvalidArgumentValueError],
    [0, { broadcast: 1 }, InvalidArgumentTypeError],
    [0, null, InvalidArgumentTypeError],
  ])('refuses listenUDP(%s, ..., %j)', (number, options, ErrorClass) => {
    expect(() =>
      rig.reactor.listenUDP(number as never, new DatagramRecorder(), options as never),
    ).toThrow(ErrorClass);
  });

  it('refuses an invalid protocol', () => {
    for (const protocol of [undefined, null, 7, 'x']) {
      expect(() => rig.reactor.listenUDP(0, protocol as never)).toThrow(InvalidArgumentTypeError);
    }
  });

  it('sends and receives the longest datagram there is, and throws for a longer one', async () => {
    const one = openUDP(rig, { sendBufferBytes: 262_144 });
    const other = openUDP(rig, { maxPacketSize: 65_535, receiveBufferBytes: 262_144 });
    one.port.write(Buffer.alloc(65_507, 7), to(other.number));
    await other.protocol.receive(1);
    expect(other.protocol.received[0]?.data.byteLength).toBe(65_507);
    const tooLong = (): void => one.port.write(Buffer.alloc(65_508), other.port.getHost());
    expect(tooLong).toThrow(MessageLengthError);
    expect(() => one.port.write('ü'.repeat(40_000), to(other.number))).toThrow(MessageLengthError);
    try {
      tooLong();
    } catch (error) {
      expect(error).toMatchObject({ length: 65_508, code: 'ERR_MESSAGE_LENGTH' });
      expect((error as MessageLengthError).address?.equals(other.port.getHost())).toBe(true);
    }
  });

  it.each([
    ['a name', { host: 'localhost', port: 9 }, InvalidAddressError],
    ['no address', { host: '', port: 9 }, InvalidAddressError],
    ['no port', { host: LOCAL, port: 65_536 }, InvalidAddressError],
    ['half a port', { host: LOCAL, port: 0.5 }, InvalidAddressError],
    ['another family', { host: '::1', port: 9 }, InvalidAddressError],
    ['nothing', undefined, InvalidAddressError],
    ['text', '127.0.0.1:9', InvalidArgumentTypeError],
    ['null', null, InvalidArgumentTypeError],
    ['a number for a host', { host: 7, port: 9 }, InvalidArgumentTypeError],
  ])('throws where the destination is %s', (_what, destination, ErrorClass) => {
    const { port } = openUDP(rig);
    expect(() => port.write('x', destination as never)).toThrow(ErrorClass);
    expect(port.bufferedBytes).toBe(0);
  });

  it('throws if the data is neither text nor bytes', async () => {
    const { port, number } = openUDP(rig);
    for (const data of [undefined, null, 7, {}, [1], new ArrayBuffer(2)]) {
      expect(() => port.write(data as never, to(number))).toThrow(InvalidArgumentTypeError);
    }
    await port.stopListening();
    expect(() => port.write(7 as never)).toThrow(InvalidArgumentTypeError);
  });

  it('runs its protocol in the context of listenUDP', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const other = storage.run('mine', () => openUDP(rig));
    other.protocol.onDatagram = () => void seen.push(storage.getStore());
    storage.run('theirs', () => openUDP(rig).port.write('x', to(other.number)));
    await other.protocol.receive(1);
    expect(seen).toEqual(['mine']);
  });

  it.skipIf(!IPV6)('has IPv6, alone and together with IPv4', async () => {
    const six = openUDP(rig, { interface: '::1' });
    expect(six.port.getHost()).toBeInstanceOf(IPv6Address);
    const both = openUDP(rig, { interface: '::', ipv6Only: false });
    const four = openUDP(rig);
    six.port.write('six', to(both.number, '::1'));
    four.port.write('four', to(both.number));
    await both.protocol.receive(2);
    const [from6, from4] = ['six', 'four'].map(
      (text) => both.protocol.received.find(({ data }) => data.toString() === text)?.from,
    );
    expect(from6).toMatchObject({ family: 'IPv6', host: '::1' });
    expect(from4).toMatchObject({ family: 'IPv4', host: LOCAL });
    if (from6 === undefined || from4 === undefined) throw new Error('both came');
    both.port.write('re six', from6);
    both.port.write('re four', from4);
    both.port.write('re text', to(four.number));
    await six.protocol.receive(1);
    await four.protocol.receive(2);
    expect(four.protocol.texts.sort()).toEqual(['re four', 're text']);
  });

  it.skipIf(!IPV6)('accepts no IPv4 with ipv6Only', () => {
    const only = openUDP(rig, { interface: '::', ipv6Only: true });
    expect(() => only.port.write('x', to(9))).toThrow(InvalidAddressError);
    expect(() => openUDP(rig, {}, only.number)).not.toThrow();
  });

  it('shares a port by reusePort, or says that it cannot', () => {
    if (rig.native ? process.platform === 'win32' : !canReusePort()) {
      expect(() => openUDP(rig, { reusePort: true })).toThrow('reusePort');
      return;
    }
    const first = openUDP(rig, { reusePort: true });
    expect(openUDP(rig, { reusePort: true }, first.number).number).toBe(first.number);
  });

  it('allows broadcast on request', () => {
    const { port } = openUDP(rig, { broadcast: true });
    expect(port.getBroadcastAllowed()).toBe(true);
    port.setBroadcastAllowed(false);
    expect(port.getBroadcastAllowed()).toBe(false);
    expect(openUDP(rig).port.getBroadcastAllowed()).toBe(false);
    expect(() => port.setBroadcastAllowed(1 as never)).toThrow(InvalidArgumentTypeError);
  });

  it('accepts a TTL', () => {
    const { port } = openUDP(rig);
    port.setTTL(3);
    for (const ttl of [0, 256, 1.5]) expect(() => port.setTTL(ttl)).toThrow(RangeError);
  });

  it('cannot be opened on a reactor that was disposed of', async () => {
    const reactor = rig.make();
    await reactor[Symbol.asyncDispose]();
    expect(() => reactor.listenUDP(0, new DatagramRecorder())).toThrow(ReactorDisposedError);
  });
});
