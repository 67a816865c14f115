/** undici as a client of the HTTP server: its low-level clients, and the fetch of Node. */
import { Readable } from 'node:stream';
import { Client, Pool, request } from 'undici';
import { expect, it } from 'vitest';
import { contract, type Rig } from '../../support/contract.js';
import { latch, Pulse, within } from '../../support/deadline.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { HOST } from '../peer-files.js';
import { ALL_PIECES, digest, GREETING, type ServedHTTP, serve } from './rig.js';

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);

contract(
  'with undici, an HTTP server',
  (rig: Rig) => {
    function connect({ origin }: ServedHTTP, options: Client.Options = {}): Client {
      const client = new Client(origin, options);
      rig.use({ [Symbol.asyncDispose]: () => client.destroy() });
      return client;
    }

    it('answers over one connection', async () => {
      const served = serve(rig);
      const client = connect(served);
      for (let i = 0; i < 20; i++) {
        const { body, statusCode } = await client.request({ method: 'GET', path: `/?${i}` });
        expect([statusCode, await body.text()]).toEqual([200, GREETING]);
      }
      // By default undici closes a connection after HEAD.
      const head = { method: 'HEAD', path: '/', reset: false } as const;
      const { headers, body } = await client.request(head);
      expect([headers['content-length'], await body.text()]).toEqual(['13', '']);
      const none = await client.request({ method: 'GET', path: '/empty' });
      expect([none.statusCode, await none.body.text()]).toEqual([204, '']);
      expect(served.factory.made).toBe(1);
    });

    it('answers pipelined requests in order', async () => {
      const pulse = new Pulse();
      const waiting: (() => void)[] = [];
      const served = serve(rig, {}, async (received, response) => {
        const { target } = received;
        if (target === '/0') {
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
            pulse.notify();
          });
        }
        response.send(target);
      });
      const client = connect(served, { pipelining: 10 });
      const targets = Array.from({ length: 50 }, (_, i) => `/${i}`);
      const answers = targets.map(async (path) => {
        const { body } = await client.request({ method: 'GET', path });
        return await body.text();
      });
      await pulse.until(() => waiting.length > 0, 'the first request');
      waiting[0]?.();
      expect(await within(Promise.all(answers), 'the answers')).toEqual(targets);
      expect(served.factory.made).toBe(1);
    });

    it('takes content that streams, and sends content that streams', async () => {
      const served = serve(rig);
      const client = connect(served);
      const sent = Array.from({ length: 100 }, (_, i) => `${i}.`.repeat(5000));
      const uploaded = await client.request({
        ...{ method: 'PUT', path: '/facts' },
        body: Readable.from(sent),
      });
      const all = sent.join('');
      expect(await uploaded.body.json()).toMatchObject({
        ...{ method: 'PUT', length: all.length, digest: digest(all) },
        fields: expect.arrayContaining([['transfer-encoding', 'chunked']]),
      });
      const echoed = await client.request({ method: 'POST', path: '/echo', body: LARGE });
      expect(digest(await echoed.body.text())).toBe(digest(LARGE));
      const pieces = await client.request({ method: 'GET', path: '/pieces' });
      expect(await pieces.body.text()).toBe(ALL_PIECES);
      expect(served.factory.made).toBe(1);
    });

    it('sends no faster than content is read', async () => {
      const pulse = new Pulse();
      let written = 0;
      let full = false;
      const served = serve(rig, {}, async (_request, response) => {
        const piece = Buffer.alloc(65_536, 'x');
        for (let i = 0; i < 1000; i++) {
          if (!response.write(piece)) {
            full = true;
            pulse.notify();
            await response.drained();
          }
          written += piece.length;
        }
        response.end();
      });
      const { body } = await connect(served).request({ method: 'GET', path: '/' });
      await pulse.until(() => full, 'the server to wait');
      expect(written).toBeLessThan(1000 * 65_536);
      let read = 0;
      for await (const piece of body) read += (piece as Buffer).length;
      expect(read).toBe(1000 * 65_536);
    });

    it('aborts the request if the client gives up', async () => {
      const aborted = latch<unknown>();
      const begun = latch();
      const served = serve(rig, {}, (received) => {
        received.signal.addEventListener('abort', () => aborted.open(received.signal.reason));
        begun.open();
        return new Promise(() => {});
      });
      const control = new AbortController();
      const answer = request(served.origin, { signal: control.signal });
      await within(begun.promise, 'the request');
      control.abort();
      await expect(answer).rejects.toThrow();
      expect(await within(aborted.promise, 'the abort')).toBeInstanceOf(Error);
    });

    it('sends informational answers and trailers', async () => {
      const served = serve(rig);
      const informed: number[] = [];
      const hints = await connect(served).request({
        ...{ method: 'GET', path: '/hints' },
        onInfo: ({ statusCode }) => informed.push(statusCode),
      });
      expect(await hints.body.text()).toBe('hinted');
      expect(informed).toEqual([103]);
      const trailers = await request(`${served.origin}/trailers`);
      expect(await trailers.body.text()).toBe('content');
      expect(trailers.trailers).toEqual({ sum: '42' });
    });

    it.each([
      ['upgrade', (client: Client) => client.upgrade({ path: '/shout', protocol: 'shout' })],
      ['connect', (client: Client) => client.connect({ path: `${HOST}:1` })],
    ])('gives the connection away: %s', async (_name, ask) => {
      const { socket } = await ask(connect(serve(rig)));
      const pulse = new Pulse();
      let text = '';
      socket.on('data', (piece) => {
        text += String(piece);
        pulse.notify();
      });
      await pulse.until(() => text === 'LOUD\n', 'the greeting');
      socket.write('hemp');
      await pulse.until(() => text === 'LOUD\nHEMP', 'the echo');
      socket.destroy();
    });

    it('shares few connections of a pool', async () => {
      const { origin, factory } = serve(rig);
      const pool = new Pool(origin, { connections: 5, pipelining: 4 });
      rig.use({ [Symbol.asyncDispose]: () => pool.destroy() });
      const answers = Array.from({ length: 500 }, async () => {
        const { body } = await pool.request({ method: 'POST', path: '/echo', body: 'hemp' });
        return await body.text();
      });
      expect(await Promise.all(answers)).toEqual(Array.from({ length: 500 }, () => 'hemp'));
      expect(factory.made).toBe(5);
    });

    it('exchanges content with fetch in both directions at once', async () => {
      const { origin } = serve(rig);
      const next = new Pulse();
      const received: string[] = [];
      async function* numbers(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 5; i++) {
          yield Buffer.from(`${i};`);
          await next.until(() => received.join('').includes(`${i};`), 'the echo');
        }
      }
      const answer = await fetch(`${origin}/echo`, {
        ...{ method: 'POST', body: numbers(), duplex: 'half' },
      } as RequestInit);
      for await (const piece of answer.body ?? []) {
        received.push(Buffer.from(piece).toString());
        next.notify();
      }
      expect(received.join('')).toBe('0;1;2;3;4;');
    });

    it('reads a form and JSON of fetch', async () => {
      const { origin } = serve(rig, {}, async (received, response) => {
        if (received.path === '/json') return response.sendJSON(await received.json());
        return response.sendJSON([...(await received.form())]);
      });
      const form = await fetch(origin, {
        method: 'POST',
        body: new URLSearchParams([
          ['a', 'b c'],
          ['é', '&'],
        ]),
      });
      expect(await form.json()).toEqual([
        ['a', 'b c'],
        ['é', '&'],
      ]);
      const json = await fetch(`${origin}/json`, { method: 'POST', body: '{"a":[1]}' });
      expect(await json.json()).toEqual({ a: [1] });
    });
  },
  ONE_POLLER,
);
