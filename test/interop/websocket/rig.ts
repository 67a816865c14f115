/** A WebSocket server for peer programs, and the scenario that they run. */
import { expect } from 'vitest';
import { TCPServerEndpoint } from '../../../src/index.js';
import {
  serveWebSockets,
  type WebSocketMessage,
  WebSocketProtocol,
  type WebSocketServerOptions,
} from '../../../src/websocket/index.js';
import type { Rig } from '../../support/contract.js';
import { PeerProgram } from '../../support/peers.js';
import { portIn } from '../../support/sockets.js';
import { HOST } from '../peer-files.js';

export const LARGE: string = 'hemp, flax and jute\n'.repeat(50_000);
export const MAX_MESSAGE_BYTES = 2_000_000;

/** Echoes messages, and executes commands. */
export class Commanded extends WebSocketProtocol {
  override messageReceived(message: WebSocketMessage): void {
    switch (message) {
      case '!close':
        this.close(4001, 'bye');
        break;
      case '!fragments':
        this.sendFragment('one, ', false);
        this.sendFragment('two ', false);
        this.sendFragment('and three', true);
        break;
      case '!ping':
        this.ping(Buffer.from('knock'));
        break;
      default:
        this.send(message);
    }
  }

  override pongReceived(payload: Buffer): void {
    if (payload.length > 0) this.send(`pong ${payload}`);
  }
}

/** Serves {@link Commanded}. @returns The port. */
export async function serveCommands(
  rig: Rig,
  options: WebSocketServerOptions = {},
): Promise<number> {
  const endpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: HOST });
  const server = await serveWebSockets(rig.reactor, endpoint, Commanded, {
    subprotocols: ['shout'],
    maxMessageBytes: MAX_MESSAGE_BYTES,
    ...options,
  });
  rig.use(server);
  return portIn(server.getHost());
}

/** The results that a program printed. */
export async function results(name: string, ...args: string[]): Promise<Map<string, unknown>> {
  await using peer = await PeerProgram.python(name, ...args);
  await peer.end();
  const lines = peer.stdout.split('\n').filter((line) => line.startsWith('['));
  const seen = new Map(lines.map((line) => JSON.parse(line) as [string, unknown]));
  if (!seen.has('too big')) throw new Error(peer.stdout + peer.stderr);
  return seen;
}

/** The results that every client reports. */
export function expectScenario(seen: Map<string, unknown>): void {
  expect(Object.fromEntries(seen)).toMatchObject({
    subprotocol: 'shout',
    text: 'hemp € 🧵',
    empty: '',
    bytes: Array.from({ length: 256 }, (_, i) => i),
    large: true,
    many: true,
    fragments: 'hemp, flax and jute',
    'fragments from the server': 'one, two and three',
    pong: true,
    'pinged by the server': 'pong knock',
    // The code is echoed, not the reason: RFC 6455 section 5.5.1.
    close: [3000, ''],
    'closed by the server': [4001, 'bye'],
    'too big': [1009, expect.any(String)],
  });
}
