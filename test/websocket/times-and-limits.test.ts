/** The times of WebSocket connections, and each limit with the close code or error of crossing it. */
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { PreparedMessage, type WebSocketServerOptions } from '../../src/websocket/index.js';
import type { FrameParts } from '../protocols/websocket/frames.js';
import { Recorder, recorder } from './recorder.js';
import { type ServedClient, ServedSockets } from './served-socket.js';

const cause = (client: ServedClient): unknown => recorder(client).reason?.cause;

describe('the idle policy', () => {
  it('sends a ping after pingAfterMs of silence, and resets the connection without an answer', () => {
    const served = new ServedSockets(Recorder, { pingAfterMs: 5_000, pongTimeoutMs: 3_000 });
    const client = served.connect();
    served.advance(4_000);
    client.sendText('active');
    served.advance(5_000);
    expect(client.received()).toEqual([]);
    served.advance(1_000);
    expect(client.received()).toEqual(['ping ']);
    served.advance(5_000);
    client.transport.settle();
    expect(client.transport.peerSees).toBe('reset');
    expect(recorder(client).events.at(-1)).toBe('closed 1006');
    expect(cause(client)).toMatchObject({
      name: 'WebSocketTimeoutError',
      option: 'pongTimeoutMs',
      timeoutMs: 3_000,
    });
  });

  it('takes any bytes for an answer', () => {
    const served = new ServedSockets(Recorder, { pingAfterMs: 5_000, pongTimeoutMs: 3_000 });
    const client = served.connect();
    for (let round = 0; round < 5; round++) {
      served.advance(7_000);
      expect(client.received()).toEqual(['ping ']);
      if (round % 2 === 0) client.sendFrames({ opcode: 10 });
      else client.sendText('x');
    }
    expect(client.transport.peerSees).toBe('open');
  });

  it('is off with null', () => {
    const served = new ServedSockets(Recorder, { pingAfterMs: null });
    const client = served.connect();
    served.advance(3_600_000);
    expect(client.received()).toEqual([]);
    expect(served.clock.getDelayedCalls()).toEqual([]);
  });

  it('does not end a connection whose application is behind', () => {
    const served = new ServedSockets(() => {}, { pingAfterMs: 5_000, maxUnreadBytes: 1 });
    const client = served.connect();
    client.sendText('unread');
    served.advance(600_000);
    expect(client.received()).toEqual([]);
    expect(client.transport.peerSees).toBe('open');
  });

  it('gives a slow reader time while bytes leave', () => {
    const served = new ServedSockets(Recorder, { pingAfterMs: 5_000, pongTimeoutMs: 3_000 });
    const client = served.connect({ capacity: 0 });
    client.socket.send('x'.repeat(1_000_000));
    for (let seconds = 0; seconds < 60; seconds++) {
      served.advance(1_000);
      client.transport.drain(10_000);
    }
    expect(client.transport.peerSees).toBe('open');
    served.advance(10_000);
    client.transport.settle();
    expect(client.transport.peerSees).toBe('reset');
    expect(cause(client)).toMatchObject({ option: 'pongTimeoutMs' });
  });
});

describe('closing', () => {
  it('takes at most closeTimeoutMs', () => {
    const served = new ServedSockets(Recorder, { closeTimeoutMs: 4_000 });
    const client = served.connect();
    client.socket.close();
    client.sendText('activity does not postpone it');
    served.advance(3_000);
    client.sendText('activity does not postpone it');
    expect(client.transport.peerSees).toBe('open');
    served.advance(3_000);
    client.transport.settle();
    expect(client.transport.peerSees).toBe('reset');
    expect(cause(client)).toMatchObject({ option: 'closeTimeoutMs', timeoutMs: 4_000 });
  });

  it('of a peer that does not read takes at most closeTimeoutMs', () => {
    const served = new ServedSockets(Recorder, { closeTimeoutMs: 4_000 });
    const client = served.connect({ capacity: 0 });
    client.socket.send('x'.repeat(100_000));
    client.sendClose(1000);
    expect(client.transport.peerSees).toBe('open');
    served.advance(6_000);
    client.transport.settle();
    expect(client.transport.peerSees).toBe('reset');
    expect(recorder(client).events.at(-1)).toBe('closed 1000');
  });

  it('leaves no timer behind', () => {
    const served = new ServedSockets(Recorder);
    const client = served.connect();
    client.socket.close();
    client.sendClose(1000);
    expect(client.transport.connected).toBe(false);
    expect(served.clock.getDelayedCalls()).toEqual([]);
    expect(served.factory.connections).toBe(0);
  });

  it('of the server closes all connections with 1001', () => {
    const served = new ServedSockets(Recorder);
    const clients = [served.connect(), served.connect()];
    expect(served.factory.connections).toBe(2);
    const drained = served.factory.drain({ deadlineMs: 20_000 });
    for (const client of clients) expect(client.received()).toEqual(['close 1001 ""']);
    clients[0]?.sendClose(1001);
    expect(served.factory.connections).toBe(1);
    served.advance(11_000);
    clients[1]?.transport.settle();
    expect(clients[1]?.transport.peerSees).toBe('reset');
    expect(drained.fired).toBe(true);
  });
});

