/** TCP options: asked of the operating system itself, not of the reactor that set them. */
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import type { ConnectTCPOptions, ListenTCPOptions } from '../../src/index.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { connected, pair, patterned, served } from '../support/pairs.js';
import { RawPeer, RawServer } from '../support/raw-peer.js';
import { Recorder, recorders } from '../support/recorder.js';
import { CAN_READ_OPTIONS, portIn, readSocketOption, type SocketKey } from '../support/sockets.js';

type OptionName = Parameters<typeof readSocketOption>[1];

/** The accepted end of a connection to a listener with these options. */
async function acceptedWith(rig: Rig, options: ListenTCPOptions): Promise<SocketKey> {
  const { peer } = await served(rig, new Recorder(), options);
  return { localPort: peer.remotePort, remotePort: peer.localPort };
}

/** The reactor's end of a connection made with these options. */
async function connectedWith(rig: Rig, options: ConnectTCPOptions): Promise<SocketKey> {
  const { peer } = await connected(rig, new Recorder(), options);
  return { localPort: peer.remotePort, remotePort: peer.localPort };
}

const ENDS = [
  ['an accepted', acceptedWith],
  ['an outgoing', connectedWith],
] as const;

/** An option of both ends; `socket` is what getsockopt(2) has to give for it. */
interface Case {
  readonly options: ConnectTCPOptions & ListenTCPOptions;
  readonly socket: Partial<Record<OptionName, number[]>>;
  /** What the pure-JS reactor refuses. Absent: it can. */
  readonly nodeRefuses?: string;
}

const CASES: readonly Case[] = [
  { options: {}, socket: { noDelay: [1], keepAlive: [0] } },
  { options: { noDelay: true }, socket: { noDelay: [1] } },
  { options: { noDelay: false }, socket: { noDelay: [0] } },
  { options: { keepAlive: true }, socket: { keepAlive: [1] } },
  { options: { keepAlive: false }, socket: { keepAlive: [0] } },
  { options: { keepAlive: {} }, socket: { keepAlive: [1] } },
  { options: { keepAlive: { idleMs: 42_000 } }, socket: { keepAlive: [1], keepAliveIdle: [42] } },
  { options: { keepAlive: { idleMs: 1_500 } }, socket: { keepAlive: [1], keepAliveIdle: [2] } },
  {
    options: { keepAlive: { idleMs: 9_000, intervalMs: 7_001, count: 5 } },
    socket: {
      keepAlive: [1],
      keepAliveIdle: [9],
      keepAliveInterval: [8],
      keepAliveCount: [5],
    },
    nodeRefuses: 'keepAlive.intervalMs',
  },
  {
    options: { keepAlive: { count: 4 } },
    socket: { keepAlive: [1], keepAliveCount: [4] },
    nodeRefuses: 'keepAlive.count',
  },
  { options: { lingerSeconds: 3 }, socket: { linger: [1, 3] }, nodeRefuses: 'lingerSeconds' },
  { options: { lingerSeconds: 0 }, socket: { linger: [1, 0] }, nodeRefuses: 'lingerSeconds' },
  // socket(7): the kernel doubles what is asked for, and gives the double back.
  {
    options: { sendBufferBytes: 20_000 },
    socket: { sendBuffer: [40_000] },
    nodeRefuses: 'sendBufferBytes',
  },
  {
    options: { receiveBufferBytes: 30_000 },
    socket: { receiveBuffer: [60_000] },
    nodeRefuses: 'receiveBufferBytes',
  },
  {
    options: { userTimeoutMs: 12_345 },
    socket: { userTimeout: [12_345] },
    nodeRefuses: 'userTimeoutMs',
  },
];

/** A contract whose tests look at sockets from outside; without the tools for that it is skipped aloud. */
function contractWithTools(title: string, body: (rig: Rig) => void): void {
  if (CAN_READ_OPTIONS) contract(title, body);
  else
    describe.skip(`${title} (ss(8) and perl are needed to read it)`, () => it('holds', () => {}));
}

