/** Two protocols connected with each other: over sockets of each reactor, over a simulated network, over memory. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { InvalidArgumentTypeError, UnknownOptionError } from '../../src/core/errors/arguments.js';
import { ConnectionRefusedError } from '../../src/core/errors/connecting.js';
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
} from '../../src/core/errors/connection.js';
import { CannotListenError } from '../../src/core/errors/listening.js';
import { Protocol } from '../../src/core/protocol.js';
import { CancelledError } from '../../src/defer/errors.js';
import { FrameReceiver } from '../../src/framing/frame-receiver.js';
import { LengthPrefixDecoder } from '../../src/framing/length-prefix.js';
import { AccumulatingProtocol } from '../../src/testing/accumulating-protocol.js';
import {
  assertNoResult,
  failureResultOf,
  successResultOf,
} from '../../src/testing/deferred-results.js';
import { joinProtocols } from '../../src/testing/io-pump.js';
import { loopbackAsync, loopbackTCP, loopbackUNIX } from '../../src/testing/loopback.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';
import {
  collapsingPumpPolicy,
  identityPumpPolicy,
  type PumpPolicy,
} from '../../src/testing/pump-policy.js';
import { RaisingMemoryReactor } from '../../src/testing/raising-memory-reactor.js';
import { Simulation } from '../../src/testing/simulation/simulation.js';
import { contract } from '../support/contract.js';
import { within } from '../support/deadline.js';

/** Answers each byte string, and closes on `bye`. */
class Server extends AccumulatingProtocol {
  override connectionMade(): void {
    super.connectionMade();
    this.transport.write('hello ');
  }

  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    if (this.text.endsWith('bye')) this.transport.loseConnection();
  }
}

class Client extends AccumulatingProtocol {
  override dataReceived(data: Buffer): void {
    super.dataReceived(data);
    if (this.text === 'hello ') this.transport.write('bye');
  }
}

/** Keeps the pieces that it receives apart. */
class Pieces extends Protocol {
  readonly pieces: string[] = [];

  override dataReceived(data: Buffer): void {
    this.pieces.push(data.toString());
  }
}

class Stutterer extends Protocol {
  override connectionMade(): void {
    for (const text of ['one', 'two', 'three']) this.transport.write(text);
    this.transport.loseConnection();
  }
}

/** @returns A folder for temporary files of this test alone. */
function ownTemporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  return folder;
}

contract('loopback', (rig) => {
  it.each([
    ['loopbackTCP', loopbackTCP],
    ['loopbackUNIX', loopbackUNIX],
    ['loopbackAsync', loopbackAsync],
  ])('%s fires when both ends are gone, with the reasons', async (_name, loopback) => {
    const [server, client] = [new Server(), new Client()];
    const reasons = await within(loopback(rig.reactor, server, client), 'the end');
    expect([server.text, client.text]).toEqual(['bye', 'hello ']);
    expect(reasons.server).toBeInstanceOf(ConnectionDone);
    expect(reasons.client).toBeInstanceOf(ConnectionDone);
    expect([server.closedReason, client.closedReason]).toEqual([reasons.server, reasons.client]);
    expect(rig.reactor.statistics().connectionsOpen).toBe(0);
  });

  it('gives the protocols the transports of the reactor', async () => {
    const [server, client] = [new Server(), new Client()];
    const done = loopbackTCP(rig.reactor, server, client, { host: '127.0.0.1' });
    await within(client.onConnectionMade, 'a connection');
    expect(client.transport.getPeer()).toMatchObject({ type: 'TCP', host: '127.0.0.1' });
    await within(done, 'the end');
  });

  it('aborts both ends where it is cancelled', async () => {
    const [server, client] = [new AccumulatingProtocol(), new AccumulatingProtocol()];
    const done = loopbackTCP(rig.reactor, server, client);
    await within(Promise.all([server.onConnectionMade, client.onConnectionMade]), 'a connection');
    done.cancel();
    expect(failureResultOf(done)).toBeInstanceOf(CancelledError);
    expect(await within(client.onConnectionLost, 'the end')).toBeInstanceOf(ConnectionAborted);
    await within(server.onConnectionLost, 'the end of the server');
  });
});

