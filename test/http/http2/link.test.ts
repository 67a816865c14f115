/** The connection between HTTP/2 and a transport that servers and clients share. */
import { expect, it } from 'vitest';
import { HTTP2SettingsTimeoutError } from '../../../src/http/http2/errors.js';
import { HTTP2Intervals } from '../../../src/http/http2/intervals.js';
import { HTTP2Link } from '../../../src/http/http2/link.js';
import type { HTTP2Event } from '../../../src/protocols/http2/events.js';
import type { HTTP2Stream } from '../../../src/protocols/http2/stream.js';
import { ManualClock, MemoryTransport } from '../../../src/testing/index.js';
import { Peer, TARGET } from '../../protocols/http2/peers.js';

const OPTIONS = Object.freeze({ role: 'server' } as const);

class Link extends HTTP2Link {
  readonly events: string[] = [];
  readonly streams: HTTP2Stream[] = [];
  reason: Error | undefined;
  resumed = 0;

  protected override eventReceived(event: HTTP2Event): void {
    this.events.push(event.type);
    if (event.type === 'request') this.streams.push(event.stream);
  }

  protected override settled(): void {}
  protected override inputEnded(): void {
    this.events.push('input-ended');
  }
  protected override lost(reason: Error): void {
    this.reason = reason;
  }
  protected override leaving(): void {}
  protected override writingPaused(): void {}
  protected override writingResumed(): void {
    this.resumed += 1;
  }
}

class Rig {
  readonly clock = new ManualClock();
  readonly intervals = new HTTP2Intervals(this.clock, 10_000);
  readonly link = new Link(OPTIONS, this.intervals);
  readonly peer = new Peer({ role: 'client', maxPings: 1_000 });
  readonly reports: unknown[] = [];
  readonly transport: MemoryTransport;

  constructor(capacity?: number) {
    const reportError = (error: unknown) => void this.reports.push(error);
    this.transport = new MemoryTransport(
      capacity === undefined ? { reportError } : { reportError, capacity },
    );
    this.transport.connect(this.link);
  }

  /** What the client has written arrives. @returns The events that the client gets. */
  exchange(): string[] {
    const bytes = this.peer.take();
    if (bytes.length > 0) this.transport.receive(bytes);
    this.transport.settle();
    return this.peer.types(this.transport.takeWritten());
  }

  request(): HTTP2Stream {
    this.peer.connection.request(TARGET);
    this.exchange();
    return this.link.streams.at(-1) as HTTP2Stream;
  }
}

it('passes events on, and writes the frames of a turn together', () => {
  const rig = new Rig();
  rig.exchange();
  rig.exchange();
  const stream = rig.request();
  expect(rig.link.events).toEqual(['settings', 'settings-acknowledged', 'request', 'end']);
  let writes = 0;
  const { transport } = rig;
  const write = transport.write.bind(transport);
  transport.write = (data) => {
    writes += 1;
    write(data);
  };
  rig.link.gather(() => {
    stream.sendHead(200);
    stream.write(Buffer.from('a'));
    stream.write(Buffer.from('b'), true);
  });
  expect(writes).toBe(1);
  expect(rig.exchange()).toEqual(['response', 'data', 'data', 'end']);
});

it('accepts lent bytes in any pieces', () => {
  const rig = new Rig();
  rig.peer.connection.request(TARGET);
  for (const byte of rig.peer.take()) rig.transport.receive(Buffer.of(byte));
  expect(rig.link.events).toEqual(['settings', 'request', 'end']);
});

it('ends the connection of a peer that breaks a rule behind a GOAWAY, without a report', () => {
  const rig = new Rig();
  const stream = rig.request();
  rig.transport.receive(Buffer.from('000001000000000000', 'hex'));
  rig.transport.settle();
  expect(rig.peer.types(rig.transport.takeWritten())).toContain('goaway');
  expect(rig.transport.peerSees).toBe('end');
  expect(rig.link.reason).toMatchObject({ code: 'ERR_HTTP2_PROTOCOL' });
  expect(rig.reports).toEqual([]);
  expect(stream.isClosed).toBe(true);
  expect(rig.intervals.size).toBe(0);
});