contract('a TCP option', (rig) => {
  const cases = ENDS.flatMap(([end, open]) =>
    CASES.map((row) => ({ ...row, end, open, title: JSON.stringify(row.options) })),
  );

  it.for(cases)(
    '$title holds for $end connection',
    async ({ options, socket, open, ...row }, { skip }) => {
      if (!rig.native && row.nodeRefuses !== undefined) {
        const error = await open(rig, options).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(UnsupportedError);
        expect((error as UnsupportedError).feature).toBe(row.nodeRefuses);
        return;
      }
      if (!CAN_READ_OPTIONS) skip('ss(8) and perl are needed to read socket options');
      const key = await open(rig, options);
      for (const [name, value] of Object.entries(socket)) {
        expect(readSocketOption(key, name as OptionName), name).toEqual(value);
      }
    },
  );

  it('can be asked for and changed while the connection is open', async ({ skip }) => {
    if (!CAN_READ_OPTIONS) skip('ss(8) and perl are needed to read socket options');
    const { client, server } = await pair(rig, { connect: { noDelay: false, keepAlive: true } });
    const key = {
      localPort: portIn(client.transport.getHost()),
      remotePort: portIn(server.transport.getHost()),
    };
    expect([client.tcp.getTcpNoDelay(), client.tcp.getTcpKeepAlive()]).toEqual([false, true]);
    expect([server.tcp.getTcpNoDelay(), server.tcp.getTcpKeepAlive()]).toEqual([true, false]);
    client.tcp.setTcpNoDelay(true);
    client.tcp.setTcpKeepAlive(false);
    expect([client.tcp.getTcpNoDelay(), client.tcp.getTcpKeepAlive()]).toEqual([true, false]);
    expect(readSocketOption(key, 'noDelay')).toEqual([1]);
    expect(readSocketOption(key, 'keepAlive')).toEqual([0]);
    client.tcp.setTcpNoDelay(false);
    client.tcp.setTcpKeepAlive(true);
    expect(readSocketOption(key, 'noDelay')).toEqual([0]);
    expect(readSocketOption(key, 'keepAlive')).toEqual([1]);
  });

  it('may be asked for and changed after the end, to no effect', async () => {
    const { client } = await pair(rig);
    client.transport.abortConnection();
    await client.lost();
    client.tcp.setTcpNoDelay(false);
    client.tcp.setTcpKeepAlive(true);
    expect(client.tcp.getTcpNoDelay()).toBeTypeOf('boolean');
    expect(client.tcp.getTcpKeepAlive()).toBeTypeOf('boolean');
  });

  it.each([undefined, null, 1, 'true'])('is not set to %s', async (value) => {
    const { client } = await pair(rig);
    expect(() => client.tcp.setTcpNoDelay(value as never)).toThrow(InvalidArgumentTypeError);
    expect(() => client.tcp.setTcpKeepAlive(value as never)).toThrow(InvalidArgumentTypeError);
  });

  it('lingerSeconds 0 makes a clean close a reset', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const { protocol, peer } = await served(rig, new Recorder(), { lingerSeconds: 0 });
    protocol.transport.loseConnection();
    await peer.until(() => peer.closed, 'close');
    expect(peer.error?.code).toBe('ECONNRESET');
    expect((await protocol.lost()).name).toBe('ConnectionDone');
  });
});

contractWithTools("a listener's option", (rig) => {
  const read = (options: ListenTCPOptions, name: OptionName): number[] => {
    const listening = rig.reactor.listenTCP(0, recorders(), options);
    return readSocketOption({ localPort: portOf(listening), remotePort: 0 }, name);
  };

  /** Runs on reactors that can; on the others, expects the refusal. */
  const ifSupported = (feature: string, options: ListenTCPOptions, check: () => void): void => {
    if (rig.native) {
      check();
      return;
    }
    try {
      rig.reactor.listenTCP(0, recorders(), options);
    } catch (error) {
      expect(error).toBeInstanceOf(UnsupportedError);
      expect((error as UnsupportedError).feature).toBe(feature);
      return;
    }
    check();
  };

  it('reuseAddress is on by default', () => {
    expect(read({}, 'reuseAddress')).toEqual([1]);
    expect(read({ reuseAddress: true }, 'reuseAddress')).toEqual([1]);
  });

  it('reuseAddress can be turned off', () => {
    ifSupported('reuseAddress', { reuseAddress: false }, () => {
      expect(read({ reuseAddress: false }, 'reuseAddress')).toEqual([0]);
    });
  });

  it('reusePort is off by default and can be turned on', () => {
    expect(read({}, 'reusePort')).toEqual([0]);
    ifSupported('reusePort', { reusePort: true }, () => {
      expect(read({ reusePort: true }, 'reusePort')).toEqual([1]);
    });
  });

  it('ipv6Only is off by default and can be turned on', () => {
    expect(read({ interface: '::' }, 'ipv6Only')).toEqual([0]);
    expect(read({ interface: '::', ipv6Only: true }, 'ipv6Only')).toEqual([1]);
  });

  it('fastOpenQueue sets how many wait with their data', () => {
    ifSupported('fastOpenQueue', { fastOpenQueue: 9 }, () => {
      expect(read({ fastOpenQueue: 9 }, 'fastOpen')).toEqual([9]);
    });
  });

  it('deferAcceptMs accepts only once data came', async () => {
    const options = { interface: '127.0.0.1', deferAcceptMs: 5_000 };
    if (!rig.native) {
      ifSupported('deferAcceptMs', options, () => expect.unreachable('node can not defer'));
      return;
    }
    expect(read({ deferAcceptMs: 1 }, 'deferAccept')[0]).toBeGreaterThan(0);
    const factory = recorders();
    const listening = rig.reactor.listenTCP(0, factory, options);
    const silent = rig.use(await RawPeer.connect(portOf(listening)));
    const talker = rig.use(await RawPeer.connect(portOf(listening)));
    talker.write('hello');
    const protocol = await factory.protocol();
    expect((await protocol.receive(5)).toString()).toBe('hello');
    expect(factory.built).toHaveLength(1);
    silent.write('me too');
    await (await factory.protocol(1)).receive(6);
  });
});

