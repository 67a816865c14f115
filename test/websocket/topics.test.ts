/** Publishing to the subscribers of topics. */
import { describe, expect, it } from 'vitest';
import { PreparedMessage, WebSocketTopics } from '../../src/websocket/index.js';
import { Recorder } from './recorder.js';
import { type ServedClient, ServedSockets } from './served-socket.js';

const DEFLATE = 'Sec-WebSocket-Extensions: permessage-deflate';

function subscribed(
  topics: WebSocketTopics,
  served: ServedSockets,
  count: number,
  capacity?: number,
): ServedClient[] {
  return Array.from({ length: count }, () => {
    const client = served.connect(capacity === undefined ? {} : { capacity });
    topics.subscribe('news', client.socket);
    return client;
  });
}

describe('WebSocketTopics', () => {
  it('publishes to the subscribers of a topic, except one', () => {
    const topics = new WebSocketTopics();
    const served = new ServedSockets(Recorder);
    const [one, two, three] = subscribed(topics, served, 3) as [
      ServedClient,
      ServedClient,
      ServedClient,
    ];
    topics.subscribe('other', three.socket);
    expect(topics.publish('news', 'hello', { except: two.socket })).toBe(2);
    expect(topics.publish('other', Buffer.of(1, 2))).toBe(1);
    expect(topics.publish('nobody', 'x')).toBe(0);
    expect([one, two, three].map((client) => client.received())).toEqual([
      ['text "hello"'],
      [],
      ['text "hello"', 'binary 0102'],
    ]);
  });

  it('subscribes an open connection once', () => {
    const topics = new WebSocketTopics();
    const client = new ServedSockets(Recorder).connect();
    expect(() => topics.subscribe('news', new Recorder())).toThrow('subscribe is not possible');
    expect(topics.subscribe('news', client.socket)).toBe(true);
    expect(topics.subscribe('news', client.socket)).toBe(false);
    expect(topics.size('news')).toBe(1);
    expect(topics.unsubscribe('news', client.socket)).toBe(true);
    expect(topics.unsubscribe('news', client.socket)).toBe(false);
    expect(topics.topics).toEqual([]);
    expect(() => topics.subscribe('news', {} as never)).toThrow('a WebSocketProtocol');
  });

  it('keeps several topics and several objects apart', () => {
    const [some, others] = [new WebSocketTopics(), new WebSocketTopics()];
    const { socket } = new ServedSockets(Recorder).connect();
    for (const topic of ['a', 'b', 'c']) {
      some.subscribe(topic, socket);
      others.subscribe(topic, socket);
    }
    some.unsubscribe('b', socket);
    others.unsubscribe('a', socket);
    expect([some.topics, others.topics]).toEqual([
      ['a', 'c'],
      ['b', 'c'],
    ]);
    socket.abort();
  });

  it('unsubscribes in any order, and looks at no other topic of the connection', () => {
    for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
      const topics = new WebSocketTopics();
      const client = new ServedSockets(Recorder).connect();
      for (const topic of 'abc') topics.subscribe(topic, client.socket);
      for (const topic of order) {
        expect(topics.unsubscribe(topic, client.socket)).toBe(true);
        topics.subscribe(`${topic}, again`, client.socket);
      }
      expect(topics.topics).toEqual([...order].map((topic) => `${topic}, again`));
      let isLookedAt = false;
      Object.defineProperty(client.socket.subscriptions, 'next', {
        get: () => {
          isLookedAt = true;
        },
      });
      topics.unsubscribe(`${order[0]}, again`, client.socket);
      expect(isLookedAt).toBe(false);
    }
  });

  it('ends the subscriptions that are left when the connection ends', () => {
    const topics = new WebSocketTopics<number>();
    const client = new ServedSockets(Recorder).connect();
    for (let topic = 0; topic < 8; topic++) topics.subscribe(topic, client.socket);
    for (const topic of [7, 0, 4]) topics.unsubscribe(topic, client.socket);
    client.transport.peerResets();
    client.transport.settle();
    expect(topics.topics).toEqual([]);
  });

  it('forgets connections that end, however they do', () => {
    const topics = new WebSocketTopics();
    const served = new ServedSockets(Recorder);
    const [one, two, three] = subscribed(topics, served, 3) as [
      ServedClient,
      ServedClient,
      ServedClient,
    ];
    topics.subscribe('other', one.socket);
    one.sendClose(1000);
    two.transport.peerResets();
    three.socket.abort();
    three.transport.settle();
    expect(topics.topics).toEqual([]);
    expect(one.socket.subscriptions).toBe(undefined);
  });

  it('does not send to connections that are closing', () => {
    const topics = new WebSocketTopics();
    const served = new ServedSockets(Recorder);
    const [one, two] = subscribed(topics, served, 2) as [ServedClient, ServedClient];
    one.socket.close();
    expect(topics.publish('news', 'x')).toBe(1);
    expect(one.received()).toEqual(['close 1000 ""']);
    expect(two.received()).toEqual(['text "x"']);
  });

  it('allows publishing and unsubscribing from callbacks', () => {
    const topics = new WebSocketTopics();
    const served = new ServedSockets((socket) => {
      topics.subscribe('news', socket);
      socket.messageReceived = (message) => {
        if (message === 'leave') topics.unsubscribe('news', socket);
        topics.publish('news', `${message} 1`);
        topics.publish('news', `${message} 2`);
      };
      socket.closed = () => void topics.publish('news', 'gone');
    });
    const [one, two] = [served.connect(), served.connect()];
    one.sendText('a');
    expect(two.received()).toEqual(['text "a 1"', 'text "a 2"']);
    two.sendText('leave');
    expect(two.received()).toEqual([]);
    two.sendClose(1000);
    expect(one.received().at(-1)).toBe('text "gone"');
  });

  it('serializes and compresses once', () => {
    const topics = new WebSocketTopics();
    const served = new ServedSockets(Recorder, { deflate: {} });
    const clients = [0, 1, 2].map((index) =>
      served.connect({ fields: index === 0 ? [] : [DEFLATE] }),
    );
    for (const client of clients) topics.subscribe('news', client.socket);
    const message = new PreparedMessage('again and again '.repeat(200));
    const written: Uint8Array[] = [];
    for (const { transport } of clients) {
      const write = transport.write.bind(transport);
      transport.write = (data) => {
        written.push(data as Uint8Array);
        write(data);
      };
    }
    topics.publish('news', message);
    expect(written).toHaveLength(3);
    expect(written[0]).not.toBe(written[1]);
    expect(written[1]).toBe(written[2]);
    expect(written[1]?.length).toBeLessThan(100);
  });

  it('closes the connection of a subscriber that lags with 1013; others do not notice', () => {
    const topics = new WebSocketTopics({ maxLagBytes: 100_000 });
    const served = new ServedSockets(Recorder, { closeTimeoutMs: 2_000 });
    const [slow] = subscribed(topics, served, 1, 0) as [ServedClient];
    const [fast] = subscribed(topics, served, 1) as [ServedClient];
    let sent = 0;
    for (let count = 0; count < 20; count++) {
      if (topics.publish('news', 'x'.repeat(10_000)) === 2) sent += 1;
      slow.transport.settle();
      expect(fast.received()).toHaveLength(1);
    }
    expect(sent).toBe(10);
    expect(slow.socket.isOpen).toBe(false);
    expect(slow.transport.bufferedBytes).toBeLessThan(121_000);
    served.advance(4_000);
    slow.transport.settle();
    expect(slow.transport.peerSees).toBe('reset');
    expect(topics.size('news')).toBe(1);
    expect(topics.skipped).toBe(1);
  });

  it('skips messages for a subscriber that lags, until it has caught up', () => {
    const topics = new WebSocketTopics({ maxLagBytes: 100_000, lagging: 'skip' });
    const served = new ServedSockets(Recorder);
    const [slow] = subscribed(topics, served, 1, 1_000) as [ServedClient];
    for (let count = 0; count < 20; count++) topics.publish('news', 'x'.repeat(10_000));
    expect(topics.skipped).toBe(10);
    expect(slow.socket.isOpen).toBe(true);
    for (let reads = 0; reads < 200; reads++) {
      slow.transport.drain();
      slow.transport.settle();
    }
    expect(slow.received()).toHaveLength(10);
    expect(topics.publish('news', 'y')).toBe(1);
    expect(slow.received()).toEqual(['text "y"']);
  });
});
