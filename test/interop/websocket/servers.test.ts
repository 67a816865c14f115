/** Servers of others, and clients of ours: the npm package ws, the library websockets of Python, Autobahn on Twisted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectWebSocket,
  WebSocketClosedError,
  type WebSocketProtocol,
} from '../../../src/websocket/index.js';
import { contract } from '../../support/contract.js';
import { latch, within } from '../../support/deadline.js';
import { hasPython, PeerProgram } from '../../support/peers.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { HOST } from '../peer-files.js';
import { LARGE } from './rig.js';
import { WebSocketServer, type WsOptions, type WsSocket } from './ws-package.js';

interface Server extends AsyncDisposable {
  readonly port: number;
}

/** Starts a server that executes commands. */
type Start = (deflates: boolean) => Promise<Server>;

/** The server of ws. */
async function startWs(deflates: boolean): Promise<Server> {
  const options: WsOptions = { perMessageDeflate: deflates };
  const handleProtocols = (offered: Set<string>): string | false => offered.has('shout') && 'shout';
  const server = new WebSocketServer({ host: HOST, port: 0, handleProtocols, ...options });
  const listening = latch();
  server.on('listening', () => listening.open());
  server.on('connection', obey);
  await within(listening.promise, 'ws to listen');
  return {
    port: server.address().port,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(resolve));
    },
  };
}

function obey(socket: WsSocket): void {
  socket.on('pong', (payload) => socket.send(`pong ${payload}`));
  socket.on('message', (data, binary) => {
    switch (binary ? '' : String(data)) {
      case '!close':
        socket.close(4001, 'bye');
        break;
      case '!fragments':
        socket.send('one, ', { fin: false });
        socket.send('two ', { fin: false });
        socket.send('and three', { fin: true });
        break;
      case '!ping':
        socket.ping('knock');
        break;
      default:
        socket.send(data, { binary });
    }
  });
}

function startPython(name: string): Start {
  return async (deflates) => {
    const args = ['serve', ...(deflates ? ['deflate'] : [])];
    const peer = await PeerProgram.python(name, ...args);
    return Object.assign(peer, { port: Number(/ready (\d+)/.exec(peer.stdout)?.[1]) });
  };
}

const SERVERS: readonly (readonly [string, boolean, Start])[] = [
  ['ws', true, startWs],
  ['websockets of Python', hasPython('websockets'), startPython('python_websockets')],
  ['Autobahn on Twisted', hasPython('autobahn.twisted'), startPython('autobahn_websocket')],
];

/** Keeps the windows of both ends between messages. */
const TAKEOVER = { serverNoContextTakeover: false, clientNoContextTakeover: false };

describe.each(SERVERS)('with a server of %s', (_name, available, start) => {
  describe.skipIf(!available)('found', () => {
    let plain: Server;
    let deflating: Server;
    beforeAll(async () => {
      [plain, deflating] = await Promise.all([start(false), start(true)]);
    });
    afterAll(async () => {
      await plain[Symbol.asyncDispose]();
      await deflating[Symbol.asyncDispose]();
    });

    contract(
      'a WebSocket client',
      (rig) => {
        it.each([
          ['without compression', undefined],
          ['with compression', {}],
          ['with windows that it keeps', TAKEOVER],
        ])('speaks %s', async (_how, deflate) => {
          const { port } = deflate === undefined ? plain : deflating;
          const connect = async (): Promise<WebSocketProtocol> =>
            await connectWebSocket(rig.reactor, `ws://${HOST}:${port}/`, {
              subprotocols: ['other', 'shout'],
              ...(deflate === undefined ? {} : { deflate }),
            });
          const socket = await connect();
          expect(socket.subprotocol).toBe('shout');
          const receive = (): Promise<unknown> => within(socket.receive(), 'a message');
          const echo = async (message: string | Uint8Array): Promise<unknown> => {
            socket.send(message);
            return await receive();
          };
          expect(await echo('hemp € 🧵')).toBe('hemp € 🧵');
          expect(await echo('')).toBe('');
          const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
          expect(await echo(bytes)).toEqual(bytes);
          expect((await echo(LARGE)) === LARGE).toBe(true);
          const many = Array.from({ length: 500 }, (_, i) => String(i).repeat(100));
          for (const text of many) socket.send(text);
          for (const text of many) expect(await receive()).toBe(text);
          const ponged = latch<string>();
          socket.pongReceived = (payload) => ponged.open(String(payload));
          socket.sendFragment('hemp, ', false);
          socket.ping(Buffer.from('knock'));
          socket.sendFragment('flax ', false);
          socket.sendFragment('and jute', true);
          expect(await receive()).toBe('hemp, flax and jute');
          expect(await within(ponged.promise, 'a pong')).toBe('knock');
          expect(await echo('!fragments')).toBe('one, two and three');
          expect(await echo('!ping')).toBe('pong knock');
          socket.close(3000, 'farewell');
          const closed = await within(socket.receive(), 'the end').catch((error) => error);
          expect(closed).toBeInstanceOf(WebSocketClosedError);
          expect(closed).toMatchObject({ closeCode: 3000, wasClean: true });
          const second = await connect();
          second.send('!close');
          await expect(within(second.receive(), 'the end')).rejects.toMatchObject({
            ...{ closeCode: 4001, closeReason: 'bye', wasClean: true },
          });
        });
      },
      ONE_POLLER,
    );
  });
});
