import { describe, expect, it } from 'vitest';
import { type Address, IPv4Address, IPv6Address, UNIXAddress } from '../../../src/core/address.js';
import { ProtocolWrapper } from '../../../src/policies/protocol-wrapper.js';
import { WrappingFactory } from '../../../src/policies/wrapping-factory.js';
import { proxyHeaderOf } from '../../../src/protocols/proxy-protocol/protocol.js';
import { serializeProxyHeader } from '../../../src/protocols/proxy-protocol/serializer.js';
import {
  ProxyProtocolFactory,
  type ProxyProtocolOptions,
} from '../../../src/protocols/proxy-protocol/server.js';
import { everySplit } from '../../../src/testing/every-split.js';
import { captureLoggedErrors } from '../../../src/testing/logged-errors.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import type { MemoryTransport } from '../../../src/testing/memory-transport.js';
import { accept, checkRules, offer, PEER } from '../../policies/wired.js';
import { HalfCloseRecorder, Recorder, type RecorderHooks } from '../../support/recorder.js';

const CLIENT = new IPv4Address('TCP', '203.0.113.9', 4711);
const SERVICE = new IPv4Address('TCP', '198.51.100.1', 25);
const HEADER = serializeProxyHeader({
  source: CLIENT,
  destination: SERVICE,
  authority: 'a.example',
});
const LINE = 'PROXY TCP4 203.0.113.9 198.51.100.1 4711 25\r\n';

interface Bench {
  readonly clock: ManualClock;
  readonly factory: ProxyProtocolFactory;
  readonly transport: MemoryTransport;
  /** The built protocols, and the addresses they were built for. */
  readonly built: Recorder[];
  readonly addresses: Address[];
  readonly refusals: [string, string][];
}

function bench(
  options: Partial<ProxyProtocolOptions> = {},
  make: (() => Recorder) | RecorderHooks = {},
): Bench {
  const clock = new ManualClock();
  const built: Recorder[] = [];
  const addresses: Address[] = [];
  const refusals: [string, string][] = [];
  const factory = new ProxyProtocolFactory(
    (address) => {
      addresses.push(address);
      built.push(typeof make === 'function' ? make() : new Recorder(make));
      return built.at(-1) as Recorder;
    },
    {
      clock,
      trustedPeers: 'everybody',
      onRefused: (reason, peer) => refusals.push([reason.name, String(peer)]),
      ...options,
    },
  );
  const { transport } = accept(factory);
  return { clock, factory, transport, built, addresses, refusals };
}

function only({ built }: Bench): Recorder {
  expect(built).toHaveLength(1);
  return built[0] as Recorder;
}

