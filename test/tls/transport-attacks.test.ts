/** What a peer, or a protocol, can do to the transport above another one. */
import { expect, it } from 'vitest';
import type { StreamTransport } from '../../src/reactor/streams/stream-transport.js';
import type { TLSEngine, TLSEngineListener } from '../../src/tls/engine.js';
import { Handshakes } from '../../src/tls/handshakes.js';
import { SecuredConnection } from '../../src/tls/secured-connection.js';
import { TLSTransport } from '../../src/tls/tls-transport.js';
import { contract, type Rig } from '../support/contract.js';
import { served } from '../support/pairs.js';
import { Recorder } from '../support/recorder.js';

const MiB = 1024 * 1024;

/** An engine that encrypts nothing. */
class ClearEngine implements TLSEngine {
  readonly kind = 'node';
  readonly bufferedBytes = 0;
  readonly state = undefined;
  readonly listener: TLSEngineListener;
  receivedBytes = 0;

  constructor(listener: TLSEngineListener) {
    this.listener = listener;
  }

  start(): void {}

  receive(bytes: Buffer): void {
    this.receivedBytes += bytes.byteLength;
  }

  write(bytes: Buffer): void {
    this.listener.ciphertext(bytes, false);
  }

  flush(): void {}
  close(): void {}
  refuse(): void {}
  destroy(): void {}

  exportKeyingMaterial(): Buffer {
    throw new Error('there are no keys');
  }
}

/** A recorder whose transport is one above the reactor's, with an engine of the test. */
class Secured<Engine extends TLSEngine> extends Recorder {
  readonly engine: Promise<Engine>;
  select: ((context: object | null) => void) | undefined = undefined;

  constructor(Class: new (listener: TLSEngineListener) => Engine) {
    super();
    let made: (engine: Engine) => void = () => {};
    this.engine = new Promise((resolve) => {
      made = resolve;
    });
    this.hooks = {
      connectionMade: () => {
        const connection = new SecuredConnection(
          {
            role: 'server',
            presentsCertificate: false,
            handshakes: new Handshakes(0, 10),
            select: () =>
              new Promise((resolve) => {
                this.select = resolve;
              }),
            keysLogged() {},
          },
          'node',
          '',
        );
        const below = this.transport as unknown as StreamTransport;
        const secured = new TLSTransport(below, connection, (listener) => {
          const engine = new Class(listener);
          made(engine);
          return engine;
        });
        secured.begin();
        this.transport = secured;
      },
    };
  }
}

/** Settles when `value` is more than 0 and has not changed for many turns. */
async function settled(rig: Rig, value: () => number): Promise<void> {
  for (let before = 0; before === 0 || before !== value(); ) {
    before = value();
    await rig.turns(50);
  }
}

contract('TLSTransport', (rig) => {
  it('does not read a peer that makes it reply and does not read the replies', async () => {
    class Replying extends ClearEngine {
      mostBuffered = 0;

      override start(): void {
        this.listener.handshakeCompleted();
      }

      override receive(bytes: Buffer): void {
        super.receive(bytes);
        this.listener.ciphertext(Buffer.from(bytes), true);
        const { bufferedBytes } = this.listener as TLSTransport;
        this.mostBuffered = Math.max(this.mostBuffered, bufferedBytes);
      }
    }
    const server = new Secured(Replying);
    const { peer } = await served(rig, server);
    const engine = await server.engine;
    peer.socket.pause();
    peer.write(Buffer.alloc(32 * MiB));
    await settled(rig, () => engine.receivedBytes);
    peer.socket.resume();
    await peer.receive(32 * MiB);
    expect(engine.mostBuffered).toBeLessThan(MiB / 2);
    peer.reset();
    await server.lost();
  });

  it('does not read while a context is awaited', async () => {
    class Asking extends ClearEngine {
      asked = false;

      override receive(bytes: Buffer): void {
        super.receive(bytes);
        if (this.asked) return;
        this.asked = true;
        this.listener.contextRequested('server.example', () => {});
      }
    }
    const server = new Secured(Asking);
    const { peer } = await served(rig, server);
    const engine = await server.engine;
    peer.write(Buffer.alloc(16 * MiB));
    await settled(rig, () => engine.receivedBytes);
    expect(engine.receivedBytes).toBeLessThan(MiB);
    server.select?.({});
    while (engine.receivedBytes < 16 * MiB) await rig.turns(1);
    expect(engine.receivedBytes).toBe(16 * MiB);
    peer.reset();
    await server.lost();
  });

  it('takes one producer after another while nothing can be sent', async () => {
    class Open extends ClearEngine {
      override start(): void {
        this.listener.handshakeCompleted();
      }
    }
    const server = new Secured(Open);
    const { peer } = await served(rig, server);
    await server.engine;
    peer.socket.pause();
    const { transport } = server;
    const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };
    for (let i = 0; i < 3; i++) {
      transport.registerProducer(producer, true);
      transport.write(Buffer.alloc(8 * MiB));
      await rig.turns(3);
      transport.unregisterProducer();
    }
    peer.socket.resume();
    await peer.receive(24 * MiB);
    peer.reset();
    await server.lost();
  });
});
