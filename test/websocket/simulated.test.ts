/** WebSocket servers and clients over a simulated network. */
import { describe, expect, it } from 'vitest';
import { TCPServerEndpoint } from '../../src/index.js';
import { CHOPPY, type Simulation, STORMY, simulate } from '../../src/testing/index.js';
import {
  connectWebSocket,
  serveWebSockets,
  type WebSocketClosedError,
  type WebSocketMessage,
  type WebSocketOptions,
  WebSocketProtocol,
  WebSocketTopics,
} from '../../src/websocket/index.js';

const MESSAGES: readonly WebSocketMessage[] = [
  '',
  'hello',
  'grüße €😀 '.repeat(200),
  Buffer.alloc(0),
  Buffer.from('bytes'),
  Buffer.alloc(70_000, 'abcdefg'),
  'x'.repeat(20_000),
];

const OPTIONS: readonly (readonly [string, WebSocketOptions])[] = [
  ['as they are', {}],
  ['lent', { lendsBinary: true }],
  ['compressed', { deflate: {}, compressionThreshold: 1 }],
  [
    'compressed with context',
    { deflate: { serverNoContextTakeover: false, clientNoContextTakeover: false } },
  ],
];

/** Records messages as text, and the end. */
class Recorder extends WebSocketProtocol {
  readonly messages: string[] = [];
  readonly ends: WebSocketClosedError[] = [];

  override messageReceived(message: WebSocketMessage): void {
    this.messages.push(shown(message));
  }

  override closed(reason: WebSocketClosedError): void {
    this.ends.push(reason);
  }
}

class Echo extends Recorder {
  override messageReceived(message: WebSocketMessage): void {
    super.messageReceived(message);
    this.send(message);
  }
}

function shown(message: WebSocketMessage): string {
  return typeof message === 'string' ? `text ${message}` : `bytes ${message.toString('latin1')}`;
}

const SHOWN = MESSAGES.map(shown);

async function expectEnd(simulation: Simulation): Promise<void> {
  await simulation.run();
  expect(simulation.connections).toEqual([]);
  expect(simulation.getDelayedCalls()).toEqual([]);
}

describe('over a simulated network', () => {
  it.each(OPTIONS)('messages %s are echoed whole and in order', async (_name, options) => {
    await simulate(
      async (simulation) => {
        const host = simulation.host('server');
        const echoes: Echo[] = [];
        const endpoint = new TCPServerEndpoint(host, 80);
        class Session extends Echo {
          override opened(): void {
            echoes.push(this);
          }
        }
        const server = await simulation.run(serveWebSockets(host, endpoint, Session, options));
        const clients = Array.from({ length: 3 }, () => new Recorder());
        for (const protocol of clients) {
          const opening = connectWebSocket(simulation.host('client'), 'ws://server/', {
            ...options,
            protocol,
          });
          await simulation.run(opening);
          for (const message of MESSAGES) protocol.send(message);
          for (const [i, part] of ['in ', 'three ', 'parts'].entries()) {
            protocol.sendFragment(part, i === 2);
          }
        }
        const expected = [...SHOWN, 'text in three parts'];
        await simulation.run(() => clients.every(({ messages }) => messages.length === 8));
        for (const { messages } of [...clients, ...echoes]) expect(messages).toEqual(expected);
        clients[0]?.close(4000, 'enough');
        await simulation.run(() => clients[0]?.ends.length === 1);
        void server.close();
        await expectEnd(simulation);
        const ends = [...clients, ...echoes].map(({ ends: [end, ...more] }) => {
          return [end?.closeCode, end?.wasClean, more.length];
        });
        expect(ends.filter(([, wasClean, more]) => wasClean !== true || more !== 0)).toEqual([]);
        expect(ends.map(([code]) => code).sort()).toEqual([1001, 1001, 1001, 1001, 4000, 4000]);
      },
      { faults: CHOPPY, runs: 8 },
    );
  });

  it('messages are taken one by one, no faster than the session wants them', async () => {
    await simulate(
      async (simulation) => {
        const host = simulation.host('server');
        const taken: string[] = [];
        const session = async (socket: WebSocketProtocol): Promise<void> => {
          for await (const message of socket) {
            taken.push(shown(message));
            await new Promise<void>((resolve) => void host.callLater(50, resolve));
          }
        };
        const options = { maxUnreadBytes: 1_000 };
        const endpoint = new TCPServerEndpoint(host, 80);
        const server = await simulation.run(serveWebSockets(host, endpoint, session, options));
        const protocol = new Recorder();
        await simulation.run(
          connectWebSocket(simulation.host('client'), 'ws://server/', { protocol }),
        );
        for (const message of MESSAGES) protocol.send(message);
        await simulation.run(() => taken.length === MESSAGES.length);
        expect(taken).toEqual(SHOWN);
        protocol.close();
        await simulation.run(() => protocol.ends.length === 1);
        expect(protocol.ends).toMatchObject([{ closeCode: 1000, wasClean: true }]);
        void server.close();
        await expectEnd(simulation);
      },
      { faults: CHOPPY, runs: 10 },
    );
  });

  it('connections that break end once on each side, after a part of the messages; topics forget them', async () => {
    let broken = 0;
    await simulate(
      async (simulation) => {
        const host = simulation.host('server');
        const topics = new WebSocketTopics();
        const sessions: Session[] = [];
        const published: string[] = [];
        class Session extends Recorder {
          override opened(): void {
            sessions.push(this);
            this.send(String(published.length));
            topics.subscribe('news', this);
          }
        }
        const endpoint = new TCPServerEndpoint(host, 80);
        const times = { pingAfterMs: 2_000, pongTimeoutMs: 2_000, closeTimeoutMs: 3_000 };
        const server = await simulation.run(serveWebSockets(host, endpoint, Session, times));
        const clients: Recorder[] = [];
        for (let i = 0; i < 6; i++) {
          const protocol = new Recorder();
          const options = { ...times, handshakeTimeoutMs: 5_000, protocol };
          connectWebSocket(simulation.host(`client${i % 3}`), 'ws://server/', options).addCallbacks(
            () => {
              clients.push(protocol);
              protocol.send('first');
            },
            () => {},
          );
        }
        for (let i = 0; i < 30; i++) {
          simulation.callLater(i * 100, () => {
            const message = `${i} ${'x'.repeat(300)}`;
            published.push(`text ${message}`);
            topics.publish('news', message);
          });
        }
        await simulation.run({ ms: 20_000 });
        simulation.heal();
        await simulation.run({ ms: 20_000 });
        for (const { messages, ends } of clients) {
          // The first message is the number of those that came too early.
          const [first, ...news] = messages;
          const expected = published.slice(Number(first?.slice('text '.length)));
          if (ends.length > 0) broken += 1;
          expect(news).toEqual(ends.length > 0 ? expected.slice(0, news.length) : expected);
        }
        void server.close();
        await expectEnd(simulation);
        expect([...clients, ...sessions].filter(({ ends }) => ends.length !== 1)).toEqual([]);
        expect(topics.size('news')).toBe(0);
        expect(server.connections).toBe(0);
      },
      { faults: { ...STORMY, reset: 0.4 }, runs: 15, reportError: () => {} },
    );
    expect(broken).toBeGreaterThan(5);
  });
});
