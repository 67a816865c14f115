/** Connections that the server gives to another protocol. */
import { describe, expect, it } from 'vitest';
import {
  type HTTPRequest,
  HTTPSequenceError,
  HTTPStatusError,
  InvalidHTTPOutputError,
  type UpgradedProtocol,
  UpgradeRequiredError,
} from '../../src/http/index.js';
import { ConnectionLost, InvalidArgumentValueError, Protocol } from '../../src/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
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

  it('sends fields in Latin-1', () => {
    const served = new Served((received, response) => {
      response.setField('A', 'é');
      received.upgrade(new Shout());
    });
    expect(served.receive(request)).toContain('\r\nA: é\r\n\r\n');
  });

  it('leaves the request readable, and nothing of it to other connections', () => {
    const received: HTTPRequest[] = [];
    const served = new Served((one, response) => {
      received.push(one);
      if (one.head.hasUpgrade) one.upgrade(new Shout());
      else response.send(one.path);
    });
    const upgraded = served.transport;
    served.receive(`${request}first`);
    served.connect();
    expect(served.receive(get('/b'))).toBe(answer('200 OK', '/b'));
    served.connect();
    expect(served.receive(get('/c', 'Connection: close'))).toContain('/c');
    upgraded.receive('more');
    upgraded.settle();
    expect(upgraded.takeWritten().toString()).toBe('MORE');
    expect(received[0]?.head.field('upgrade')).toBe('shout/1, other');
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
    ['without Upgrade', get('/'), undefined, HTTPStatusError],
    ['without Upgrade to a certain protocol', get('/'), 'shout/1', UpgradeRequiredError],
    [
      'with content',
      request.replace('\r\n\r\n', '\r\nContent-Length: 1\r\n\r\nx'),
      undefined,
      HTTPStatusError,
    ],
    ['to a name that is no protocol', request, 'a b', InvalidArgumentValueError],
    ['to a protocol that the client does not offer', request, 'third', UpgradeRequiredError],
    ['if the offer is malformed', request.replace('other', 'a b'), undefined, HTTPStatusError],
  ])('is refused %s', (_name, text, name, kind) => {
    const served = new Served((received, response) => {
      expect(() => received.upgrade(new Shout(), name)).toThrow(kind);
      response.send();
      expect(() => received.upgrade(new Shout(), name)).toThrow(HTTPSequenceError);
    });
    expect(served.receive(text)).toBe(answer('200 OK', ''));
  });

  it.each([
    ['426 and the protocol', 'shout/1', '426 Upgrade Required', 'Upgrade: shout/1'],
    ['400 if any protocol would do', undefined, '400 Bad Request', undefined],
  ])('of a plain request is answered with %s', (_name, name, status, field) => {
    const served = new Served((received, response) => {
      response.setField('A', 'dropped');
      received.upgrade(new Shout(), name);
    });
    const fields = field === undefined ? [] : [field];
    const type = 'Content-Type: text/plain; charset=utf-8';
    const expected = answer(status, `${status}\n`, ...fields, type);
    expect(served.receive(get('/'))).toBe(
      field === undefined
        ? expected
        : expected.replace('\r\n\r\n', '\r\nConnection: Upgrade\r\n\r\n'),
    );
    expect(served.receive(get('/'))).not.toBe('');
  });

  it('can name any protocol that the client offers, in any case', () => {
    const served = new Served((received) => received.upgrade(new Shout(), 'OTHER'));
    expect(served.receive(request)).toMatch(/^HTTP\/1.1 101 .*\r\nUpgrade: OTHER\r\n/s);
  });

  it('is refused after the end of the connection, without a report', () => {
    const waiting: HTTPRequest[] = [];
    const served = new Served((received) => void waiting.push(received));
    served.receive(request);
    served.transport.peerResets();
    served.transport.settle();
    expect(() => waiting[0]?.upgrade(new Shout())).toThrow(ConnectionLost);
  });

  it('is refused with 400 if the client has finished sending', async () => {
    const served = new Served(async (received) => {
      await Promise.resolve();
      received.upgrade(new Shout());
    });
    served.transport.receive(request);
    served.transport.peerCloses();
    expect(await served.later()).toMatch(/^HTTP\/1.1 400 /);
    expect(served.transport.peerSees).toBe('end');
  });

  it('does not send fields of content', () => {
    const served = new Served((received, response) => {
      response.setField('Content-Length', '5');
      expect(() => received.upgrade(new Shout())).toThrow(InvalidHTTPOutputError);
      response.removeField('content-length').send();
    });
    expect(served.receive(request)).toBe(answer('200 OK', ''));
  });

  it('that is not accepted ends the connection if bytes behind it have arrived', () => {
    const served = new Served((_request, response) => response.send());
    const closed = answer('200 OK', '').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    expect(served.receive(request + get('/smuggled'))).toBe(closed);
    expect(served.transport.peerSees).toBe('end');
    served.connect();
    expect(served.receive(request)).toBe(answer('200 OK', ''));
    expect(served.receive(get('/'))).toBe(answer('200 OK', ''));
  });

  describe('gives the protocol all calls:', () => {
    class Successor implements UpgradedProtocol {
      readonly events: string[] = [];
      readonly pauses: boolean;
      transport: Protocol['transport'] | undefined;

      constructor(pauses = false) {
        this.pauses = pauses;
      }

      makeConnection(transport: Protocol['transport']): void {
        this.transport = transport;
        if (this.pauses) transport.pauseProducing();
      }

      dataReceived(data: Buffer): void {
        this.events.push(String(data));
      }

      readConnectionLost(): void {
        this.events.push('readConnectionLost');
        this.transport?.loseWriteConnection();
      }

      writeConnectionLost(): void {
        this.events.push('writeConnectionLost');
        this.transport?.loseConnection();
      }

      connectionLost(reason: Error): void {
        this.events.push(reason.name);
      }

      serverClosing(): void {
        this.events.push('serverClosing');
        this.transport?.loseConnection();
      }
    }

    it('half-closing', () => {
      const successor = new Successor();
      const served = new Served((received) => received.upgrade(successor));
      served.receive(`${request}a`);
      served.transport.peerCloses();
      served.sent();
      expect(successor.events).toEqual([
        'a',
        'readConnectionLost',
        'writeConnectionLost',
        'ConnectionDone',
      ]);
      expect(served.factory.connections).toBe(0);
    });

    it('nothing while it has paused reading', () => {
      const successor = new Successor(true);
      const served = new Served((received) => received.upgrade(successor));
      served.receive(`${request}a`);
      served.receive('b');
      expect(successor.events).toEqual([]);
      successor.transport?.resumeProducing();
      served.sent();
      expect(successor.events).toEqual(['a', 'b']);
    });

    it('bytes in order, even if reading was paused before', async () => {
      const successor = new Successor();
      let go: (() => void) | undefined;
      const served = new Served(
        async (received) => {
          await new Promise<void>((resolve) => {
            go = resolve;
          });
          received.upgrade(successor);
        },
        { maxPipelinedBytes: 2 },
      );
      served.receive(`${request}ab`);
      served.transport.receive('cd');
      expect(served.transport.paused).toBe(true);
      go?.();
      await served.later();
      expect(successor.events.join('')).toBe('abcd');
    });

    it('the close of the server', () => {
      const successor = new Successor();
      const served = new Served((received) => received.upgrade(successor));
      served.receive(request);
      expect(served.factory.connections).toBe(1);
      let drained = false;
      void served.factory.drain().addCallback(() => {
        drained = true;
      });
      served.sent();
      expect(successor.events).toEqual(['serverClosing', 'ConnectionDone']);
      expect(drained).toBe(true);
    });

    it('but is closed with the server, behind what it wrote, if it has no serverClosing', () => {
      const shout = new Shout();
      const served = new Served((received) => received.upgrade(shout));
      served.receive(request);
      shout.transport.write('last');
      void served.factory.drain();
      expect(served.sent()).toBe('last');
      expect(shout.lost).toMatchObject({ name: 'ConnectionDone' });
      expect(served.factory.connections).toBe(0);
    });
  });

  it('ends with the error of a handler that fails afterwards', async () => {
    const shout = new Shout();
    const served = new Served(async (received) => {
      received.upgrade(shout);
      await Promise.resolve();
      throw new HTTPStatusError(418);
    });
    served.receive(request);
    await served.later();
    expect(flushLoggedErrors(HTTPStatusError)).toHaveLength(1);
    expect(shout.lost).toMatchObject({ status: 418 });
  });

  it.each([
    ['makeConnection', { makeConnection: () => Promise.reject(new HTTPStatusError(500)) }],
    ['dataReceived', { dataReceived: () => Promise.reject(new HTTPStatusError(500)) }],
    [
      'serverClosing',
      {
        serverClosing() {
          throw new HTTPStatusError(500);
        },
      },
    ],
  ])('ends if %s of the protocol fails', async (_name, methods) => {
    const lost: Error[] = [];
    const served = new Served((received) =>
      received.upgrade({
        makeConnection() {},
        dataReceived() {},
        connectionLost: (reason) => void lost.push(reason),
        ...methods,
      }),
    );
    served.receive(`${request}x`);
    if (!('makeConnection' in methods) && !('dataReceived' in methods)) void served.factory.drain();
    await served.later();
    expect(flushLoggedErrors(HTTPStatusError)).toHaveLength(1);
    expect(lost).toMatchObject([{ status: 500 }]);
  });
});

