/** Messages of open connections, in memory: the three faces, and the end of a connection. */
import { describe, expect, it } from 'vitest';
import { captureLoggedErrors } from '../../src/testing/index.js';
import {
  PreparedMessage,
  type WebSocketClosedError,
  type WebSocketMessage,
  WebSocketNotOpenError,
  type WebSocketProtocol,
  WebSocketReceiveError,
} from '../../src/websocket/index.js';
import { Recorder, recorder } from './recorder.js';
import { later, ServedSockets } from './served-socket.js';

const SILENT = (): void => {};

describe('callbacks', () => {
  it('receive messages, pongs, and the end', () => {
    const client = new ServedSockets(Recorder).connect();
    client.sendFrames(
      { opcode: 1, payload: 'text' },
      { opcode: 2, payload: Buffer.of(1, 2) },
      { opcode: 10, payload: 'heart' },
    );
    client.sendClose(4000, 'bye');
    expect(client.received()).toEqual(['close 4000 ""']);
    expect(recorder(client).events).toEqual([
      'opened',
      'text text',
      'binary 0102',
      'pong heart',
      'closed 4000',
    ]);
    expect(recorder(client).reason).toMatchObject({ closeReason: 'bye', wasClean: true });
    expect(client.transport.peerSees).toBe('end');
  });

  it('can be assigned on an instance', () => {
    const served = new ServedSockets((socket) => {
      socket.messageReceived = (message) => socket.send(`${message}!`);
    });
    const client = served.connect();
    expect(client.answers({ opcode: 1, payload: 'a' }, { opcode: 1, payload: 'b' })).toEqual([
      'text "a!"',
      'text "b!"',
    ]);
  });

  it('own the bytes of messages, unless they are lent', () => {
    const kept: Buffer[] = [];
    for (const lendsBinary of [false, true]) {
      const client = new ServedSockets(
        (socket) => {
          socket.messageReceived = (message) => void kept.push(message as Buffer);
        },
        { lendsBinary },
      ).connect();
      client.sendFrames({ opcode: 2, payload: 'first' }, { opcode: 2, payload: 'other' });
    }
    expect(kept.map(String)).toEqual(['first', 'other', 'other', 'other']);
  });

  it.each<[string, (socket: WebSocketProtocol) => unknown]>([
    [
      'an exception of opened',
      () => {
        throw new Error('mine');
      },
    ],
    ['a rejection of opened', () => Promise.reject(new Error('mine'))],
    [
      'an exception of messageReceived',
      (socket) => {
        socket.messageReceived = () => {
          throw new Error('mine');
        };
      },
    ],
    [
      'a rejection of messageReceived',
      (socket) => {
        socket.messageReceived = () => Promise.reject(new Error('mine'));
      },
    ],
    [
      'an exception of pongReceived',
      (socket) => {
        socket.messageReceived = SILENT;
        socket.pongReceived = () => {
          throw new Error('mine');
        };
      },
    ],
  ])('%s closes with 1011, and is reported once', async (_name, session) => {
    using errors = captureLoggedErrors();
    let closed: WebSocketClosedError | undefined;
    const client = new ServedSockets((socket) => {
      socket.closed = (reason) => {
        closed = reason;
      };
      return session(socket);
    }).connect();
    client.sendFrames({ opcode: 1, payload: 'x' }, { opcode: 10 });
    await later();
    expect(client.received()).toContain('close 1011 ""');
    expect(errors.flush()).toMatchObject([{ error: { message: 'mine' } }]);
    client.sendClose(1011);
    expect(closed).toMatchObject({ wasClean: false, closeCode: 1011, cause: { message: 'mine' } });
  });

  it('that throw in closed are reported', () => {
    using errors = captureLoggedErrors();
    const client = new ServedSockets((socket) => {
      socket.closed = () => {
        throw new Error('late');
      };
    }).connect();
    client.transport.peerResets();
    expect(errors.flush()).toMatchObject([{ error: { message: 'late' }, where: 'closed' }]);
  });

  it('receive nothing once they have closed', () => {
    const client = new ServedSockets(Recorder).connect();
    client.socket.messageReceived = function (this: Recorder, message) {
      this.events.push(`own ${message}`);
      this.close();
    };
    client.sendText('a', 'b', 'c');
    expect(recorder(client).events).toEqual(['opened', 'own a']);
    client.sendText('d');
    client.sendClose(1000);
    expect(recorder(client).events).toEqual(['opened', 'own a', 'closed 1000']);
  });
});