it('closes when all streams have ended after goAway', () => {
  const rig = new Rig();
  const stream = rig.request();
  rig.exchange();
  rig.link.goAway();
  expect(rig.exchange()).toContain('goaway');
  expect(rig.transport.peerSees).toBe('open');
  rig.exchange();
  rig.link.gather(() => stream.respond(200, [], 'bye'));
  expect(rig.exchange()).toContain('response');
  expect(rig.transport.peerSees).toBe('end');
  expect(rig.clock.nextTime).toBeUndefined();
});

it('ends the connection of a peer that does not acknowledge the settings', () => {
  const rig = new Rig();
  rig.transport.settle();
  rig.peer.take();
  rig.clock.advance(10_000);
  rig.transport.settle();
  expect(rig.transport.peerSees).toBe('end');
  expect(rig.link.reason).toBeInstanceOf(HTTP2SettingsTimeoutError);
  expect(rig.link.reason).toMatchObject({ option: 'settingsTimeoutMs', limit: 10_000 });
});

it('has no delayed call for connections that are idle', () => {
  const rig = new Rig();
  rig.exchange();
  rig.exchange();
  expect(rig.intervals.size).toBe(1);
  rig.clock.advance(10_000);
  expect(rig.intervals.size).toBe(0);
  expect(rig.clock.nextTime).toBeUndefined();
  rig.request();
  expect(rig.intervals.size).toBe(1);
  rig.clock.advance(30_000);
  expect(rig.intervals.size).toBe(1);
});

it('counts floods by intervals', () => {
  const rig = new Rig();
  rig.exchange();
  rig.exchange();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 90; i++) rig.peer.connection.ping(Buffer.alloc(8, 1));
    rig.exchange();
    rig.clock.advance(10_000);
  }
  expect(rig.transport.peerSees).toBe('open');
  for (let i = 0; i < 101; i++) rig.peer.connection.ping(Buffer.alloc(8, 1));
  rig.exchange();
  expect(rig.transport.peerSees).toBe('end');
  expect(rig.link.reason).toMatchObject({ code: 'ERR_HTTP2_LIMIT', option: 'maxPings' });
});

it('is full while the transport has much unsent', () => {
  const rig = new Rig(0);
  const bytes = rig.peer.take();
  rig.transport.receive(bytes);
  rig.peer.connection.request(TARGET);
  rig.transport.receive(rig.peer.take());
  const [stream] = rig.link.streams as [HTTP2Stream];
  stream.sendHead(200);
  expect(rig.link.isFull).toBe(false);
  stream.write(Buffer.alloc(65_535));
  expect(rig.link.isFull).toBe(true);
  rig.transport.drain();
  rig.transport.settle();
  rig.transport.drain();
  rig.transport.settle();
  expect(rig.link.isFull).toBe(false);
  expect(rig.link.resumed).toBe(1);
});

it('passes on the end of the input, and of the connection', () => {
  const rig = new Rig();
  rig.request();
  rig.transport.peerCloses();
  expect(rig.link.events.at(-1)).toBe('input-ended');
  expect(rig.link.hasInputEnded).toBe(true);
  rig.transport.peerResets();
  rig.transport.settle();
  expect(rig.link.reason).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
  expect(rig.link.connection.phase).toBe('closed');
});

it('sends GOAWAY with a code when it is closed, and nothing afterwards', () => {
  const rig = new Rig();
  rig.request();
  rig.link.close(11);
  rig.link.close();
  rig.link.goAway();
  rig.transport.settle();
  const events = rig.peer.read(rig.transport.takeWritten());
  expect(events.filter(({ type }) => type === 'goaway')).toMatchObject([{ errorCode: 11 }]);
  expect(rig.transport.peerSees).toBe('end');
});