contractWithTools("a connector's option", (rig) => {
  it('fastOpen still connects, and sends written bytes at once', async () => {
    const raw = rig.use(await RawServer.listen());
    const factory = recorders({ connectionMade: (self) => self.transport.write('early') });
    const options = { fastOpen: true };
    if (!rig.native) {
      expect(() => rig.reactor.connectTCP('127.0.0.1', raw.port, factory, options)).toThrow(
        expect.objectContaining({ name: 'UnsupportedError', feature: 'fastOpen' }),
      );
      expect(factory.log).toEqual([]);
      return;
    }
    rig.reactor.connectTCP('127.0.0.1', raw.port, factory, options);
    const peer = await raw.peer();
    expect((await peer.receive(5)).toString()).toBe('early');
    const key = { localPort: peer.remotePort, remotePort: raw.port };
    expect(readSocketOption(key, 'fastOpenConnect')).toEqual([1]);
    const data = patterned(500_000);
    peer.write(data);
    const protocol = await factory.protocol();
    expect((await protocol.receive(data.length)).equals(data)).toBe(true);
  });
});

contract('an option that is wrong', (rig) => {
  const wrongTypes: readonly (readonly [string, unknown])[] = [
    ['noDelay', 1],
    ['noDelay', 'true'],
    ['keepAlive', 5],
    ['keepAlive', 'yes'],
    ['keepAlive', { idleMs: '5' }],
    ['keepAlive', { intervalMs: '5' }],
    ['keepAlive', { count: '5' }],
    ['lingerSeconds', '1'],
    ['sendBufferBytes', true],
    ['receiveBufferBytes', {}],
    ['userTimeoutMs', '1'],
  ];
  const wrongValues: readonly (readonly [string, unknown])[] = [
    ['keepAlive', { idleMs: -1 }],
    ['keepAlive', { idleMs: Number.NaN }],
    ['keepAlive', { intervalMs: -1 }],
    ['keepAlive', { count: 0 }],
    ['keepAlive', { count: 2 ** 40 }],
    ['lingerSeconds', -1],
    ['lingerSeconds', 1e12],
    ['sendBufferBytes', 0],
    ['sendBufferBytes', 2 ** 31],
    ['receiveBufferBytes', -5],
    ['userTimeoutMs', 2 ** 32],
    ['userTimeoutMs', 1.5],
  ];
  const listenTypes = [
    ['interface', 5],
    ['backlog', '5'],
    ['reuseAddress', 1],
    ['reusePort', 'on'],
    ['ipv6Only', 0],
    ['fastOpenQueue', '5'],
    ['deferAcceptMs', '5'],
  ] as const;
  const listenValues = [
    ['backlog', -1],
    ['backlog', 1.5],
    ['backlog', Number.NaN],
    ['fastOpenQueue', -1],
    ['deferAcceptMs', -1],
    ['deferAcceptMs', Number.NaN],
  ] as const;

  const expectRefused = (
    attempt: (factory: ReturnType<typeof recorders>) => void,
    ErrorClass: typeof InvalidArgumentTypeError | typeof InvalidArgumentValueError,
  ): void => {
    const factory = recorders();
    expect(() => attempt(factory)).toThrow(ErrorClass);
    expect(factory.log).toEqual([]);
  };

  it.each(wrongTypes)('%s: %j is refused by type', (name, value) => {
    const options = { [name]: value };
    expectRefused(
      (factory) => void rig.reactor.listenTCP(0, factory, options),
      InvalidArgumentTypeError,
    );
    expectRefused(
      (factory) => void rig.reactor.connectTCP('127.0.0.1', 9, factory, options),
      InvalidArgumentTypeError,
    );
  });

  it.each(wrongValues)('%s: %j is refused by value', (name, value) => {
    const options = { [name]: value };
    expectRefused(
      (factory) => void rig.reactor.listenTCP(0, factory, options),
      InvalidArgumentValueError,
    );
    expectRefused(
      (factory) => void rig.reactor.connectTCP('127.0.0.1', 9, factory, options),
      InvalidArgumentValueError,
    );
  });

  it.each(listenTypes)('of a listener, %s: %j, is refused by type', (name, value) => {
    expectRefused((factory) => {
      rig.reactor.listenTCP(0, factory, { [name]: value });
    }, InvalidArgumentTypeError);
  });

  it.each(listenValues)('of a listener, %s: %j, is refused by value', (name, value) => {
    expectRefused((factory) => {
      rig.reactor.listenTCP(0, factory, { [name]: value });
    }, InvalidArgumentValueError);
  });

  it.each([null, 5, 'x'])('because there are none: %s', (options) => {
    expectRefused(
      (factory) => void rig.reactor.listenTCP(0, factory, options as never),
      InvalidArgumentTypeError,
    );
    expectRefused(
      (factory) => void rig.reactor.connectTCP('127.0.0.1', 9, factory, options as never),
      InvalidArgumentTypeError,
    );
  });
});
