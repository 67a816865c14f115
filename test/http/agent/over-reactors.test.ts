/** The agent over each reactor, against servers of this package. */
import { expect, it } from 'vitest';
import { Agent, type HTTPHandler, serveHttp } from '../../../src/http/index.js';
import {
  type IPv4Address,
  TCPServerEndpoint,
  UNIXClientEndpoint,
  wrapServerTLS,
} from '../../../src/index.js';
import { selfSignedCertificate } from '../../../src/tls/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { within } from '../../support/deadline.js';

const LARGE = 4 * 1024 * 1024;
/** More than the buffers of two sockets. */
const HUGE = 64 * 1024 * 1024;

const handler: HTTPHandler = async (request, response) => {
  switch (request.path) {
    case '/echo':
      return response.sendFrom(request);
    case '/large':
      return response.sendFrom(Array.from({ length: 64 }, () => Buffer.alloc(LARGE / 64, 'x')));
    case '/json':
      return response.send(JSON.stringify({ method: request.method }));
    default:
      return response.send(`${request.method} ${request.target}`);
  }
};

async function serve(rig: Rig, handle = handler): Promise<string> {
  const endpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });
  const server = rig.use(await serveHttp(rig.reactor, endpoint, handle, { maxContentBytes: HUGE }));
  return `http://127.0.0.1:${(server.getHost() as IPv4Address).port}`;
}

contract('an agent', (rig) => {
  it('sends many requests over kept connections', async () => {
    const base = await serve(rig);
    const agent = rig.use(new Agent(rig.reactor, { maxConnectionsPerOrigin: 4, baseURL: base }));
    const texts = await Promise.all(
      Array.from({ length: 100 }, (_, at) => agent.get(`/${at}`).text()),
    );
    expect(texts).toEqual(Array.from({ length: 100 }, (_, at) => `GET /${at}`));
    expect(agent.counts.connections).toBe(4);
    expect(await agent.post('/json').json<{ method: string }>()).toEqual({ method: 'POST' });
  });

  it('streams both ways with backpressure', async () => {
    const base = await serve(rig);
    const agent = rig.use(new Agent(rig.reactor, { baseURL: base }));
    let sent = 0;
    async function* pieces(): AsyncGenerator<Buffer> {
      for (; sent < HUGE; sent += 65_536) yield Buffer.alloc(65_536, 'y');
    }
    const answer = await agent.put('/echo', { content: pieces() });
    // Nobody reads yet: the server, and so this side, cannot go on.
    await rig.turns(50);
    expect(sent).toBeLessThan(HUGE);
    let received = 0;
    for await (const piece of answer) received += piece.length;
    expect([sent, received]).toEqual([HUGE, HUGE]);
    expect((await agent.get('/large').bytes()).length).toBe(LARGE);
    await agent.get('/large').drain();
    expect(agent.counts).toMatchObject({ connections: 1, idle: 1 });
  });

  it('fetches with streams of the platform both ways', async () => {
    const base = await serve(rig);
    const agent = rig.use(new Agent(rig.reactor, { baseURL: base }));
    const body = new Blob([Buffer.alloc(LARGE, 'z')]).stream();
    const response = await agent.fetch('/echo', { method: 'PUT', body, duplex: 'half' });
    expect((await response.arrayBuffer()).byteLength).toBe(LARGE);
    const cancelled = await agent.fetch('/large');
    await cancelled.body?.cancel();
    expect(await (await agent.fetch('/json', { method: 'post' })).json()).toEqual({
      method: 'POST',
    });
  });

  it('is stopped by a signal while a server says nothing', async () => {
    const base = await serve(rig, () => new Promise(() => {}));
    const agent = rig.use(new Agent(rig.reactor));
    const controller = new AbortController();
    const asked = agent.get(base, { signal: controller.signal }).text();
    await rig.turns(3);
    controller.abort();
    await expect(within(asked.toPromise(), 'the end')).rejects.toMatchObject({
      code: 'ERR_CANCELLED',
    });
    await within(agent.close().toPromise(), 'the end of the connection');
  });

  it('verifies the server of an https URL', async () => {
    const identity = await selfSignedCertificate();
    const plain = new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });
    const endpoint = wrapServerTLS({ identity }, plain);
    const server = rig.use(await serveHttp(rig.reactor, endpoint, handler));
    const base = `https://localhost:${(server.getHost() as IPv4Address).port}`;
    const trusting = rig.use(new Agent(rig.reactor, { tls: { trustRoots: identity.certificate } }));
    expect(await trusting.get(`${base}/a`).text()).toBe('GET /a');
    const strict = rig.use(new Agent(rig.reactor));
    await expect(strict.get(base).toPromise()).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_TLS_CERT/),
    });
  });

  it('fails if nobody listens', async () => {
    const agent = rig.use(new Agent(rig.reactor));
    const base = await serve(rig);
    const [port] = /\d+$/.exec(base) ?? [];
    expect(await agent.get(base).text()).toBe('GET /');
    const lost = new Agent(rig.reactor, {
      endpointFor: () => new UNIXClientEndpoint(rig.reactor, `/nowhere-${port}`),
    });
    await expect(lost.get(base).toPromise()).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_CONNECT/),
    });
  });
});
