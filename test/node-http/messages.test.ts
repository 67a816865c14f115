// Requests and responses: content, backpressure, and clients that go away.
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { IncomingMessage, type ServerResponse } from 'ropewalk/node-http';
import { flushLoggedErrors } from 'ropewalk/testing';
import { describe, expect, it } from 'vitest';
import { Pulse } from '../support/deadline.js';
import { CLOSING_GET, GET, serversOn, untilEmpty } from './servers.js';

describe.each(['native', 'node'] as const)('on the %s reactor', (kind) => {
  const { serve, portOf, peerOf, answerOf } = serversOn(kind);

  it('tells request and response that the client has gone', async () => {
    const server = await serve();
    const begun = once(server, 'request');
    const peer = await peerOf(server);
    const [request, response] = (await begun) as [IncomingMessage, ServerResponse];
    const events: string[] = [];
    request.on('aborted', () => events.push('aborted'));
    request.on('error', (error: NodeJS.ErrnoException) => events.push(`error ${error.code}`));
    const closed = Promise.all(
      [request, response].map((one) => new Promise((resolve) => one.on('close', resolve))),
    );
    await peer[Symbol.asyncDispose]();
    await closed;
    expect(events).toEqual(['aborted', 'error ECONNRESET']);
    expect([
      request.aborted,
      request.destroyed,
      response.destroyed,
      response.writableEnded,
    ]).toEqual([true, true, true, false]);
    expect(response.write('too late')).toBe(false);
    response.end();
  });

  it.runIf('signal' in IncomingMessage.prototype)(
    'aborts the signal of a request whose client has gone',
    async () => {
      const server = await serve();
      const begun = once(server, 'request');
      const peer = await peerOf(server);
      const [request] = (await begun) as [IncomingMessage & { readonly signal: AbortSignal }];
      const { signal } = request;
      expect(signal.aborted).toBe(false);
      const aborted = once(signal, 'abort');
      await peer[Symbol.asyncDispose]();
      await aborted;
      expect(signal.aborted).toBe(true);
    },
  );

  it('drops what was written in the turn in which the socket is destroyed, and what is written later', async () => {
    const lines: string[] = [];
    const server = await serve(
      (request, response) => {
        const events: string[] = [];
        response.on('finish', () => events.push('finish'));
        response.on('close', () => lines.push([...events, 'close'].join()));
        if (request.url === '/whole') response.end('whole');
        else if (request.url === '/much') response.write(Buffer.alloc(20_000, 'x'));
        else if (request.url === '/part') response.write('part');
        request.socket.destroy();
        if (request.url !== '/whole') response.end('too late');
      },
      { engine: { accessLog: ({ bytes }) => lines.push(`${bytes}`) } },
    );
    const texts: string[] = [];
    for (const path of ['/whole', '/part', '/much', '/nothing']) {
      texts.push(await answerOf(server, GET.replace('/', path)));
    }
    expect(texts[0]).toMatch(/whole$/);
    expect(texts[1]).toBe('');
    expect(texts[2]?.match(/x/g)).toHaveLength(20_000);
    expect(texts[2]).not.toContain('too late');
    expect(texts[3]).toBe('');
    await untilEmpty(server);
    expect(lines).toEqual(['5', 'finish,close', '0', 'close', '20000', 'close', '0', 'close']);
  });

  it('sends what was written before, in order, when the socket is ended', async () => {
    const server = await serve(({ socket }, response) => {
      response.write('one ');
      socket.write('raw ');
      response.write('two');
      socket.end();
      response.end('too late');
    });
    expect(await answerOf(server)).toMatch(/\r\n\r\n4\r\none \r\nraw 3\r\ntwo\r\n$/);
  });

  it('fails an upload that the client breaks off', async () => {
    const server = await serve();
    const begun = once(server, 'request');
    const peer = await peerOf(
      server,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf',
    );
    const [request] = (await begun) as [IncomingMessage];
    const received = once(request, 'data');
    const failed = once(request, 'error');
    expect(String((await received)[0])).toBe('half');
    await peer[Symbol.asyncDispose]();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(request.complete).toBe(false);
  });

  it('pauses a program that writes faster than the client reads', async () => {
    const piece = Buffer.alloc(65_536, 'x');
    const maxPieces = 1_000;
    let pieces = 0;
    const needsDrain: boolean[] = [];
    const paused = new Pulse();
    const server = await serve(async (_request, response) => {
      do pieces += 1;
      while (response.write(piece) && pieces < maxPieces);
      needsDrain.push(response.writableNeedDrain);
      const drained = once(response, 'drain');
      paused.notify();
      await drained;
      needsDrain.push(response.writableNeedDrain);
      response.end();
    });
    await using peer = await peerOf(server, '');
    peer.socket.pause();
    peer.write(CLOSING_GET);
    await paused.until(() => needsDrain.length > 0, 'a program that is paused');
    expect([needsDrain[0], pieces < maxPieces]).toEqual([true, true]);
    peer.socket.resume();
    await peer.until(() => peer.ended || peer.closed, 'the end of the answer');
    expect(needsDrain).toEqual([true, false]);
    expect(peer.received.toString('latin1').match(/x/g)).toHaveLength(pieces * piece.length);
  });

  it('pauses a client that sends faster than the program reads', async () => {
    const size = 8_000_000;
    let length = 0;
    let most = 0;
    const server = await serve(async (request, response) => {
      if (request.method === 'GET') {
        response.end();
        return;
      }
      const slow = new Writable({
        highWaterMark: 1_000,
        write(data: Buffer, _encoding, written) {
          const isFirst = length === 0;
          length += data.length;
          const goOn = (): void => {
            most = Math.max(most, request.readableLength);
            setImmediate(written);
          };
          if (isFirst) void otherAnswers().then(goOn, written);
          else goOn();
        },
      });
      await pipeline(request, slow);
      response.end(String(length));
    });
    // Meanwhile the server could receive all of it.
    const otherAnswers = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await answerOf(server);
    };
    const response = await fetch(`http://127.0.0.1:${portOf(server)}`, {
      method: 'POST',
      body: Buffer.alloc(size, 'y'),
    });
    expect(await response.text()).toBe(String(size));
    expect(most).toBeLessThan(500_000);
  });

  it('ends a stream of a request that nobody read when the response is finished', async () => {
    const events: string[] = [];
    const server = await serve((request, response) => {
      request.on('end', () => events.push('end'));
      request.on('close', () => events.push('close'));
      response.end('unread');
    });
    const text = await answerOf(
      server,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody',
    );
    expect(text).toContain('unread');
    expect(events).toEqual(['end', 'close']);
  });

  it('answers an exception of a listener with 500, and reports it', async () => {
    const server = await serve(() => {
      throw new Error('from a listener');
    });
    expect(await answerOf(server)).toMatch(/^HTTP\/1.1 500 /);
    expect(flushLoggedErrors(Error)).toHaveLength(1);
  });

  it('sends no content beyond the announced length, and ends the connection', async () => {
    const server = await serve((request, response) => {
      response.setHeader('Content-Length', 4);
      if (request.url === '/long') {
        response.write('1234HTTP/1.1 200 OK');
        response.end();
      } else response.end('12');
    });
    expect(await answerOf(server, GET.replace('/', '/long'))).toMatch(/\r\n\r\n1234$/);
    expect(await answerOf(server)).toMatch(/\r\n\r\n12$/);
  });

  it('throws for such content if strictContentLength is set', async () => {
    const codes: string[] = [];
    const server = await serve((_request, response) => {
      response.strictContentLength = true;
      response.setHeader('Content-Length', 4);
      for (const act of [() => response.write('12345'), () => response.end('123')]) {
        try {
          act();
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code as string);
        }
      }
      response.end('1234');
    });
    expect(await answerOf(server)).toMatch(/\r\n\r\n1234$/);
    expect(codes).toEqual(Array(2).fill('ERR_HTTP_CONTENT_LENGTH_MISMATCH'));
  });

  it('sends values of fields in Latin-1, whatever the content is', async () => {
    const server = await serve((_request, response) => {
      response.setHeader('Content-Disposition', 'attachment; filename="grüße.txt"');
      response.end('漢');
    });
    await using peer = await peerOf(server, CLOSING_GET);
    await peer.until(() => peer.ended, 'the end');
    const bytes = Buffer.concat(peer.chunks);
    expect(bytes.includes(Buffer.from('grüße.txt', 'latin1'))).toBe(true);
    expect(bytes.toString().endsWith('漢')).toBe(true);
  });

  it('refuses content of responses that have none, if that is asked for', async () => {
    const server = await serve(
      (_request, response) => {
        response.writeHead(204);
        let code = '';
        try {
          response.write('content');
        } catch (error) {
          code = (error as NodeJS.ErrnoException).code as string;
        }
        expect(code).toBe('ERR_HTTP_BODY_NOT_ALLOWED');
        response.end();
      },
      { rejectNonStandardBodyWrites: true },
    );
    expect(await answerOf(server)).toMatch(/^HTTP\/1.1 204 /);
  });

  it('limits content by an option of the engine', async () => {
    const server = await serve((request, response) => request.pipe(response), {
      engine: { maxContentBytes: 10 },
    });
    const text = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n';
    expect(await answerOf(server, text)).toMatch(/^HTTP\/1.1 4/);
  });
});
