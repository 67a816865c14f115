import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { Drain } from '../../src/application/drain.js';
import {
  StreamServerEndpointService,
  serviceFromString,
} from '../../src/application/endpoint-service.js';
import { serviceOf } from '../../src/application/service-of.js';
import type { Address } from '../../src/core/address.js';
import { CannotListenError } from '../../src/core/errors/listening.js';
import { Protocol } from '../../src/core/protocol.js';
import { TCPServerEndpoint } from '../../src/endpoints/tcp.js';
import { wrapServerTLS } from '../../src/endpoints/tls.js';
import { HTTPFactory } from '../../src/http/http-factory.js';
import { serveHttp } from '../../src/http/serve-http.js';
import { TimeoutFactory } from '../../src/policies/timeout-factory.js';
import { selfSignedCertificate } from '../../src/tls/index.js';
import { Pulse, within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { portIn } from '../support/sockets.js';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

/** Says goodbye and closes. */
class Polite extends Echo {
  serverClosing(): void {
    this.transport.write('goodbye\n');
    this.transport.loseConnection();
  }
}

const LOCAL = { interface: '127.0.0.1' } as const;

async function connectTo(address: Address | undefined): Promise<RawPeer> {
  const peer = await RawPeer.connect(portIn(address as Address));
  peer.write('hello');
  await peer.receive(5);
  return peer;
}

describe.each(ONE_POLLER)('StreamServerEndpointService on $name', ({ make }) => {
  it('listens from its privileged start to its stop', async () => {
    await using reactor = make();
    const service = serviceFromString(reactor, 'tcp:0:interface=127.0.0.1', Echo, { name: 'echo' });
    expect([service.name, service.getHost()]).toEqual(['echo', undefined]);
    await service.privilegedStartService();
    const address = service.getHost();
    await service.startService();
    expect(service.getHost()).toEqual(address);
    await using peer = await connectTo(address);
    await service.stopService();
    expect(service.getHost()).toBeUndefined();
    await peer.until(() => peer.closed, 'the connection to be aborted');
    await expect(RawPeer.connect(portIn(address as Address))).rejects.toThrow('ECONNREFUSED');
    await service.startService();
    await (await connectTo(service.getHost()))[Symbol.asyncDispose]();
    await service.stopService();
  });

  it('fails to start on a port in use', async () => {
    await using reactor = make();
    const first = new StreamServerEndpointService(new TCPServerEndpoint(reactor, 0, LOCAL), Echo);
    await first.startService();
    const { port } = first.getHost() as { port: number };
    const second = serviceFromString(reactor, `tcp:${port}:interface=127.0.0.1`, Echo);
    await expect(second.startService().toPromise()).rejects.toBeInstanceOf(CannotListenError);
    expect(second.state).toBe('stopped');
    await first.stopService();
  });

  it('waits for connections, and aborts those that are left at the deadline', async () => {
    await using reactor = make();
    const endpoint = new TCPServerEndpoint(reactor, 0, LOCAL);
    const service = new StreamServerEndpointService(endpoint, Echo);
    await service.startService();
    await using first = await connectTo(service.getHost());
    await using second = await connectTo(service.getHost());
    using drain = new Drain(reactor, 60_000);
    const stopped = service.stopService(drain);
    await first[Symbol.asyncDispose]();
    second.write('still here');
    await second.receive(15);
    expect(stopped.fired).toBe(false);
    drain.cut();
    await within(stopped, 'the stop');
    expect(drain.figures).toEqual({ finished: 1, aborted: 1 });
    await second.until(() => second.closed, 'the connection to be aborted');
    expect(second.error?.code).toBe('ECONNRESET');
  });

  it.each(['tcp', 'tls', 'wrapped'])('tells the protocols over %s', async (kind) => {
    await using reactor = make();
    const tcp = new TCPServerEndpoint(reactor, 0, LOCAL);
    const identity = await selfSignedCertificate();
    const endpoint = kind === 'tls' ? wrapServerTLS({ identity }, tcp) : tcp;
    const factory =
      kind === 'wrapped' ? new TimeoutFactory(Polite, { clock: reactor, idleMs: 60_000 }) : Polite;
    const service = new StreamServerEndpointService(endpoint, factory);
    await service.startService();
    const port = portIn(service.getHost() as Address);
    await using peer =
      kind === 'tls'
        ? new RawPeer(connect({ host: '127.0.0.1', port, rejectUnauthorized: false }))
        : await RawPeer.connect(port);
    peer.write('hello');
    await peer.receive(5);
    using drain = new Drain(reactor, 60_000);
    await within(service.stopService(drain), 'the stop');
    await peer.until(() => peer.ended, 'the end');
    expect([peer.text, drain.figures]).toEqual(['hellogoodbye\n', { finished: 1, aborted: 0 }]);
  });

  it.each(['tcp', 'tls', 'wrapped'])(
    'closes connections over %s if it is asked to',
    async (kind) => {
      await using reactor = make();
      const tcp = new TCPServerEndpoint(reactor, 0, LOCAL);
      const identity = await selfSignedCertificate();
      const endpoint = kind === 'tls' ? wrapServerTLS({ identity }, tcp) : tcp;
      const factory =
        kind === 'wrapped' ? new TimeoutFactory(Echo, { clock: reactor, idleMs: 60_000 }) : Echo;
      const service = new StreamServerEndpointService(endpoint, factory, { whenDraining: 'close' });
      await service.startService();
      const port = portIn(service.getHost() as Address);
      await using peer =
        kind === 'tls'
          ? new RawPeer(connect({ host: '127.0.0.1', port, rejectUnauthorized: false }))
          : await RawPeer.connect(port);
      peer.write('hello');
      await peer.receive(5);
      using drain = new Drain(reactor, 60_000);
      await within(service.stopService(drain), 'the stop');
      await peer.until(() => peer.ended, 'the end');
      expect([peer.error, drain.figures]).toEqual([undefined, { finished: 1, aborted: 0 }]);
    },
  );

  it.each(['factory', 'server'])('drains HTTP requests in progress: %s', async (kind) => {
    await using reactor = make();
    const answers: (() => void)[] = [];
    const requested = new Pulse();
    const handler = (_request: unknown, response: { send(text: string): void }): void => {
      answers.push(() => response.send('answered'));
      requested.notify();
    };
    const endpoint = new TCPServerEndpoint(reactor, 0, LOCAL);
    let address: Address | undefined;
    const service =
      kind === 'factory'
        ? new StreamServerEndpointService(endpoint, new HTTPFactory(reactor, handler))
        : serviceOf(async () => {
            const server = await serveHttp(reactor, endpoint, handler);
            address = server.getHost();
            return server;
          });
    await service.startService();
    if (service instanceof StreamServerEndpointService) address = service.getHost();
    const port = portIn(address as Address);
    await using idle = await RawPeer.connect(port);
    await using busy = await RawPeer.connect(port);
    idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await requested.until(() => answers.length === 1, 'a request');
    answers[0]?.();
    await idle.until(() => idle.text.includes('answered'), 'an answer');
    busy.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await requested.until(() => answers.length === 2, 'another request');
    using drain = new Drain(reactor, 60_000);
    const stopped = service.stopService(drain);
    await idle.until(() => idle.ended, 'the idle connection to end');
    expect([stopped.fired, busy.ended]).toEqual([false, false]);
    answers[1]?.();
    await within(stopped, 'the stop');
    await busy.until(() => busy.ended, 'the end');
    expect(busy.text).toContain('Connection: close');
    expect(drain.figures).toEqual({ finished: 2, aborted: 0 });
  });
});
