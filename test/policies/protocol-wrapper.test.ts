import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import type { Transport } from '../../src/core/transport.js';
import { ProtocolWrapper } from '../../src/policies/protocol-wrapper.js';
import { MemoryTransport } from '../../src/testing/memory-transport.js';
import { HalfCloseRecorder, Recorder } from '../support/recorder.js';
import { checkRules } from './wired.js';

function wrapped<P extends Recorder>(protocol: P, options = {}): [P, MemoryTransport] {
  const transport = new MemoryTransport(options);
  transport.connect(new ProtocolWrapper(protocol));
  return [protocol, transport];
}

describe('ProtocolWrapper', () => {
  checkRules();

  it('is the transport of the protocol that it wraps', () => {
    const protocol = new Recorder();
    const wrapper = new ProtocolWrapper(protocol);
    const transport = new MemoryTransport();
    expect(wrapper.connected).toBe(false);
    transport.connect(wrapper);
    expect(protocol.transport).toBe(wrapper);
    expect(wrapper.transport).toBe(transport);
    expect(wrapper.connected).toBe(true);
  });

  it('passes data both ways', () => {
    const [protocol, transport] = wrapped(new Recorder());
    transport.receive('question');
    protocol.transport.write('an');
    protocol.transport.writeSequence(['sw', Buffer.from('er')]);
    expect(protocol.text).toBe('question');
    expect(transport.text).toBe('answer');
  });

  it('reports the properties of the transport below', () => {
    const [{ transport: seen }, transport] = wrapped(new Recorder(), { capacity: 0 });
    seen.write('12345');
    expect(seen.bufferedBytes).toBe(5);
    expect(seen.getPeer()).toBe(transport.getPeer());
    expect(seen.getHost()).toBe(transport.getHost());
    expect([seen.connected, seen.disconnecting]).toEqual([true, false]);
    seen.loseConnection();
    expect([seen.connected, seen.disconnecting]).toEqual([true, true]);
    seen.abortConnection();
    expect([seen.connected, seen.disconnecting]).toEqual([false, true]);
    transport.settle();
  });

  it.each(['loseConnection', 'stopProducing'] as const)(
    'closes on %s, once and later',
    (method) => {
      const [protocol, transport] = wrapped(new Recorder());
      protocol.call('write', 'bye');
      protocol.call(method);
      expect(protocol.log).toEqual(['connectionMade']);
      transport.settle();
      expect(protocol.log).toEqual(['connectionMade', 'connectionLost ConnectionDone']);
      expect(transport.text).toBe('bye');
    },
  );

  it('aborts, once and later', () => {
    const [protocol, transport] = wrapped(new Recorder());
    protocol.call('abortConnection');
    expect(transport.peerSees).toBe('reset');
    transport.settle();
    expect(protocol.log).toEqual(['connectionMade', 'connectionLost ConnectionAborted']);
  });

  it('pauses and resumes receiving', () => {
    const [protocol, transport] = wrapped(new Recorder());
    protocol.transport.pauseProducing();
    transport.receive('later');
    expect(protocol.text).toBe('');
    protocol.transport.resumeProducing();
    transport.settle();
    expect(protocol.text).toBe('later');
  });

  it('passes producers on, of both kinds', () => {
    const [{ transport: seen }, transport] = wrapped(new Recorder());
    const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };
    seen.registerProducer(producer, true);
    expect([transport.registeredProducer, transport.streaming]).toEqual([producer, true]);
    seen.unregisterProducer();
    expect(transport.registeredProducer).toBeUndefined();
    seen.registerProducer(producer, false);
    expect([transport.registeredProducer, transport.streaming]).toEqual([producer, false]);
  });

  it('ends the connection with the error that the protocol throws', () => {
    const reports: string[] = [];
    const reportError = (_error: unknown, where: string): void => void reports.push(where);
    const protocol = new Recorder({
      dataReceived() {
        throw new RangeError('no such thing');
      },
    });
    const [, transport] = wrapped(protocol, { reportError });
    transport.receive('x');
    transport.settle();
    expect(protocol.reason).toBeInstanceOf(RangeError);
    expect(reports).toEqual(['dataReceived']);
  });

  it('cannot be half-closed if the wrapped protocol cannot', () => {
    const wrapper = new ProtocolWrapper(new Recorder());
    expect(wrapper.readConnectionLost).toBeUndefined();
    expect(wrapper.writeConnectionLost).toBeUndefined();
    const [protocol, transport] = wrapped(new Recorder());
    transport.peerCloses();
    transport.settle();
    expect(protocol.log).toEqual(['connectionMade', 'connectionLost ConnectionDone']);
  });

  it('can be half-closed if the wrapped protocol can, however often it is wrapped', () => {
    const protocol = new HalfCloseRecorder();
    const transport = new MemoryTransport();
    transport.connect(new ProtocolWrapper(new ProtocolWrapper(protocol)));
    transport.peerCloses();
    transport.settle();
    protocol.call('write', 'still here');
    protocol.call('loseWriteConnection');
    transport.settle();
    expect(protocol.log).toEqual(['connectionMade', 'readConnectionLost', 'writeConnectionLost']);
    expect(transport.text).toBe('still here');
    protocol.call('loseConnection');
    transport.settle();
    expect(protocol.log.at(-1)).toBe('connectionLost ConnectionDone');
  });

  it('sets the options of a TCP transport', () => {
    const [{ tcp }, transport] = wrapped(new Recorder());
    tcp.setTcpNoDelay(false);
    tcp.setTcpKeepAlive(true);
    expect([tcp.getTcpNoDelay(), tcp.getTcpKeepAlive()]).toEqual([false, true]);
    expect([transport.getTcpNoDelay(), transport.getTcpKeepAlive()]).toEqual([false, true]);
  });

  it('names the TCP option that the transport below lacks', () => {
    const wrapper = new ProtocolWrapper(new Recorder());
    wrapper.transport = { connected: false } as Transport;
    for (const method of ['getTcpNoDelay', 'getTcpKeepAlive'] as const) {
      expect(() => wrapper[method]()).toThrow(UnsupportedError);
    }
    for (const method of ['setTcpNoDelay', 'setTcpKeepAlive'] as const) {
      expect(() => wrapper[method](true)).toThrow(expect.objectContaining({ feature: method }));
    }
  });
});
