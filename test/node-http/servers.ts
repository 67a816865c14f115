// Servers of the facade, which are closed after each test.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createReactor, type Reactor } from 'ropewalk';
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'ropewalk/node-http';
import { afterEach } from 'vitest';
import { RawPeer } from '../support/raw-peer.js';

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
export const CLOSING_GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

export interface Servers {
  readonly reactor: Reactor;
  /** Closed after the test. */
  readonly servers: Server[];
  serve(listener?: RequestListener, options?: ServerOptions): Promise<Server>;
  portOf(server: Server): number;
  peerOf(server: Server, text?: string): Promise<RawPeer>;
  /** All that the server sends to a client whose request is `text`. */
  answerOf(server: Server, text?: string): Promise<string>;
}

/** Call it in a `describe`. */
export function serversOn(kind: 'native' | 'node'): Servers {
  const reactor: Reactor = createReactor({ kind });
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      if (!server.listening) continue;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  });

  async function serve(listener?: RequestListener, options: ServerOptions = {}): Promise<Server> {
    const server = createServer({ reactor, ...options }, listener);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  function portOf(server: Server): number {
    return (server.address() as AddressInfo).port;
  }

  async function peerOf(server: Server, text = GET): Promise<RawPeer> {
    const peer = await RawPeer.connect(portOf(server));
    if (text !== '') peer.write(text);
    return peer;
  }

  async function answerOf(server: Server, text = CLOSING_GET): Promise<string> {
    await using peer = await peerOf(server, text);
    await peer.until(() => peer.ended || peer.closed, 'the end of the answer');
    return peer.text;
  }

  return { reactor, servers, serve, portOf, peerOf, answerOf };
}

/** Waits until no connection is left. */
export async function untilEmpty(server: Server): Promise<void> {
  for (;;) {
    const count = await new Promise((resolve) => server.getConnections((_, left) => resolve(left)));
    if (count === 0) return;
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}
