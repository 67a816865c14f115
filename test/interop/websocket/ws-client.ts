/** The scenario, run by the client of the npm package ws. */
import { latch, Pulse, within } from '../../support/deadline.js';
import { LARGE, MAX_MESSAGE_BYTES } from './rig.js';
import { WsClient, type WsOptions, type WsSocket } from './ws-package.js';

type Message = string | number[];

class Client {
  readonly socket: WsSocket;
  readonly #messages: Message[] = [];
  readonly #pulse = new Pulse();
  readonly #opened = latch();
  readonly #closed = latch<[number, string]>();

  constructor(url: string, options: WsOptions) {
    this.socket = new WsClient(url, ['other', 'shout'], options);
    this.socket.on('open', () => this.#opened.open());
    this.socket.on('message', (data, isBinary) => {
      this.#messages.push(isBinary ? [...data] : data.toString());
      this.#pulse.notify();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', (code, reason) => this.#closed.open([code, String(reason)]));
  }

  async open(): Promise<this> {
    await within(this.#opened.promise, 'a client of ws to be open');
    return this;
  }

  async receive(): Promise<Message> {
    await this.#pulse.until(() => this.#messages.length > 0, 'a message');
    return this.#messages.shift() as Message;
  }

  async echo(message: string | Uint8Array): Promise<Message> {
    this.socket.send(message);
    return await this.receive();
  }

  closed(): Promise<[number, string]> {
    return within(this.#closed.promise, 'a client of ws to be closed');
  }
}

export async function wsScenario(url: string, options: WsOptions): Promise<Map<string, unknown>> {
  const seen = new Map<string, unknown>();
  const connect = (): Promise<Client> => new Client(url, options).open();
  const client = await connect();
  const { socket } = client;
  seen.set('extensions', socket.extensions);
  seen.set('subprotocol', socket.protocol);
  seen.set('text', await client.echo('hemp € 🧵'));
  seen.set('empty', await client.echo(''));
  seen.set('bytes', await client.echo(Uint8Array.from({ length: 256 }, (_, i) => i)));
  seen.set('large', (await client.echo(LARGE)) === LARGE);
  const many = Array.from({ length: 500 }, (_, i) => String(i).repeat(100));
  for (const text of many) socket.send(text);
  const received: Message[] = [];
  while (received.length < many.length) received.push(await client.receive());
  seen.set('many', received.join() === many.join());
  const ponged = latch<string>();
  socket.on('pong', (payload) => ponged.open(String(payload)));
  socket.send('hemp, ', { fin: false });
  socket.ping('knock');
  socket.send('flax ', { fin: false });
  socket.send('and jute', { fin: true });
  seen.set('fragments', await client.receive());
  seen.set('pong', (await within(ponged.promise, 'a pong')) === 'knock');
  seen.set('fragments from the server', await client.echo('!fragments'));
  seen.set('pinged by the server', await client.echo('!ping'));
  socket.close(3000, 'farewell');
  seen.set('close', await client.closed());
  const second = await connect();
  second.socket.send('!close');
  seen.set('closed by the server', await second.closed());
  const third = await connect();
  third.socket.send('x'.repeat(MAX_MESSAGE_BYTES + 1));
  seen.set('too big', await third.closed());
  return seen;
}