describe('ProxyProtocolFactory', () => {
  checkRules();

  it('builds the protocol when the header is complete, for the address that it has', () => {
    const stage = bench();
    const { transport, factory, addresses } = stage;
    transport.receive(HEADER.subarray(0, 20));
    expect(stage.built).toEqual([]);
    expect(factory.protocols.size).toBe(0);
    transport.receive(HEADER.subarray(20));
    const protocol = only(stage);
    expect(addresses).toEqual([CLIENT]);
    expect(protocol.log).toEqual(['connectionMade']);
    expect(factory.protocols.size).toBe(1);
    expect(protocol.transport.getPeer()).toEqual(CLIENT);
    expect(protocol.transport.getHost()).toEqual(SERVICE);
    transport.receive('hello');
    expect(protocol.text).toBe('hello');
    protocol.transport.write('hi');
    transport.settle();
    expect(transport.text).toBe('hi');
  });

  it.each([
    ['version 1', Buffer.from(`${LINE}EHLO x`)],
    ['version 2', Buffer.concat([HEADER, Buffer.from('EHLO x')])],
  ])('delivers the bytes behind a header of %s, however they are split', (_name, bytes) => {
    for (const chunks of everySplit(bytes)) {
      const stage = bench();
      for (const chunk of chunks) stage.transport.receive(chunk);
      const protocol = only(stage);
      expect(protocol.log).toEqual(['connectionMade', 'dataReceived']);
      expect(protocol.text).toBe('EHLO x');
      expect(protocol.transport.getPeer()).toEqual(CLIENT);
    }
  });

  it('uses the addresses of the connection if the header has none', () => {
    for (const bytes of [
      serializeProxyHeader({ command: 'LOCAL' }),
      serializeProxyHeader({}),
      Buffer.from('PROXY UNKNOWN\r\n'),
    ]) {
      const stage = bench();
      stage.transport.receive(bytes);
      expect(stage.addresses).toEqual([PEER]);
      expect(only(stage).transport.getPeer()).toEqual(PEER);
      expect(only(stage).transport.getHost()).toEqual(stage.transport.getHost());
    }
  });

  it('gives access to the header through all layers above it', () => {
    class Layer extends WrappingFactory {}
    const clock = new ManualClock();
    const protocol = new Recorder();
    const inner = new Layer(new Layer(() => protocol));
    const { transport } = accept(
      new ProxyProtocolFactory(inner, { clock, trustedPeers: 'everybody' }),
    );
    expect(proxyHeaderOf(transport)).toBeUndefined();
    transport.receive(HEADER);
    expect(protocol.transport).toBeInstanceOf(ProtocolWrapper);
    expect(proxyHeaderOf(protocol.transport)).toMatchObject({ version: 2, authority: 'a.example' });
  });

  it('closes a connection whose header is malformed, and reports it to onRefused only', () => {
    using logged = captureLoggedErrors();
    for (const bytes of ['GET / HTTP/1.1\r\n', 'PROXY TCP4 x\r\n', 'PROXY '.padEnd(107, 'x')]) {
      const stage = bench();
      stage.transport.receive(bytes);
      stage.transport.receive('more');
      stage.transport.settle();
      expect(stage.transport.connected).toBe(false);
      expect(stage.transport.text).toBe('');
      expect(stage.built).toEqual([]);
      expect(stage.refusals).toEqual([[expect.stringMatching(/Proxy/), String(PEER)]]);
      expect(stage.factory.refusedCount).toBe(1);
      expect(stage.clock.getDelayedCalls()).toEqual([]);
    }
    expect(logged.flush()).toEqual([]);
  });

  it('refuses versions that are not accepted, and headers over the limit', () => {
    const version = bench({ versions: [2] });
    version.transport.receive(LINE);
    expect(version.refusals).toEqual([['InvalidProxyHeaderError', String(PEER)]]);
    const long = bench({ maxHeaderBytes: HEADER.length - 1 });
    long.transport.receive(HEADER);
    expect(long.refusals).toEqual([['ProxyHeaderTooLongError', String(PEER)]]);
  });

  it('closes a connection whose header does not come in time', () => {
    const stage = bench({ headerTimeoutMs: 3_200 });
    // One byte now and then does not postpone the end.
    for (let i = 0; i < 16; i++) {
      stage.clock.advance(200);
      stage.transport.receive(HEADER.subarray(i, i + 1));
    }
    expect(stage.transport.connected).toBe(true);
    stage.clock.advance(200);
    stage.transport.settle();
    expect(stage.transport.connected).toBe(false);
    expect(stage.refusals).toEqual([['ProxyHeaderTimeoutError', String(PEER)]]);
    expect(stage.clock.getDelayedCalls()).toEqual([]);
  });

  it('has no time limit once the header is complete', () => {
    const stage = bench();
    stage.transport.receive(HEADER);
    expect(stage.clock.getDelayedCalls()).toEqual([]);
    expect(stage.transport.connected).toBe(true);
  });

  it('tells the factory nothing of a connection that ends before its header', () => {
    const stage = bench();
    stage.transport.receive(HEADER.subarray(0, 5));
    stage.transport.peerCloses();
    stage.transport.settle();
    expect(stage.transport.connected).toBe(false);
    expect(stage.built).toEqual([]);
    expect(stage.clock.getDelayedCalls()).toEqual([]);
  });

  it('closes the connection if the factory refuses it', () => {
    const clock = new ManualClock();
    const { transport } = accept(
      new ProxyProtocolFactory(() => null, { clock, trustedPeers: 'everybody' }),
    );
    transport.receive(HEADER);
    transport.receive('hello');
    transport.settle();
    expect(transport.connected).toBe(false);
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('reports an error of buildProtocol, and ends the connection', () => {
    const clock = new ManualClock();
    using logged = captureLoggedErrors();
    const { transport } = accept(
      new ProxyProtocolFactory(
        () => {
          throw new Error('no');
        },
        { clock, trustedPeers: 'everybody' },
      ),
    );
    transport.receive(HEADER);
    transport.settle();
    expect(transport.connected).toBe(false);
    expect(logged.flush().map(({ error }) => String(error))).toEqual(['Error: no']);
  });

  it('can be half-closed as the protocol can', () => {
    const stage = bench({}, () => new HalfCloseRecorder());
    stage.transport.receive(Buffer.concat([HEADER, Buffer.from('x')]));
    stage.transport.peerCloses();
    stage.transport.settle();
    expect(only(stage).log).toEqual(['connectionMade', 'dataReceived', 'readConnectionLost']);
    expect(stage.transport.connected).toBe(true);
    only(stage).transport.loseConnection();
    stage.transport.settle();
    expect(only(stage).log.at(-1)).toBe('connectionLost ConnectionDone');
  });
});

describe('bytes that come with the header', () => {
  checkRules();
  const BOTH = Buffer.concat([HEADER, Buffer.from('rest')]);

  it('wait while the protocol has paused', () => {
    const stage = bench({}, { connectionMade: (self) => self.transport.pauseProducing() });
    stage.transport.receive(BOTH);
    const protocol = only(stage);
    expect(protocol.text).toBe('');
    stage.transport.receive(' more');
    protocol.call('resumeProducing');
    expect(protocol.text).toBe('');
    stage.clock.advance(0);
    stage.transport.settle();
    expect(protocol.text).toBe('rest more');
  });

  it('are delivered once, whatever is paused and resumed', () => {
    const stage = bench({}, { connectionMade: (self) => self.transport.pauseProducing() });
    stage.transport.receive(BOTH);
    const protocol = only(stage);
    protocol.call('resumeProducing');
    protocol.call('pauseProducing');
    stage.clock.advance(0);
    expect(protocol.text).toBe('');
    protocol.call('resumeProducing');
    protocol.call('resumeProducing');
    stage.clock.advance(0);
    stage.transport.receive('!');
    stage.transport.settle();
    expect(protocol.text).toBe('rest!');
  });

  it('are followed by nothing if the protocol pauses on them', () => {
    const stage = bench(
      {},
      {
        connectionMade: (self) => self.transport.pauseProducing(),
        dataReceived: (_data, self) => self.transport.pauseProducing(),
      },
    );
    stage.transport.receive(BOTH);
    stage.transport.receive('more');
    const protocol = only(stage);
    protocol.call('resumeProducing');
    stage.clock.advance(0);
    stage.transport.settle();
    expect(protocol.text).toBe('rest');
  });

  it('are dropped if the protocol closes', () => {
    const stage = bench({}, { connectionMade: (self) => self.transport.loseConnection() });
    stage.transport.receive(BOTH);
    stage.transport.settle();
    expect(only(stage).log).toEqual(['connectionMade', 'connectionLost ConnectionDone']);
  });

  it('are dropped if the connection ends while they wait', () => {
    const stage = bench({}, { connectionMade: (self) => self.transport.pauseProducing() });
    stage.transport.receive(BOTH);
    only(stage).call('resumeProducing');
    only(stage).call('abortConnection');
    stage.clock.advance(0);
    stage.transport.settle();
    expect(only(stage).log).toEqual(['connectionMade', 'connectionLost ConnectionAborted']);
  });

  it('end the connection if the protocol throws on them after it has resumed', () => {
    using logged = captureLoggedErrors();
    const stage = bench(
      {},
      {
        connectionMade: (self) => self.transport.pauseProducing(),
        dataReceived() {
          throw new Error('bad byte');
        },
      },
    );
    stage.transport.receive(BOTH);
    only(stage).call('resumeProducing');
    stage.clock.advance(0);
    stage.transport.settle();
    expect(only(stage).reason?.message).toBe('bad byte');
    expect(logged.flush()).toHaveLength(1);
  });
});

describe('trusted peers', () => {
  const clock = new ManualClock();

  function served(peer: Address, options: Partial<ProxyProtocolOptions>): boolean {
    const all = { clock, trustedPeers: 'everybody' as const, ...options };
    return offer(new ProxyProtocolFactory(() => new Recorder(), all), { peer }) !== null;
  }

  it.each<[string, Address, boolean]>([
    ['10.0.0.0/8', new IPv4Address('TCP', '10.1.2.3', 1), true],
    ['10.0.0.0/8', new IPv4Address('TCP', '11.0.0.1', 1), false],
    ['10.1.2.3/8', new IPv4Address('TCP', '10.9.9.9', 1), true],
    ['192.0.2.1', new IPv4Address('TCP', '192.0.2.1', 1), true],
    ['192.0.2.1', new IPv4Address('TCP', '192.0.2.2', 1), false],
    ['0.0.0.0/0', new IPv4Address('TCP', '192.0.2.2', 1), true],
    ['0.0.0.0/0', new IPv6Address('TCP', '::1', 1), false],
    ['2001:db8::/32', new IPv6Address('TCP', '2001:db8:1::1', 1), true],
    ['2001:db8::/32', new IPv6Address('TCP', '2001:db9::1', 1), false],
    ['2001:DB8:0::1', new IPv6Address('TCP', '2001:db8::1', 1), true],
    ['fe80::/10', new IPv6Address('TCP', 'fe80::1%eth0', 1), true],
    ['unix', new UNIXAddress(''), true],
    ['unix', new IPv4Address('TCP', '127.0.0.1', 1), false],
    ['127.0.0.1', new UNIXAddress(''), false],
  ])('%s and %s: %s', (network, peer, expected) => {
    expect(served(peer, { trustedPeers: [network] })).toBe(expected);
    expect(served(peer, { trustedPeers: ['203.0.113.7', network] })).toBe(expected);
  });

  it('are all peers, if everybody is trusted', () => {
    expect(served(new UNIXAddress(''), {})).toBe(true);
    expect(served(PEER, {})).toBe(true);
  });

  it.each(
    [
      [],
      [''],
      ['localhost'],
      ['10.0.0.0/33'],
      ['10.0.0.0/'],
      ['10.0.0.0/-1'],
      ['10.0.0.0/8/8'],
      ['::/129'],
      ['fe80::1%eth0'],
      [7],
    ].map((peers) => [peers]),
  )('cannot be %j', (peers) => {
    expect(() => served(PEER, { trustedPeers: peers as never })).toThrow(/trustedPeers/);
  });

  it('must be given', () => {
    expect(() => served(PEER, { trustedPeers: undefined as never })).toThrow(/trustedPeers/);
  });

  it('are counted and passed to onRefused if they are not', () => {
    const refusals: string[] = [];
    const factory = new ProxyProtocolFactory(() => new Recorder(), {
      clock,
      trustedPeers: ['10.0.0.0/8'],
      onRefused: ({ name }, peer) => refusals.push(`${name} ${peer}`),
    });
    expect(offer(factory)).toBeNull();
    expect(refusals).toEqual([`UntrustedProxyError ${PEER}`]);
    expect(factory.refusedCount).toBe(1);
  });

  it('are served without a header if untrusted peers pass through', () => {
    const protocol = new Recorder();
    const factory = new ProxyProtocolFactory(() => protocol, {
      clock,
      trustedPeers: ['10.0.0.0/8'],
      untrusted: 'passThrough',
    });
    const { transport } = accept(factory);
    // Whatever it claims is data, not a header.
    transport.receive(LINE);
    expect(protocol.text).toBe(LINE);
    expect(protocol.transport.getPeer()).toEqual(PEER);
    expect(proxyHeaderOf(protocol.transport)).toBeUndefined();
  });

  it('do not keep an error of onRefused from being reported', () => {
    using logged = captureLoggedErrors();
    const onRefused = (): never => {
      throw new Error('in onRefused');
    };
    const options = { clock, trustedPeers: ['10.0.0.1'], onRefused };
    expect(offer(new ProxyProtocolFactory(() => new Recorder(), options))).toBeNull();
    expect(logged.flush().map(({ error }) => String(error))).toEqual(['Error: in onRefused']);
  });

  it('report the rejection of an asynchronous onRefused', async () => {
    using logged = captureLoggedErrors();
    const onRefused = (): Promise<never> => Promise.reject(new Error('in onRefused'));
    const options = { clock, trustedPeers: ['10.0.0.1'], onRefused };
    expect(offer(new ProxyProtocolFactory(() => new Recorder(), options))).toBeNull();
    await new Promise(setImmediate);
    expect(logged.flush().map(({ error }) => String(error))).toEqual(['Error: in onRefused']);
  });
});
