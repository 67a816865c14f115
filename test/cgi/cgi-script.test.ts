/** Scripts behind a site in memory: the test plays the scripts, and time passes when it says so. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CGIOptions, CGIScript } from '../../src/cgi/index.js';
import { ProcessDone } from '../../src/core/errors/processes.js';
import type { ProcessReceiver, ProcessTransport } from '../../src/core/process.js';
import type { HTTPResponse } from '../../src/http/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { Branch, handlerResource, type Resource } from '../../src/web/index.js';
import { ReverseProxy } from '../../src/web-proxy/index.js';
import { MemoryOrigin } from '../http/client/memory-servers.js';
import { until } from '../http/served.js';
import { contentOf, get, ServedSite, statusOf } from '../web/site.js';

/** A script only has to exist. */
const FILE = fileURLToPath(import.meta.url);

class ScriptReactor extends ManualClock {
  readonly scripts: ProcessReceiver[] = [];

  spawnProcess(protocol: ProcessReceiver): ProcessTransport {
    const nothing = (): undefined => undefined;
    const transport = {
      pid: undefined,
      ...{ pipe: nothing, signalProcess: nothing, write: nothing, closeStdin: nothing },
      ...{ registerProducer: nothing, unregisterProducer: nothing },
    } as unknown as ProcessTransport;
    this.scripts.push(protocol);
    protocol.makeConnection(transport);
    return transport;
  }

  /** The latest script writes its output, and exits. */
  answer(output: string): void {
    const script = this.scripts.at(-1);
    script?.childDataReceived(1, Buffer.from(output));
    script?.childConnectionLost(1);
    script?.processExited(new ProcessDone());
  }
}

class ServedScript extends ServedSite {
  readonly reactor: ScriptReactor;

  constructor(options: CGIOptions = {}, more: Readonly<Record<string, Resource>> = {}) {
    const reactor = new ScriptReactor();
    const script = new CGIScript(reactor as never, FILE, options);
    super(new Branch({ script, ...more }), {}, { maxContentBytes: 2 ** 30 });
    this.reactor = reactor;
  }

  /** A script that answers `request` with a Location. */
  async redirect(location: string, request = get('/script')): Promise<string> {
    await this.ask(request);
    this.reactor.answer(`Location: ${location}\n\n`);
    return this.later();
  }
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

const CHUNKED = 'POST /script HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('content of unknown length', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-stored-'));
    for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('must be complete in timeoutMs: 408, and its place and its file are free again', async () => {
    const site = new ServedScript({ timeoutMs: 5_000, maxRunning: 1 });
    const slow = site.transport;
    await site.ask(CHUNKED + chunk('x'.repeat(100_000)));
    await until(() => readdirSync(folder).length === 1, 'the file');
    site.connect();
    expect(statusOf(await site.ask(get('/script')))).toBe(503);
    site.reactor.advance(4_999);
    slow.receive(chunk('x'));
    await site.later();
    expect(slow.text).toBe('');
    site.reactor.advance(1);
    await until(() => {
      slow.settle();
      return slow.text !== '';
    }, 'an answer');
    expect(statusOf(slow.text)).toBe(408);
    await until(() => readdirSync(folder).length === 0, 'the removal of the file');
    site.connect();
    await site.ask(get('/script'));
    expect(site.reactor.scripts).toHaveLength(1);
    site.reactor.answer('A: b\n\nran');
    expect(statusOf(await site.later())).toBe(200);
    expect(site.reactor.getDelayedCalls()).toEqual([]);
  });

  it('has its own time: the script has all of timeoutMs after it', async () => {
    const site = new ServedScript({ timeoutMs: 5_000 });
    await site.ask(CHUNKED);
    site.reactor.advance(4_000);
    await site.ask(`${chunk('x')}0\r\n\r\n`);
    expect(site.reactor.scripts).toHaveLength(1);
    site.reactor.advance(4_000);
    site.reactor.answer('A: b\n\nran');
    expect(statusOf(await site.later())).toBe(200);
  });

  it.each(['peerCloses', 'peerResets'] as const)(
    'starts no script if the client has gone meanwhile: %s',
    async (goes) => {
      const site = new ServedScript();
      site.receive(`${CHUNKED}${chunk('x')}0\r\n\r\n`);
      site.transport[goes]();
      await site.later();
      expect(site.reactor.scripts).toEqual([]);
    },
  );
});

describe('a redirect inside the server', () => {
  it.each(['handler', 'resource'])('leads to a %s that answers later', async (name) => {
    let waiting: HTTPResponse | undefined;
    const site = new ServedScript(
      {},
      {
        handler: handlerResource((_, response) => {
          waiting = response;
        }),
        resource: {
          render(context) {
            waiting = context.response;
            return context.answersLater();
          },
        },
      },
    );
    expect(await site.redirect(`/${name}`)).toBe('');
    waiting?.send('late');
    const sent = await site.later();
    expect([statusOf(sent), contentOf(sent)]).toEqual([200, 'late']);
  });

  it('leads to a proxy, without the fields of the content and Upgrade', async () => {
    const origin = new MemoryOrigin('origin');
    const { endpoint, authority } = origin;
    const options = { forwarded: 'none', via: null } as const;
    const proxy = new ReverseProxy(new ManualClock(), [{ endpoint, authority }], options);
    let seen: unknown;
    const site = new ServedScript(
      {},
      {
        proxied: handlerResource(proxy.handler),
        local: {
          render({ request }) {
            seen = [...request.rawFields()];
            const { fieldCount } = request.head;
            return [fieldCount, request.head.rawList(), request.has('content-type')];
          },
        },
      },
    );
    const fields = ['Content-Type: text/plain', 'Content-Encoding: gzip', 'X-Kept: 1'];
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Expect: 100-continue'];
    const lines = ['Host: a', ...fields, ...upgrade, 'Content-Length: 1'];
    const request = `POST /script HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\nx`;
    await site.redirect('/local', request);
    expect(seen).toEqual([
      ...[
        ['Host', 'a'],
        ['X-Kept', '1'],
      ],
      ...[
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
      ],
    ]);
    site.connect();
    await site.redirect('/proxied', request);
    const passedOn = origin.connections.at(-1)?.sent ?? '';
    expect(passedOn).toMatch(/^GET \/proxied HTTP\/1\.1\r\n/);
    expect(passedOn).toContain('X-Kept: 1\r\n');
    expect(passedOn).not.toMatch(/content|upgrade|expect/i);
  });
});