describe('abort', () => {
  it('drops the frames behind the message whose callback called it', () => {
    class Picky extends Recorder {
      override messageReceived(message: WebSocketMessage): void {
        super.messageReceived(message);
        this.abort();
      }
    }
    const client = new ServedSockets(Picky).connect();
    client.sendFrames(
      { opcode: 1, payload: 'bad' },
      { opcode: 1, payload: 'more' },
      { opcode: 8, payload: Buffer.of(0x03, 0xe8) },
    );
    expect(client.received()).toEqual([]);
    expect(client.transport.peerSees).toBe('reset');
    expect(recorder(client).events).toEqual(['opened', 'text bad', 'closed 1006']);
    expect(recorder(client).reason?.wasClean).toBe(false);
  });

  it('drops a message that was read ahead, and leaves no timer behind', async () => {
    const served = new ServedSockets(SILENT);
    const client = served.connect();
    client.sendText('unread');
    client.socket.abort();
    client.transport.settle();
    await expect(client.socket.receive()).rejects.toMatchObject({ closeCode: 1006 });
    served.advance(2_000);
    expect(served.clock.getDelayedCalls()).toEqual([]);
  });
});

describe('receive and iteration', () => {
  it('return messages one by one', async () => {
    const client = new ServedSockets(SILENT).connect();
    const { socket } = client;
    client.sendText('a', 'b');
    expect(await socket.receive()).toBe('a');
    const [second, third] = [socket.receive(), socket.receive()];
    expect(await second).toBe('b');
    client.sendText('c');
    expect(await third).toBe('c');
  });

  it('pause receiving at maxUnreadBytes, and resume', async () => {
    const client = new ServedSockets(SILENT, { maxUnreadBytes: 10 }).connect();
    const { socket, transport } = client;
    client.sendText('0123456789');
    expect(transport.paused).toBe(true);
    client.sendText('late');
    expect(await socket.receive()).toBe('0123456789');
    expect(transport.paused).toBe(false);
    transport.settle();
    expect(await socket.receive()).toBe('late');
  });

  it('return what arrived before the end, then fail', async () => {
    const client = new ServedSockets(SILENT).connect();
    const { socket } = client;
    client.sendText('a', 'b');
    client.sendClose(1000);
    client.transport.peerCloses();
    client.transport.settle();
    const messages: WebSocketMessage[] = [];
    for await (const message of socket) messages.push(message);
    expect(messages).toEqual(['a', 'b']);
    await expect(socket.receive()).rejects.toMatchObject({ closeCode: 1000, wasClean: true });
    await expect(socket.drained()).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED' });
  });

  it('fail if the connection breaks', async () => {
    const client = new ServedSockets(SILENT).connect();
    const waiting = client.socket.receive();
    const iterating = client.socket[Symbol.asyncIterator]().next();
    client.transport.peerResets();
    await expect(waiting).rejects.toMatchObject({ closeCode: 1006, wasClean: false });
    await expect(iterating).rejects.toMatchObject({
      closeCode: 1006,
      cause: { name: 'ConnectionLost' },
    });
  });

  it('can be left and continued; a session that ends closes with 1000', async () => {
    const seen: WebSocketMessage[] = [];
    const client = new ServedSockets(async (socket) => {
      for await (const message of socket) {
        seen.push(message);
        if (message === 'b') break;
      }
      seen.push(await socket.receive());
    }).connect();
    client.sendText('a', 'b', 'c', 'd');
    await later();
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(client.received()).toEqual(['close 1000 ""']);
    client.sendClose(1000);
    expect(client.transport.peerSees).toBe('end');
  });

  it('see control frames before the next message, also if nobody receives', () => {
    const client = new ServedSockets(SILENT).connect();
    expect(client.answers({ opcode: 9, payload: 'p' })).toEqual(['pong 70']);
    client.sendClose(1000);
    expect(client.received()).toEqual(['close 1000 ""']);
    expect(client.socket.isOpen).toBe(false);
  });

  it('own the bytes of messages, even if they are lent', async () => {
    const client = new ServedSockets(SILENT, { lendsBinary: true }).connect();
    const waiting = client.socket.receive();
    client.sendFrames({ opcode: 2, payload: 'first' }, { opcode: 2, payload: 'other' });
    client.sendFrames({ opcode: 2, payload: 'third' });
    expect(String(await waiting)).toBe('first');
    expect(String(await client.socket.receive())).toBe('other');
  });

  it('give way to messageReceived when receiving is resumed', () => {
    const client = new ServedSockets(SILENT).connect();
    client.sendText('a', 'b');
    const received: WebSocketMessage[] = [];
    client.socket.messageReceived = (message) => void received.push(message);
    client.socket.resumeReceiving();
    expect(received).toEqual(['a', 'b']);
  });

  it('fail at the end if messageReceived has taken their messages', async () => {
    const client = new ServedSockets(SILENT).connect();
    const waiting = client.socket.receive();
    client.socket.messageReceived = SILENT;
    client.socket.resumeReceiving();
    client.sendText('a');
    client.sendClose(1000);
    client.transport.settle();
    await expect(waiting).rejects.toMatchObject({ closeCode: 1000 });
  });

  it('are refused while messageReceived takes the messages', async () => {
    const client = new ServedSockets(SILENT).connect();
    const iterator = client.socket[Symbol.asyncIterator]();
    client.socket.messageReceived = SILENT;
    expect(() => client.socket.receive()).toThrow(WebSocketReceiveError);
    await expect(iterator.next()).rejects.toThrow(WebSocketReceiveError);
    client.sendClose(1000);
    client.transport.settle();
    await expect(client.socket.receive()).rejects.toMatchObject({ closeCode: 1000 });
  });

  it('lose no message when they are cancelled', async () => {
    const client = new ServedSockets(SILENT).connect();
    const cancelled = client.socket.receive();
    cancelled.addErrback(() => {});
    cancelled.cancel();
    client.sendText('a');
    expect(await client.socket.receive()).toBe('a');
  });

  it('of a receiver that throws are reported, and do not disturb the connection', async () => {
    const client = new ServedSockets(SILENT).connect();
    const failing = client.socket.receive().addCallback(() => {
      throw new Error('mine');
    });
    client.sendText('a', 'b');
    await expect(failing).rejects.toThrow('mine');
    expect(await client.socket.receive()).toBe('b');
  });

  it('pass pauses of callbacks to the peer', () => {
    const client = new ServedSockets(Recorder, { maxUnreadBytes: 4 }).connect();
    client.socket.pauseReceiving();
    client.sendText('held');
    expect(client.transport.paused).toBe(true);
    expect(recorder(client).events).toEqual(['opened']);
    client.socket.resumeReceiving();
    expect(recorder(client).events).toEqual(['opened', 'text held']);
    expect(client.transport.paused).toBe(false);
  });
});

