/** STARTTLS: connections that are secured while they are open, and data in clear around that moment. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConnectionLost,
  InvalidArgumentTypeError,
  LimitUnsentBytesFactory,
  LineReceiver,
  ProtocolWrapper,
  ShapingFactory,
  type StreamProtocol,
  TimeoutFactory,
  TLSContextError,
  TrafficLoggingFactory,
  type Transport,
  TransportUpgradedError,
  UnknownOptionError,
} from '../../src/index.js';
import { sendsFiles } from '../../src/internal/sends-files.js';
import { MemoryTransport } from '../../src/testing/index.js';
import { within } from '../support/deadline.js';
import { clientContext, HOSTNAME, KINDS, Network, serverContext, Talker } from './secured.js';

/** A server of lines that secures the connection when it is asked to. */
class Lines extends LineReceiver {
  readonly log: string[] = [];
  reason: Error | undefined = undefined;
  onEnd: () => void = () => {};
  readonly #secure: (transport: Transport) => Transport;

  constructor(secure: (transport: Transport) => Transport) {
    super();
    this.#secure = secure;
  }

  override connectionMade(): void {
    this.log.push('made');
  }

  override lineReceived(line: Buffer): void {
    this.log.push(`${this.transport.tls === undefined ? 'clear' : 'secret'} ${line}`);
    if (String(line) === 'STARTTLS') {
      this.sendLine('go ahead');
      const before = this.transport;
      const after = this.#secure(before);
      if (after !== before) expect(this.transport).toBe(after);
    } else this.sendLine(`you said ${line}`);
  }

  handshakeCompleted(): void {
    this.log.push('secured');
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    this.log.push(`lost ${reason.name}`);
    this.onEnd();
  }
}

/** A client that asks for TLS, and then says something. */
function asking(client: ReturnType<typeof clientContext>): Talker {
  return new Talker({
    made: (self) => self.transport.write('STARTTLS\r\n'),
    received(self) {
      if (self.transport.tls !== undefined || !self.text.includes('go ahead\r\n')) return;
      self.transport.startTLS(client, { hostname: HOSTNAME });
      self.transport.write('secret words\r\n');
    },
  });
}

