/** Twisted at the other end of TLS and of STARTTLS, in both roles. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ConnectionDone, LineReceiver, PlaintextBeforeTLSError } from '../../../src/index.js';
import {
  connectTLS,
  listenTLS,
  type TLSClientContext,
  type TLSServerContext,
} from '../../../src/tls/index.js';
import { portOf, type Rig } from '../../support/contract.js';
import { Pulse } from '../../support/deadline.js';
import { PeerProgram, TWISTED_PYTHON } from '../../support/peers.js';
import { clientContext, HOSTNAME, serverContext } from '../../tls/secured.js';
import { HOST } from '../peer-files.js';
import { IDENTITY, overEngines, ROOT } from './rig.js';

const AVAILABLE =
  TWISTED_PYTHON !== undefined &&
  spawnSync(TWISTED_PYTHON, ['-c', 'import OpenSSL'], { stdio: 'ignore' }).status === 0;
if (!AVAILABLE) console.warn('skipped: there is no Python with Twisted and pyOpenSSL here');

/** Lines, with what is known of the connection. */
class Lines extends LineReceiver {
  readonly lines: string[] = [];
  readonly pulse = new Pulse();
  reason: Error | undefined = undefined;
  secured = false;

  override lineReceived(line: Buffer): void {
    this.lines.push(line.toString());
    this.pulse.notify();
  }

  handshakeCompleted(): void {
    this.secured = true;
    this.pulse.notify();
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    this.pulse.notify();
  }

  async lost(): Promise<Error> {
    await this.pulse.until(() => this.reason !== undefined, 'connectionLost');
    return this.reason as Error;
  }

  async heard(line: string): Promise<void> {
    const soFar = (): string => `${line}; so far: ${this.lines}, ${this.reason}`;
    await this.pulse.until(() => this.lines.includes(line), soFar);
  }
}

class Server extends Lines {
  readonly #context: TLSServerContext | undefined;

  constructor(context?: TLSServerContext) {
    super();
    this.#context = context;
  }

  override lineReceived(line: Buffer): void {
    super.lineReceived(line);
    if (String(line) === 'STARTTLS' && this.#context !== undefined) {
      this.sendLine('READY');
      this.transport.startTLS(this.#context);
    } else this.sendLine(`${this.transport.tls === undefined ? 'public' : 'secret'} ${line}`);
  }
}

class Client extends Lines {
  readonly #context: TLSClientContext;

  constructor(context: TLSClientContext) {
    super();
    this.#context = context;
  }

  override connectionMade(): void {
    this.sendLine('flax');
  }

  override lineReceived(line: Buffer): void {
    super.lineReceived(line);
    if (String(line) === 'public flax') this.sendLine('STARTTLS');
    if (String(line) !== 'READY') return;
    this.transport.startTLS(this.#context, { hostname: HOSTNAME });
    this.sendLine('hemp');
  }
}

/** A server's protocol, and a Twisted client of it. */
async function serveTwisted(protocol: Lines, port: number, mode: string): Promise<PeerProgram> {
  const peer = await PeerProgram.python('twisted_tls', mode, String(port), HOSTNAME, ROOT);
  await protocol.lost();
  await peer.until(() => !peer.running, 'to end');
  return peer;
}

async function twistedServer(mode: string): Promise<PeerProgram & { port: number }> {
  const peer = await PeerProgram.python('twisted_tls', mode, IDENTITY);
  return Object.assign(peer, { port: Number(/ready (\d+)/.exec(peer.stdout)?.[1]) });
}

function listenTCP(rig: Rig, protocol: Lines): number {
  return portOf(rig.reactor.listenTCP(0, () => protocol, { interface: HOST }));
}

describe.skipIf(!AVAILABLE)('with Twisted', () => {
  overEngines('TLS', (rig, engine) => {
    it('serves it', async () => {
      const server = new Server();
      const context = serverContext({ engine });
      const port = portOf(listenTLS(rig.reactor, 0, () => server, context, { interface: HOST }));
      await using peer = await serveTwisted(server, port, 'connect');
      expect(peer.stdout).toBe('ready\nsecured\nline secret hemp\nlost ConnectionDone\n');
      expect(server.reason).toBeInstanceOf(ConnectionDone);
    });

    it('is served by it', async () => {
      await using peer = await twistedServer('serve');
      const client = new Lines();
      const context = clientContext({ engine });
      connectTLS(rig.reactor, HOST, peer.port, () => client, context, { hostname: HOSTNAME });
      await client.pulse.until(() => client.secured, 'the handshake');
      client.sendLine('hemp');
      await client.heard('secret hemp');
      client.transport.loseConnection();
      expect(await client.lost()).toBeInstanceOf(ConnectionDone);
      await peer.until(() => peer.stdout.includes('lost ConnectionDone'), 'to hear a clean end');
    });
  });

  overEngines('STARTTLS', (rig, engine) => {
    it('serves it', async () => {
      const server = new Server(serverContext({ engine }));
      const port = listenTCP(rig, server);
      await using peer = await serveTwisted(server, port, 'connect-starttls');
      expect(peer.stdout).toMatch(
        /^ready\nline public flax\nline READY\nsecured\nline secret hemp\nlost ConnectionDone\n$/,
      );
      expect(server.lines).toEqual(['flax', 'STARTTLS', 'hemp']);
      expect(server.secured).toBe(true);
      expect(server.reason).toBeInstanceOf(ConnectionDone);
    });

    it('is served by it', async () => {
      await using peer = await twistedServer('serve-starttls');
      const client = new Client(clientContext({ engine }));
      rig.reactor.connectTCP(HOST, peer.port, () => client);
      await client.heard('secret hemp');
      expect(client.secured).toBe(true);
      client.transport.loseConnection();
      expect(await client.lost()).toBeInstanceOf(ConnectionDone);
      await peer.until(() => peer.stdout.includes('lost ConnectionDone'), 'to hear a clean end');
    });

    it('ends the connection of a client that smuggles text before the handshake', async () => {
      const server = new Server(serverContext({ engine }));
      await using _peer = await serveTwisted(server, listenTCP(rig, server), 'smuggle');
      expect(server.lines).toEqual(['STARTTLS']);
      expect(server.reason).toBeInstanceOf(PlaintextBeforeTLSError);
      expect(server.reason).toMatchObject({ bytes: 'smuggled\r\n'.length });
    });

    it('ends the connection to a server that smuggles text before the handshake', async () => {
      await using peer = await twistedServer('smuggle-starttls');
      const client = new Client(clientContext({ engine }));
      rig.reactor.connectTCP(HOST, peer.port, () => client);
      expect(await client.lost()).toBeInstanceOf(PlaintextBeforeTLSError);
      expect(client.lines).toEqual(['public flax', 'READY']);
    });
  });
});