describe('loopbackTCP', () => {
  it('goes over a simulated network, too', async () => {
    const simulation = new Simulation();
    const [server, client] = [new Server(), new Client()];
    await simulation.run(loopbackTCP(simulation.host('one'), server, client));
    await simulation.run(loopbackUNIX(simulation.host('one'), new Server(), new Client()));
    expect(client.text).toBe('hello ');
  });

  it('closes its port if the connection is not made', () => {
    const reactor = new MemoryReactor();
    const done = loopbackTCP(reactor, new Server(), new Client());
    assertNoResult(done);
    reactor.tcpClients[0]?.refuse();
    reactor.advance(0);
    expect(failureResultOf(done)).toBeInstanceOf(ConnectionRefusedError);
    expect(reactor.tcpServers[0]?.listeningPort.listening).toBe(false);
  });

  it('turns others away that connect to its port', () => {
    const reactor = new MemoryReactor();
    const server = new Server();
    void loopbackTCP(reactor, server, new Client());
    const port = reactor.tcpServers[0];
    expect(port?.connect().text).toBe('hello ');
    expect(port?.connect().connected).toBe(false);
  });

  it('throws errors of listening or connecting, and leaves nothing open', () => {
    const listenError = new CannotListenError({ interface: '', port: 80 });
    const deaf = new RaisingMemoryReactor({ listenError });
    const folder = ownTemporaryFolder();
    expect(() => loopbackTCP(deaf, new Server(), new Client())).toThrow(listenError);
    expect(() => loopbackUNIX(deaf, new Server(), new Client())).toThrow(listenError);
    const connectError = new Error('no');
    const lame = new RaisingMemoryReactor({ connectError });
    expect(() => loopbackTCP(lame, new Server(), new Client())).toThrow(connectError);
    expect(() => loopbackUNIX(lame, new Server(), new Client())).toThrow(connectError);
    expect([...lame.ports]).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses invalid protocols, and unknown options', () => {
    const reactor = new MemoryReactor();
    for (const wrong of [undefined, null, {}, () => new Server()]) {
      expect(() => loopbackTCP(reactor, wrong as never, new Client())).toThrow(
        InvalidArgumentTypeError,
      );
    }
    expect(() => loopbackTCP(reactor, new Server(), new Client(), { hots: '' } as never)).toThrow(
      UnknownOptionError,
    );
    expect([...reactor.ports]).toEqual([]);
  });
});

describe('loopbackAsync', () => {
  it('accepts a manual clock', () => {
    const clock = new ManualClock();
    const [server, client] = [new Server(), new Client()];
    const done = loopbackAsync(clock, server, client);
    assertNoResult(done);
    clock.advance(0);
    expect(successResultOf(done)).toMatchObject({ server: expect.any(ConnectionDone) });
    expect([server.text, client.text]).toEqual(['bye', 'hello ']);
  });

  it('has the requested faults, determined by the seed', () => {
    const clock = new ManualClock();
    const faults = { latencyMs: 100, reset: 1 };
    const done = loopbackAsync(clock, new Server(), new Client(), { faults, seed: 4 });
    for (let i = 0; i < 40 && done.fired === false; i++) clock.advance(100);
    expect(clock.now()).toBeGreaterThanOrEqual(200);
    successResultOf(done);
    const refused = loopbackAsync(clock, new Server(), new Client(), {
      faults: { connectFailure: 1 },
    });
    clock.advance(1000);
    failureResultOf(refused);
  });

  it('lets a protocol be half-closed if it has the methods', () => {
    const clock = new ManualClock();
    const log: string[] = [];
    class Half extends AccumulatingProtocol {
      readConnectionLost(): void {
        log.push('read');
        this.transport.write('answer');
        this.transport.loseConnection();
      }
      writeConnectionLost(): void {
        log.push('write');
      }
    }
    const [server, client] = [new Half(), new Half()];
    const done = loopbackAsync(clock, server, client);
    clock.advance(0);
    client.transport.write('question');
    client.transport.loseWriteConnection();
    clock.advance(0);
    successResultOf(done);
    expect([server.text, client.text]).toEqual(['question', 'answer']);
    expect(log).toEqual(['write', 'read', 'read']);
  });

  it('passes errors of the protocols to reportError', () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const error = new Error('out of dataReceived');
    class Thrower extends Client {
      override dataReceived(): void {
        throw error;
      }
    }
    const done = loopbackAsync(clock, new Server(), new Thrower(), {
      reportError: (reported) => errors.push(reported),
    });
    clock.advance(0);
    expect(errors).toEqual([error]);
    expect(successResultOf(done)).toEqual({ server: expect.any(ConnectionDone), client: error });
  });

  it('lends bytes to a protocol that accepts them', () => {
    const clock = new ManualClock();
    const frames: string[] = [];
    class Frames extends FrameReceiver {
      constructor() {
        super(new LengthPrefixDecoder(8));
      }
      override frameReceived(frame: Buffer): void {
        frames.push(frame.toString());
      }
    }
    class Sender extends Protocol {
      override connectionMade(): void {
        this.transport.write('\x03one\x03tw');
        this.transport.write('o');
        this.transport.loseConnection();
      }
    }
    successResultOf(
      (() => {
        const done = loopbackAsync(clock, new Frames(), new Sender());
        clock.advance(0);
        return done;
      })(),
    );
    expect(frames).toEqual(['one', 'two']);
  });

  it('refuses an invalid clock, policy or seed', () => {
    const clock = new ManualClock();
    const start = (options: object): (() => unknown) => {
      return () => loopbackAsync(clock, new Server(), new Client(), options);
    };
    expect(() => loopbackAsync({} as never, new Server(), new Client())).toThrow(TypeError);
    expect(start({ pumpPolicy: 'identity' })).toThrow(TypeError);
    expect(start({ reportError: 7 })).toThrow(TypeError);
    expect(start({ seed: -1 })).toThrow(RangeError);
    expect(start({ fault: {} })).toThrow(UnknownOptionError);
    expect(clock.getDelayedCalls()).toEqual([]);
  });
});