describe.each(KINDS)('startTLS by $name', (kind) => {
  const { engine } = kind;
  const context = serverContext({ engine });
  const client = clientContext({ engine });
  let network: Network;

  beforeEach(() => {
    network = new Network(kind);
  });

  afterEach(() => network[Symbol.asyncDispose]());

  function serve(protocol: StreamProtocol): number {
    const { reactor } = network;
    return reactor.listenTCP(0, () => protocol, { interface: '127.0.0.1' }).getHost().port;
  }

  function connect<P extends StreamProtocol>(port: number, protocol: P): P {
    network.reactor.connectTCP('127.0.0.1', port, () => protocol);
    return protocol;
  }

  it('secures both ends of a live connection; the protocols stay', async () => {
    const lines = new Lines((transport) => transport.startTLS(context));
    const talker = connect(serve(lines), asking(client));
    await talker.received('you said secret words\r\n');
    expect(talker.text).toBe('go ahead\r\nyou said secret words\r\n');
    expect(talker.log).toEqual(['made', 'secured']);
    expect(lines.log).toEqual(['made', 'clear STARTTLS', 'secured', 'secret secret words']);
    const ended = new Promise<void>((resolve) => {
      lines.onEnd = resolve;
    });
    talker.transport.loseConnection();
    await within(ended, 'the end');
    expect(lines.reason?.name).toBe('ConnectionDone');
    expect((await talker.lost()).name).toBe('ConnectionDone');
  });

  it('refuses commands that were injected behind STARTTLS', async () => {
    const lines = new Lines((transport) => transport.startTLS(context));
    const talker = connect(
      serve(lines),
      new Talker({ made: (self) => self.transport.write('STARTTLS\r\ninjected\r\n') }),
    );
    await talker.lost();
    expect(lines.log).toEqual(['made', 'clear STARTTLS', 'lost PlaintextBeforeTLSError']);
    expect(lines.reason).toMatchObject({ bytes: 10 });
    expect(talker.text).toBe('go ahead\r\n');
  });

  it('refuses answers that were injected behind the one to STARTTLS', async () => {
    const server = new Talker({
      received: (self) => self.transport.write('go ahead\r\ninjected\r\n'),
    });
    const lines = new (class extends Lines {
      override connectionMade(): void {
        this.sendLine('STARTTLS');
      }
      override lineReceived(line: Buffer): void {
        this.log.push(String(line));
        this.transport.startTLS(client, { hostname: HOSTNAME });
      }
    })(() => {
      throw new Error('not used');
    });
    const ended = new Promise<void>((resolve) => {
      lines.onEnd = resolve;
    });
    connect(serve(server), lines);
    await within(ended, 'the end');
    expect(lines.log).toEqual(['go ahead', 'lost PlaintextBeforeTLSError']);
    expect(lines.reason).toMatchObject({ bytes: 10 });
  });

  it('ends with an error if data in clear follows later', async () => {
    const lines = new Lines((transport) => transport.startTLS(context));
    const talker = connect(
      serve(lines),
      new Talker({
        made: (self) => self.transport.write('STARTTLS\r\n'),
        received: (self) => self.transport.write('in clear\r\n'),
      }),
    );
    await talker.lost();
    expect(lines.log).not.toContain('secret in clear');
    expect(lines.reason).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
  });

  it('leaves a transport that cannot send in clear any more', async () => {
    let old: Transport | undefined;
    const lines = new Lines((transport) => {
      old = transport;
      return transport.startTLS(context);
    });
    const talker = connect(serve(lines), asking(client));
    await talker.received('you said secret words');
    const former = old as Transport;
    expect(() => former.write('x')).toThrow(TransportUpgradedError);
    expect(() => former.writeSequence(['x'])).toThrow(TransportUpgradedError);
    expect(() => former.startTLS(context)).toThrow(TransportUpgradedError);
    expect(sendsFiles(former) && (() => former.sendFile(0, 0, 1))).toThrow(TransportUpgradedError);
    expect(former.getPeer()).toEqual(lines.transport.getPeer());
    expect(former.tls).toBe(lines.transport.tls);
    former.loseConnection();
    expect((await talker.lost()).name).toBe('ConnectionDone');
  });

  it('secures the transport below a wrapper, which remains', async () => {
    const lines = new Lines((transport) => transport.startTLS(context));
    const wrapper = new ProtocolWrapper(lines);
    const talker = connect(serve(wrapper), new ProtocolWrapper(asking(client)));
    await (talker.wrappedProtocol as Talker).received('you said secret words\r\n');
    expect(lines.transport).toBe(wrapper);
    expect(lines.log).toEqual(['made', 'clear STARTTLS', 'secured', 'secret secret words']);
    expect(wrapper.tls).toMatchObject({ role: 'server', handshakeComplete: true });
  });

  it('works behind policies, which send what they hold back before the handshake', async () => {
    const { reactor } = network;
    // The answer to STARTTLS has to wait for tokens, unless TLS begins.
    const slow = { perConnection: { bytesPerSecond: 1000, burstBytes: 1 } };
    const lines = new Lines((transport) => transport.startTLS(context));
    const factories = [
      new ShapingFactory(() => lines, { clock: reactor, write: slow }),
      new LimitUnsentBytesFactory(() => lines, { clock: reactor, maxBytes: 1_000_000 }),
      new TrafficLoggingFactory(() => lines, { log: () => {} }),
      new TimeoutFactory(() => lines, { clock: reactor, idleMs: 60_000 }),
    ];
    for (const factory of factories) {
      lines.log.length = 0;
      const ended = new Promise<void>((resolve) => {
        lines.onEnd = resolve;
      });
      const port = reactor.listenTCP(0, factory, { interface: '127.0.0.1' });
      const talker = connect(port.getHost().port, asking(client));
      await talker.received('you said secret words\r\n');
      expect(lines.log).toEqual(['made', 'clear STARTTLS', 'secured', 'secret secret words']);
      talker.transport.loseConnection();
      await talker.lost();
      await within(ended, 'the end');
    }
  });

  it('works over TLS, and over UNIX sockets', async () => {
    const inner = serverContext({ engine });
    const lines = new Lines((transport) => transport.startTLS(inner));
    const port = network.listen(context, () => lines);
    const talker = new Talker({
      made: (self) => self.transport.write('STARTTLS\r\n'),
      received(self) {
        if (self.text !== 'go ahead\r\n') return;
        self.transport.startTLS(client, { hostname: HOSTNAME });
        self.transport.write('twice\r\n');
      },
    });
    network.connect(port, client, talker);
    await talker.received('you said twice\r\n');
    expect(talker.log.filter((event) => event === 'secured')).toHaveLength(2);
    talker.transport.loseConnection();
    expect((await talker.lost()).name).toBe('ConnectionDone');
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-tls-'));
    try {
      const path = process.platform === 'win32' ? '\\\\.\\pipe\\ropewalk-tls' : join(folder, 's');
      const there = new Lines((transport) => transport.startTLS(context));
      network.reactor.listenUNIX(path, () => there);
      const here = asking(client);
      network.reactor.connectUNIX(path, () => here);
      await here.received('you said secret words\r\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is refused on a connection that is closing, and with wrong arguments', async () => {
    const talker = new Talker();
    const port = serve(new Talker());
    connect(port, talker);
    await talker.until('connectionMade', () => talker.log.length > 0);
    const { transport } = talker;
    expect(() => transport.startTLS(client)).toThrow(TLSContextError);
    expect(() => transport.startTLS(context, { hostname: 'x' })).toThrow(TLSContextError);
    expect(() => transport.startTLS({} as never)).toThrow(InvalidArgumentTypeError);
    expect(() => transport.startTLS(context, { received: 1 as never })).toThrow(
      'received must be a Buffer',
    );
    expect(() => transport.startTLS(client, { host: 'x' } as never)).toThrow(UnknownOptionError);
    expect(transport.tls).toBeUndefined();
    transport.loseConnection();
    expect(() => transport.startTLS(client, { hostname: HOSTNAME })).toThrow(ConnectionLost);
  });

  it('ends with a truncation if the peer ends without close_notify', async () => {
    const lines = new Lines((transport) => transport.startTLS(context));
    const talker = connect(
      serve(lines),
      new Talker({
        made: (self) => self.transport.write('STARTTLS\r\n'),
        received: (self) => self.transport.loseConnection(),
      }),
    );
    await talker.lost();
    await within(
      new Promise<void>((resolve) => {
        lines.onEnd = resolve;
        if (lines.reason !== undefined) resolve();
      }),
      'the end',
    );
    expect(lines.reason).toMatchObject({ code: 'ERR_TLS_TRUNCATED', handshakeComplete: false });
  });
});

describe.each(['node', 'native'] as const)('startTLS by %s in memory', (engine) => {
  it('exchanges ciphertext with whatever plays the other end', async () => {
    const [one, two] = [new MemoryTransport(), new MemoryTransport()];
    const server = new Talker({ received: (self) => self.transport.write(`echo ${self.text}`) });
    const client = new Talker();
    one.connect(server);
    two.connect(client);
    one.startTLS(serverContext({ engine }));
    two.startTLS(clientContext({ engine }), { hostname: HOSTNAME });
    client.transport.write('hello');
    for (let round = 0; round < 1000 && client.text === ''; round++) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const) {
        from.settle();
        const bytes = from.takeWritten();
        expect(bytes.includes('hello')).toBe(false);
        if (bytes.length > 0) to.receive(bytes);
      }
    }
    expect(client.text).toBe('echo hello');
    expect(() => one.write('in clear')).toThrow(TransportUpgradedError);
    client.transport.abortConnection();
    two.settle();
    expect(client.reason?.code).toBe('ERR_CONNECTION_ABORTED');
  });
});