describe('send', () => {
  it('sends texts, bytes, prepared messages, fragments and pings', () => {
    const client = new ServedSockets(Recorder).connect();
    const { socket } = client;
    expect(socket.send('text')).toBe(true);
    socket.send(Buffer.of(1, 2));
    socket.send(new PreparedMessage('prepared'));
    socket.sendFragment('in ', false);
    socket.ping(Buffer.from('p'));
    expect(() => socket.send('x')).toThrow('between the fragments');
    socket.sendFragment('parts', true);
    expect(client.received()).toEqual([
      'text "text"',
      'binary 0102',
      'text "prepared"',
      'ping 70',
      'text "in parts"',
    ]);
  });

  it('does nothing once the connection is closing, and throws before it is open', () => {
    const protocol = new Recorder();
    expect(() => protocol.send('x')).toThrow(WebSocketNotOpenError);
    expect(() => protocol.receive()).toThrow(WebSocketNotOpenError);
    const client = new ServedSockets(protocol).connect();
    protocol.close(4001, 'mine');
    expect(protocol.isOpen).toBe(false);
    expect(protocol.send('x')).toBe(false);
    expect(protocol.sendFragment('x', true)).toBe(false);
    protocol.ping();
    protocol.close(4002);
    expect(client.received()).toEqual(['close 4001 "mine"']);
    client.transport.peerResets();
    expect(protocol.send('x')).toBe(false);
    expect(protocol.bufferedBytes).toBe(0);
    protocol.close();
    protocol.abort();
  });

  it('returns false while much is unsent, and drained fires when it was sent', async () => {
    const client = new ServedSockets(Recorder).connect({ capacity: 1_000 });
    const { socket, transport } = client;
    expect(socket.send('x'.repeat(60_000))).toBe(true);
    expect(socket.send('x'.repeat(10_000))).toBe(false);
    expect(socket.keepsUp).toBe(false);
    const drained = socket.drained();
    expect(drained.fired).toBe(false);
    transport.drain();
    transport.settle();
    transport.drain();
    transport.settle();
    await drained;
    expect(socket.keepsUp).toBe(true);
    expect(transport.registeredProducer).toBe(undefined);
    expect(socket.send('x')).toBe(true);
    await socket.drained();
  });

  it('lets a callback of drained that fills it again wait again', () => {
    const client = new ServedSockets(Recorder).connect({ capacity: 1_000 });
    const { socket, transport } = client;
    let sent = 0;
    const send = (): void => {
      sent += 1;
      if (sent > 10) throw new Error('it was told to send without end');
      socket.send('x'.repeat(80_000));
      socket.drained().addCallbacks(send, () => undefined);
    };
    send();
    expect(sent).toBe(1);
    for (let i = 0; i < 3; i++) {
      transport.drain();
      transport.settle();
    }
    expect(sent).toBeGreaterThan(1);
    expect(sent).toBeLessThanOrEqual(4);
    expect(socket.keepsUp).toBe(false);
    transport.peerResets();
  });

  it('is interrupted by the end of the connection', async () => {
    const client = new ServedSockets(Recorder).connect({ capacity: 0 });
    client.socket.send('x'.repeat(100_000));
    const drained = client.socket.drained();
    client.transport.peerResets();
    await expect(drained).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_CLOSED' });
  });
});
