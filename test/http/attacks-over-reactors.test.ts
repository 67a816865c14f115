/** Hostile and half-broken clients of the HTTP server, over real reactors, in clear and over TLS. */
import { describe, expect, it } from 'vitest';
import type { HTTPHandler, HTTPRequest } from '../../src/http/index.js';
import { ConnectionClosed } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { latch, within } from '../support/deadline.js';
import { get } from './served.js';
import { overTCP, TRANSPORTS, untilEmpty } from './service.js';

const upload = (length: number): string =>
  `POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

const echo: HTTPHandler = (request, response) => response.sendFrom(request);

contract('an HTTP server', (rig) => {
  describe.each(TRANSPORTS)('%s', (_name, serve) => {
    it('understands a head and chunked content that come a byte at a time', async () => {
      const peer = await serve(rig, echo).connect();
      const text = `${get('/').replace('GET', 'POST').slice(0, -2)}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: 1\r\n\r\n`;
      for (const octet of text) peer.write(octet);
      await peer.until(() => peer.text.endsWith('\r\nabc\r\n0\r\n\r\n'), 'the answer');
    });

    it('gives up a request whose client resets the connection in the middle of the content', async () => {
      const begun = latch<HTTPRequest>();
      const failures: unknown[] = [];
      const service = serve(rig, async (request, response) => {
        begun.open(request);
        try {
          response.send(await request.bytes());
        } catch (error) {
          failures.push(error);
          throw error;
        }
      });
      const peer = await service.connect();
      peer.write(`${upload(100_000)}some`);
      const request = await begun.promise;
      peer.reset();
      await untilEmpty(rig, service);
      expect(failures).toHaveLength(1);
      expect(failures[0]).toBeInstanceOf(ConnectionClosed);
      expect(request.signal.aborted).toBe(true);
    });

    it('leaves the source of a response whose client resets the connection', async () => {
      const left = latch();
      async function* endless(): AsyncGenerator<Buffer> {
        try {
          for (;;) yield Buffer.alloc(10_000, 'x');
        } finally {
          left.open();
        }
      }
      const service = serve(rig, (_request, response) => response.sendFrom(endless()));
      const peer = await service.connect();
      peer.write(get('/'));
      await peer.receive(100_000);
      peer.reset();
      await within(left.promise, 'the source to be left');
      await untilEmpty(rig, service);
    });

    it('keeps no more for a client that sends requests and reads nothing than its limits', async () => {
      let answered = 0;
      const content = 'x'.repeat(10_000);
      const service = serve(rig, (_request, response) => {
        answered += 1;
        response.send(content);
      });
      const peer = await service.connect();
      peer.socket.pause();
      const batch = get('/').repeat(1_000);
      for (let i = 0; i < 40; i++) peer.write(batch);
      let before = -1;
      for (let turn = 0; turn < 2_000 && (answered === 0 || before !== answered); turn++) {
        before = answered;
        await rig.turns(20);
      }
      const [report] = rig.reactor.connections(1);
      // One response more than the high-water mark, with its head.
      expect(report?.unsentBytes ?? 0).toBeGreaterThan(0);
      expect(report?.unsentBytes ?? 0).toBeLessThan(64 * 1024 + 2 * 10_200 + 20_000);
      expect(answered).toBeLessThan(40_000);
      peer.reset();
      await untilEmpty(rig, service);
    });

    it('keeps no more of a response for a client that reads nothing than its limits', async () => {
      let taken = 0;
      async function* endless(): AsyncGenerator<Buffer> {
        for (;;) {
          taken += 10_000;
          yield Buffer.alloc(10_000, 'x');
        }
      }
      const service = serve(rig, (_request, response) => response.sendFrom(endless()));
      const peer = await service.connect();
      peer.socket.pause();
      peer.write(get('/'));
      for (let before = -1; taken === 0 || before !== taken; await rig.turns(20)) before = taken;
      const [report] = rig.reactor.connections(1);
      expect(report?.unsentBytes ?? 0).toBeLessThan(64 * 1024 + 30_000);
      peer.reset();
      await untilEmpty(rig, service);
    });

    it('stops reading content that nobody takes', async () => {
      const begun = latch();
      const service = serve(rig, () => void begun.open());
      const peer = await service.connect();
      peer.write(upload(1_000_000));
      await begun.promise;
      peer.write(Buffer.alloc(1_000_000));
      for (let turn = 0; rig.reactor.connections(1)[0]?.state !== 'paused'; turn++) {
        if (turn === 2_000) throw new Error('reading goes on');
        await rig.turns(1);
      }
      peer.reset();
    });

    it('closes in a handler, and stops in a handler', async () => {
      const running = rig.reactor.run({ installSignalHandlers: false });
      const service = serve(rig, ({ path }, response) => {
        if (path === '/close') void service.factory.drain();
        else rig.reactor.stop();
        response.send('last');
      });
      const first = await service.connect();
      const idle = await service.connect();
      first.write(get('/close') + get('/never'));
      await first.untilEnded();
      await idle.untilEnded();
      expect(first.text).toMatch(/Connection: close\r\n\r\nlast$/);
      first.end();
      idle.end();
      await untilEmpty(rig, service);
      const second = await service.connect();
      second.write(get('/stop'));
      await second.untilGone();
      second.end();
      await within(running, 'run');
    });

    it('ends a connection whose upgrade is refused, without reading the bytes behind it', async () => {
      const paths: string[] = [];
      const { connect } = serve(rig, ({ path }, response) => {
        paths.push(path);
        response.send('no');
      });
      const peer = await connect();
      peer.write(get('/up', 'Connection: upgrade', 'Upgrade: x') + get('/smuggled'));
      await peer.untilEnded();
      expect(paths).toEqual(['/up']);
    });
  });

  it('answers a client that has finished sending, however late', async () => {
    const released = latch();
    const service = overTCP(rig, async (request, response) => {
      const text = await request.text();
      await released.promise;
      response.send(text.toUpperCase());
    });
    const peer = await service.connect();
    peer.write(`${upload(3)}abc`);
    peer.end();
    await rig.turns(3);
    released.open();
    await peer.untilEnded();
    expect(peer.text.endsWith('ABC')).toBe(true);
    await untilEmpty(rig, service);
  });

  it('answers 400 to a client that finishes in the middle of a request', async () => {
    const service = overTCP(rig, echo);
    for (const text of ['GET / HT', upload(10)]) {
      const peer = await service.connect();
      peer.write(`${text}abc`);
      peer.end();
      await peer.untilGone();
      expect(peer.text).toMatch(text.startsWith('GET') ? /^HTTP\/1.1 400 / : /^(HTTP\/1.1 |$)/);
    }
    await untilEmpty(rig, service);
  });
});
