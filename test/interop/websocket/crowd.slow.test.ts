/** 10,000 idle WebSockets that receive the same messages, and clients that never read. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { TCPServerEndpoint } from '../../../src/index.js';
import {
  serveWebSockets,
  type WebSocketProtocol,
  WebSocketTopics,
} from '../../../src/websocket/index.js';
import { Child } from '../../support/child.js';
import { contract } from '../../support/contract.js';
import { PATIENCE } from '../../support/deadline.js';
import { RawPeer } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { portIn } from '../../support/sockets.js';
import { HOST } from '../peer-files.js';

const CROWD = new URL('../programs/websocket-crowd.ts', import.meta.url);
const WANTED = 10_000;
/** Descriptors that both processes need for other purposes. */
const OTHER_DESCRIPTORS = 300;
const TIME_LIMIT_MS = 60_000;
const ROUNDS = 5;

const descriptors = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }));
const COUNT = Number.isNaN(descriptors)
  ? WANTED
  : Math.min(WANTED, descriptors - OTHER_DESCRIPTORS);
if (COUNT < WANTED) console.warn(`with ${COUNT} connections only: ulimit -n is ${descriptors}`);

const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

contract(
  'a WebSocket server',
  (rig) => {
    it(
      'sends each message to every one of many idle connections, then closes them',
      async () => {
        const topics = new WebSocketTopics();
        const endpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: HOST, backlog: 512 });
        const server = await serveWebSockets(
          rig.reactor,
          endpoint,
          (socket) => void topics.subscribe('all', socket),
        );
        const port = portIn(server.getHost());
        await using crowd = new Child(CROWD, [String(port), String(COUNT)], { stdin: 'pipe' });
        const printed = async (line: string): Promise<void> => {
          const soFar = (): string => `${line}; a crowd printed ${crowd.stdout}${crowd.stderr}`;
          const isThere = (): boolean => /^failed/m.test(crowd.stdout) || hasLine();
          const hasLine = (): boolean => crowd.stdout.split('\n').includes(line);
          await crowd.pulse.until(isThere, soFar, TIME_LIMIT_MS);
          if (!hasLine()) throw new Error(crowd.stdout);
        };
        await printed('open');
        expect(topics.size('all')).toBe(COUNT);
        for (let round = 1; round <= ROUNDS; round++) {
          const text = `message ${round}`;
          crowd.process.stdin?.write(`${text}\n`);
          await printed(`expecting ${text}`);
          expect(topics.publish('all', text)).toBe(COUNT);
          await printed(`received ${round}`);
        }
        crowd.process.stdin?.write('close\n');
        await printed('expecting close');
        const closed = server.close();
        await printed('closed');
        await closed;
        expect(server.connections).toBe(0);
        expect(topics.size('all')).toBe(0);
      },
      TIME_LIMIT_MS * PATIENCE,
    );

    it.each(['skip', 'close'] as const)(
      'keeps no more than a limit for clients that never read: lagging %s',
      async (lagging) => {
        const LIMIT = 100_000;
        const MESSAGE = 'x'.repeat(10_000);
        const CLIENTS = 50;
        const topics = new WebSocketTopics({ maxLagBytes: LIMIT, lagging });
        const sockets: WebSocketProtocol[] = [];
        const endpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: HOST });
        const server = await serveWebSockets(rig.reactor, endpoint, (socket) => {
          sockets.push(socket);
          topics.subscribe('all', socket);
        });
        rig.use(server);
        const port = portIn(server.getHost());
        const silent: RawPeer[] = [];
        for (let i = 0; i < CLIENTS; i++) {
          const peer = rig.use(await RawPeer.connect(port));
          peer.write(HANDSHAKE);
          await peer.until(() => peer.text.endsWith('\r\n\r\n'), 'the handshake');
          peer.socket.pause();
          silent.push(peer);
        }
        const reading = rig.use(await RawPeer.connect(port));
        reading.write(HANDSHAKE);
        await reading.until(() => reading.text.endsWith('\r\n\r\n'), 'the handshake');
        const before = reading.receivedBytes;
        const memory = process.memoryUsage.rss();
        const ROUNDS = 2_000;
        let most = 0;
        for (let round = 1; round <= ROUNDS; round++) {
          topics.publish('all', MESSAGE);
          for (const socket of sockets) most = Math.max(most, socket.bufferedBytes);
          // The one that reads misses nothing.
          await reading.until(
            () => reading.receivedBytes - before >= round * (MESSAGE.length + 4),
            'a message',
          );
        }
        expect(topics.skipped).toBeGreaterThan(0);
        expect(most).toBeGreaterThan(LIMIT);
        expect(most).toBeLessThanOrEqual(LIMIT + 2 * (MESSAGE.length + 4) + 65_536);
        // Without the limit it would be 1 GB.
        expect(process.memoryUsage.rss() - memory).toBeLessThan(200_000_000);
        for (const peer of silent) peer.reset();
      },
      TIME_LIMIT_MS * PATIENCE,
    );
  },
  ONE_POLLER,
);