const bytewise: PumpPolicy = (writes) =>
  [...Buffer.concat(writes)].map((byte) => Uint8Array.of(byte));

describe.each<[string, PumpPolicy | undefined, string[]]>([
  ['no policy', undefined, ['one', 'two', 'three']],
  ['identityPumpPolicy', identityPumpPolicy, ['one', 'two', 'three']],
  ['collapsingPumpPolicy', collapsingPumpPolicy, ['onetwothree']],
  ['a policy of one’s own', bytewise, [...'onetwothree']],
])('%s', (_name, pumpPolicy, expected) => {
  const options = pumpPolicy === undefined ? {} : { pumpPolicy };

  it('makes the pieces of loopbackAsync', () => {
    const clock = new ManualClock();
    const client = new Pieces();
    const done = loopbackAsync(clock, new Stutterer(), client, options);
    clock.advance(0);
    successResultOf(done);
    expect(client.pieces).toEqual(expected);
  });

  it('makes the pieces of joinProtocols, and of a simulation', () => {
    const client = new Pieces();
    joinProtocols(new Stutterer(), client, options).flush();
    expect(client.pieces).toEqual(expected);
    const simulation = new Simulation(options);
    const far = new Pieces();
    simulation.host('a').listenTCP(80, Stutterer);
    simulation.host('b').connectTCP('a', 80, () => far);
    simulation.runSync();
    expect(far.pieces).toEqual(expected);
  });
});

describe('a pump policy', () => {
  it('may not lose or add bytes', () => {
    const short = joinProtocols(new AccumulatingProtocol(), new AccumulatingProtocol(), {
      pumpPolicy: () => [],
    });
    short.clientTransport.write('lost');
    expect(() => short.flush()).toThrow('the result of pumpPolicy');
    expect(() => new Simulation({ pumpPolicy: 7 as never })).toThrow(TypeError);
  });

  it('gets the writes of a turn, and bytes that wait for room', () => {
    const seen: string[][] = [];
    const pump = joinProtocols(new AccumulatingProtocol(), new AccumulatingProtocol(), {
      pumpPolicy: (writes) => {
        seen.push(writes.map(String));
        return writes;
      },
    });
    pump.clientTransport.write('a');
    pump.clientTransport.write('b');
    pump.flush();
    pump.clientTransport.write('c');
    pump.flush();
    expect(seen).toEqual([['a', 'b'], ['c']]);
  });

  it('does not see the end of a connection', () => {
    const server = new AccumulatingProtocol();
    const pump = joinProtocols(server, new AccumulatingProtocol(), {
      pumpPolicy: collapsingPumpPolicy,
    });
    pump.disconnect();
    expect(server.closedReason).toBeInstanceOf(ConnectionLost);
  });
});
