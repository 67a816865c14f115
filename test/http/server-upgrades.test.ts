/** Connections that the server gives to another protocol. */
import { describe, expect, it } from 'vitest';
import { type HTTPRequest, HTTPSequenceError } from '../../src/http/index.js';
import { Protocol } from '../../src/index.js';
import { answer, get, Served } from './served.js';

describe('an upgrade', () => {
  class Shout extends Protocol {
    override readonly acceptsLentBytes = true;
    lost: Error | undefined;

    override connectionMade(): void {
      this.transport.write('hi ');
    }

    override dataReceived(data: Buffer): void {
      this.transport.write(String(data).toUpperCase());
    }

    override connectionLost(reason: Error): void {
      this.lost = reason;
    }
  }

  const request = get('/', 'Connection: upgrade', 'Upgrade: shout/1, other');

  it('gives the connection and the bytes behind the request to a protocol', () => {
    const shout = new Shout();
    const served = new Served((received, response) => {
      response.setField('A', 'b');
      received.upgrade(shout);
    });
    expect(served.receive(`${request}first`)).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: shout/1\r\nA: b\r\n\r\nhi FIRST',
    );
    expect(served.receive('more')).toBe('MORE');
    served.advance(600_000);
    expect(served.transport.peerSees).toBe('open');
    served.transport.peerCloses();
    served.transport.settle();
    expect(shout.lost).toMatchObject({ name: 'ConnectionDone' });
  });

  it('can come later, and after CONNECT', () => {
    const waiting: HTTPRequest[] = [];
    const served = new Served((received) => void waiting.push(received));
    served.receive('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nfirst');
    served.receive('more');
    waiting[0]?.upgrade(new Shout());
    expect(served.sent()).toBe('HTTP/1.1 200 OK\r\n\r\nhi FIRSTMORE');
  });

  it.each([
    ['without Upgrade', get('/'), undefined, HTTPSequenceError],
    [
      'with content',
      request.replace('\r\n\r\n', '\r\nContent-Length: 1\r\n\r\nx'),
      undefined,
      HTTPSequenceError,
    ],
    ['to what is no protocol', request, 'a b', Error],
  ])('is refused %s', (_name, text, name, kind) => {
    const served = new Served((received, response) => {
      expect(() => received.upgrade(new Shout(), name)).toThrow(kind);
      response.send();
      expect(() => received.upgrade(new Shout(), name)).toThrow(Error);
    });
    expect(served.receive(text)).toBe(answer('200 OK', ''));
  });
});