describe('a limit', () => {
  const text = (length: number): FrameParts => ({ opcode: 1, payload: 'x'.repeat(length) });
  const fragment = (opcode: number, fin = false): FrameParts => ({ opcode, fin, payload: 'x' });

  it.each<[string, WebSocketServerOptions, FrameParts[], FrameParts[], number]>([
    ['maxMessageBytes', { maxMessageBytes: 10 }, [text(10)], [text(11)], 1009],
    [
      'maxFragments',
      { maxFragments: 2 },
      [fragment(1), fragment(0, true)],
      [fragment(1), fragment(0), fragment(0)],
      1008,
    ],
    [
      'maxControlFrames',
      { maxControlFrames: 3 },
      [{ opcode: 9 }, { opcode: 10 }, { opcode: 9 }],
      [{ opcode: 10 }],
      1008,
    ],
  ])('%s is answered with a close frame', (_name, options, within, beyond, code) => {
    const client = new ServedSockets(Recorder, options).connect();
    client.sendFrames(...within);
    expect(client.received().filter((event) => event.startsWith('close'))).toEqual([]);
    client.sendFrames(...beyond);
    expect(client.received()).toEqual([`close ${code} ""`]);
    expect(client.transport.peerSees).toBe('end');
    expect(recorder(client).reason).toMatchObject({ closeCode: 1006, cause: { closeCode: code } });
  });

  it('of control frames applies anew after half a minute', () => {
    const served = new ServedSockets(Recorder, { maxControlFrames: 3 });
    const client = served.connect();
    for (let minute = 0; minute < 10; minute++) {
      client.sendFrames({ opcode: 9 }, { opcode: 9 });
      served.advance(31_000);
    }
    expect(client.transport.peerSees).toBe('open');
  });

  it('of the decompressed length is answered with 1009', () => {
    const served = new ServedSockets(Recorder, { deflate: {}, maxMessageBytes: 10_000 });
    const client = served.connect({ fields: ['Sec-WebSocket-Extensions: permessage-deflate'] });
    const content = (length: number): Buffer =>
      deflateRawSync(Buffer.alloc(length, 'x'), { finishFlush: constants.Z_SYNC_FLUSH });
    const compressed = (length: number): FrameParts => ({
      opcode: 2,
      rsv: 4,
      payload: content(length).subarray(0, -4),
    });
    client.sendFrames(compressed(10_000));
    expect(recorder(client).events).toHaveLength(2);
    client.sendFrames(compressed(10_001));
    expect(client.received()).toEqual(['close 1009 ""']);
    expect(recorder(client).events).toEqual(['opened', expect.any(String), 'closed 1006']);
  });

  it('maxBufferedBytes resets the connection of a client that never reads', () => {
    const served = new ServedSockets(Recorder, { maxBufferedBytes: 200_000 });
    const client = served.connect({ capacity: 0 });
    let most = 0;
    for (let count = 0; count < 100 && client.socket.isOpen; count++) {
      client.socket.send('x'.repeat(10_000));
      most = Math.max(most, client.transport.bufferedBytes);
      client.transport.settle();
    }
    expect(most).toBeGreaterThan(200_000);
    expect(most).toBeLessThan(225_000);
    expect(client.transport.peerSees).toBe('reset');
    expect(cause(client)).toMatchObject({
      name: 'WebSocketBackpressureError',
      limit: 200_000,
    });
  });

  it('maxBufferedBytes counts pongs, so that pings of a client that never reads have an end', () => {
    const served = new ServedSockets(Recorder, { maxBufferedBytes: 100_000 });
    const client = served.connect({ capacity: 0 });
    const ping = { opcode: 9, payload: 'x'.repeat(125) };
    // A message restarts the count of control frames.
    for (let count = 0; count < 2_000 && client.transport.bufferedBytes < 200_000; count++) {
      client.sendFrames(ping);
      client.sendText('x');
    }
    expect(client.transport.peerSees).toBe('reset');
    expect(cause(client)).toMatchObject({ name: 'WebSocketBackpressureError' });
  });

  it('maxBufferedBytes does not end pings of a client that reads', () => {
    const client = new ServedSockets(Recorder, { maxBufferedBytes: 1_000 }).connect();
    for (let count = 0; count < 200; count++) {
      client.sendText('x');
      expect(client.answers({ opcode: 9, payload: 'x'.repeat(125) })).toHaveLength(1);
    }
    expect(client.transport.peerSees).toBe('open');
  });

  it('maxBufferedBytes allows a message of any length to a client that keeps up', () => {
    const client = new ServedSockets(Recorder, { maxBufferedBytes: 1_000 }).connect();
    client.socket.send(new PreparedMessage('x'.repeat(1_000_000)));
    expect(client.received()).toHaveLength(1);
    client.socket.send('y');
    expect(client.received()).toEqual(['text "y"']);
    expect(client.transport.peerSees).toBe('open');
  });
});
