import { describe, expect, it } from 'vitest';
import type { Deferred } from '../../src/defer/deferred.js';
import { TCPClientEndpoint } from '../../src/endpoints/tcp.js';
import { type AnswerReader, type AskOptions, ask } from '../../src/exchange/ask.js';
import { AnswerIncompleteError } from '../../src/exchange/errors.js';
import { failureResultOf, successResultOf } from '../../src/testing/deferred-results.js';
import { MemoryReactor } from '../../src/testing/memory-reactor.js';

/** Three bytes. */
class Three implements AnswerReader<string> {
  text = '';

  receive(chunk: Buffer): boolean {
    this.text += chunk.toString();
    return this.text.length >= 3;
  }

  finish(): string {
    if (this.text.length < 3) throw new AnswerIncompleteError(this.text.length);
    return this.text;
  }
}

function asking(options: Partial<AskOptions> = {}) {
  const reactor = new MemoryReactor();
  const endpoint = new TCPClientEndpoint(reactor, '192.0.2.1', 1);
  const full = { clock: reactor, ...options };
  const answer: Deferred<string> = ask(endpoint, full, Buffer.from('?'), new Three());
  reactor.advance(0);
  return {
    reactor,
    answer,
    client: () => reactor.tcpClients[0] as NonNullable<(typeof reactor.tcpClients)[0]>,
  };
}

describe('a client of one question', () => {
  it('sends it, reads the answer, and closes', () => {
    const { reactor, answer, client } = asking();
    const transport = client().accept();
    reactor.advance(0);
    expect(transport.text).toBe('?');
    transport.receive('ab');
    transport.receive('c');
    reactor.advance(0);
    expect(successResultOf(answer)).toBe('abc');
    expect(transport.peerSees).toBe('end');
    reactor.advance(100_000);
  });

  it('fails if the answer is incomplete', () => {
    const { reactor, answer, client } = asking();
    const transport = client().accept();
    reactor.advance(0);
    transport.receive('ab');
    transport.peerCloses();
    reactor.advance(0);
    expect(failureResultOf(answer, AnswerIncompleteError)).toMatchObject({
      receivedBytes: 2,
    });
  });

  it('fails if the connection is reset', () => {
    const { reactor, answer, client } = asking();
    const transport = client().accept();
    reactor.advance(0);
    transport.peerResets();
    reactor.advance(0);
    expect(failureResultOf(answer)).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
  });

  it.each([false, true])('fails after timeoutMs, connected: %s', (connected) => {
    const { reactor, answer, client } = asking({ timeoutMs: 5_000 });
    const transport = connected ? client().accept() : undefined;
    reactor.advance(4_999);
    transport?.receive('a');
    reactor.advance(1);
    expect(failureResultOf(answer)).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 5_000 });
    reactor.advance(0);
    if (transport !== undefined) expect(transport.peerSees).toBe('reset');
  });

  it.each([false, true])('can be cancelled, connected: %s', (connected) => {
    const { reactor, answer, client } = asking();
    const transport = connected ? client().accept() : undefined;
    reactor.advance(0);
    answer.cancel();
    expect(failureResultOf(answer)).toMatchObject({ code: 'ERR_CANCELLED' });
    reactor.advance(0);
    if (transport !== undefined) expect(transport.peerSees).toBe('reset');
  });

  it('drops bytes behind the answer', () => {
    const { reactor, answer, client } = asking();
    const transport = client().accept();
    reactor.advance(0);
    transport.receive('abc');
    if (transport.connected) transport.receive('d');
    reactor.advance(0);
    expect(successResultOf(answer)).toBe('abc');
  });
});