describe('the end of a response', () => {
  it('is called back when it is complete, once', () => {
    const ended: string[] = [];
    const served = new Served((received, response) => {
      response.whenEnded(() => ended.push(received.path));
      response.whenEnded(() => ended.push('second'));
      if (received.path === '/pieces') response.write('a');
      else response.send('whole');
    });
    served.receive(get('/'));
    expect(ended.splice(0)).toEqual(['/', 'second']);
    served.receive(get('/pieces'));
    expect(ended).toEqual([]);
    served.transport.peerResets();
    served.transport.settle();
    expect(ended).toEqual(['/pieces', 'second']);
  });

  it('is called back at once if it has ended', () => {
    const ended: number[] = [];
    const served = new Served((_received, response) => {
      response.send();
      response.whenEnded(() => ended.push(1));
    });
    served.receive(get('/'));
    expect(ended).toEqual([1]);
  });

  it('is called back for errors of the handler, and its own errors are reported', () => {
    const served = new Served((_received, response) => {
      response.whenEnded(() => {
        throw new Error('at the end');
      });
      throw new HTTPStatusError(404);
    });
    expect(served.receive(get('/'))).toContain('404');
    expect(flushLoggedErrors().map(({ error }) => String(error))).toEqual(['Error: at the end']);
  });

  it('is that of the connection after an upgrade', () => {
    const ended: number[] = [];
    const served = new Served((received, response) => {
      response.whenEnded(() => ended.push(1));
      received.upgrade(new Protocol());
      response.whenEnded(() => ended.push(2));
    });
    served.receive(get('/', 'Connection: upgrade', 'Upgrade: any'));
    expect(ended).toEqual([]);
    served.transport.peerCloses();
    served.transport.settle();
    expect(ended).toEqual([1, 2]);
  });

  it('refuses what is no function, and a first call after an upgrade', () => {
    const problems: unknown[] = [];
    const served = new Served((received, response) => {
      for (const call of [
        () => response.whenEnded(1 as never),
        () => {
          received.upgrade(new Protocol());
          response.whenEnded(() => undefined);
        },
      ]) {
        try {
          call();
        } catch (error) {
          problems.push((error as { code?: string }).code);
        }
      }
    });
    served.receive(get('/', 'Connection: upgrade', 'Upgrade: any'));
    expect(problems).toEqual(['ERR_INVALID_ARG_TYPE', 'ERR_HTTP_SEQUENCE']);
  });
});
