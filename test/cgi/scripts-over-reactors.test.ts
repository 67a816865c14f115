/** Scripts behind a server over each reactor: environment, bodies, faults, ends. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CGIDirectory, type CGIOptions, CGIScript, FilteredScript } from '../../src/cgi/index.js';
import { type IPv4Address, TCPServerEndpoint } from '../../src/index.js';
import { captureLogs, type LogCapture } from '../../src/testing/index.js';
import {
  Branch,
  cors,
  type Resource,
  requestIdOf,
  requestIds,
  type ServeSiteOptions,
  serveSite,
} from '../../src/web/index.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';

let folder: string;

const SCRIPTS: Readonly<Record<string, string>> = {
  env: `printf 'Content-Type: text/plain\\r\\n\\r\\n'; env`,
  hello: `printf 'Content-Type: text/plain\\nX-Path: %s\\n\\nHello' "$PATH_INFO"`,
  upper: `printf 'Content-Type: text/plain\\n\\n'; tr a-z A-Z`,
  ignore: `printf 'Content-Type: text/plain\\n\\nignored'`,
  status: `printf 'Status: 418 Teapot\\nSet-Cookie: a=1\\nSet-Cookie: b=2\\n\\nshort'`,
  redirect: `printf 'Status: 302\\nLocation: /elsewhere?a=b\\n\\n'`,
  local: `printf 'Location: /page?a=%%20b\\nContent-Type: text/html\\n\\n'; head -c 300000 /dev/zero`,
  again: `printf 'Location: /cgi/env/more?x=1\\n\\n'`,
  loop: `printf 'Location: /cgi/loop\\n\\n'`,
  cookie: `printf 'Location: /page\\nSet-Cookie: a=1\\n\\n'`,
  odd: `printf 'Location: /a//%%2e%%2e/b\\n\\n'`,
  slow: `printf 'Location: /page\\n\\n'; kill -9 $$`,
  length: `printf 'Content-Type: text/plain\\n\\n%s ' "$CONTENT_LENGTH"; wc -c`,
  large: `printf 'Content-Type: text/plain\\n\\n'; head -c 3000000 /dev/zero | tr '\\0' x`,
  silent: 'exit 0',
  malformed: `printf 'HTTP/1.1 200 OK\\n\\n'`,
  failing: `echo 'first line' >&2; echo 'second line' >&2; printf 'A: b\\n\\nx'; exit 3`,
  killed: `printf 'A: b\\n\\nx'; kill -9 $$`,
  hang: `trap 'echo told >&2; exit 1' TERM; printf 'A: b\\n\\nbegun'; while :; do sleep 0.02; done`,
  parent: `trap 'exit 1' TERM; (trap '' TERM; exec sleep 100) >/dev/null 2>&1 & printf 'A: b\\n\\n%s\\n' "$!"; while :; do sleep 0.02; done`,
  stubborn: `trap '' TERM; while :; do sleep 0.02; done`,
  noisy: `head -c 100000 /dev/zero | tr '\\0' y >&2; printf 'A: b\\n\\n'`,
  'nph-raw': `printf 'HTTP/1.1 200 OK\\n\\n'`,
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-cgi-'));
  for (const [name, text] of Object.entries(SCRIPTS)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  writeFileSync(join(folder, 'plain.txt'), 'the source');
  writeFileSync(join(folder, 'script.sh'), `${SCRIPTS.hello}`);
  writeFileSync(join(folder, '.hidden'), '#!/bin/sh\n');
  chmodSync(join(folder, '.hidden'), 0o755);
  mkdirSync(join(folder, 'sub'));
  symlinkSync(join(folder, 'hello'), join(folder, 'sub', 'inside'));
  symlinkSync('/bin/echo', join(folder, 'outside'));
  symlinkSync('/bin', join(folder, 'bin'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** @returns The URL. */
async function serve(rig: Rig, root: Resource, options: ServeSiteOptions = {}): Promise<string> {
  const endpoint = new TCPServerEndpoint(rig.reactor, 0, { interface: '127.0.0.1' });
  const server = rig.use(await serveSite(rig.reactor, endpoint, root, options));
  return `http://127.0.0.1:${(server.getHost() as IPv4Address).port}`;
}

function under(name: string, resource: Resource): Resource {
  return { getChild: (segment) => (segment === name ? resource : undefined), render: () => '' };
}

function script(rig: Rig, name: string, options?: CGIOptions): Promise<string> {
  return serve(rig, under(name, new CGIScript(rig.reactor, join(folder, name), options)));
}

/** A zombie, whose new parent may not wait for it, has ended. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

function logged(capture: LogCapture): readonly string[] {
  return capture.messages;
}

describe.skipIf(process.platform === 'win32')('CGI', () => {
  contract('CGIScript', (rig) => {
    it('passes the variables of RFC 3875, and none that a client could abuse', async () => {
      process.env.ROPEWALK_SECRET = 'x';
      const base = await script(rig, 'env', {
        env: { PATH: '/bin:/usr/bin', GREETING: 'hi', REQUEST_METHOD: 'overridden' },
        variables: () => ({ REMOTE_USER: 'me' }),
      });
      const url = new URL(`${base}/env/a%20b/%C3%A9?x=%2F&y`);
      const { port } = url;
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(
        [
          `GET ${url.pathname}${url.search} HTTP/1.1`,
          `Host: example.com:${port}`,
          ...['Proxy: http://evil', 'Authorization: Basic eA==', 'X_Under: 1', 'X-Twice: 1'],
          ...['x-twice: 2', 'Cookie: a=1', 'Cookie: b=2', 'Connection: close', '', ''],
        ].join('\r\n'),
      );
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks).toString().split('\r\n\r\n').slice(1).join('');
      const lines = body.split('\n').filter((line) => /^[A-Z_]+=/.test(line));
      const found = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s)));
      delete found.PWD;
      delete found._;
      delete found.SHLVL;
      delete found.OLDPWD;
      expect(found.REMOTE_PORT).toMatch(/^\d+$/);
      delete found.REMOTE_PORT;
      expect(found).toEqual({
        GATEWAY_INTERFACE: 'CGI/1.1',
        GREETING: 'hi',
        HTTP_COOKIE: 'a=1; b=2',
        HTTP_HOST: `example.com:${port}`,
        HTTP_X_TWICE: '1, 2',
        PATH: '/bin:/usr/bin',
        PATH_INFO: '/a b/é',
        QUERY_STRING: 'x=%2F&y',
        REMOTE_ADDR: '127.0.0.1',
        REMOTE_HOST: '127.0.0.1',
        REMOTE_USER: 'me',
        REQUEST_METHOD: 'GET',
        REQUEST_URI: '/env/a%20b/%C3%A9?x=%2F&y',
        SCRIPT_FILENAME: join(folder, 'env'),
        SCRIPT_NAME: '/env',
        SERVER_NAME: 'example.com',
        SERVER_PORT: port,
        SERVER_PROTOCOL: 'HTTP/1.1',
        SERVER_SOFTWARE: 'ropewalk',
      });
    });

    it('passes content in both directions', async () => {
      const base = await script(rig, 'upper');
      const body = 'abc '.repeat(200_000);
      const response = await fetch(`${base}/upper`, { method: 'POST', body });
      expect((await response.text()) === body.toUpperCase()).toBe(true);
      const empty = await fetch(`${base}/upper`);
      expect(await empty.text()).toBe('');
    });

    it('answers although the script does not read the content', async () => {
      const base = await script(rig, 'ignore');
      const response = await fetch(`${base}/ignore`, { method: 'POST', body: 'x'.repeat(200_000) });
      expect(await response.text()).toBe('ignored');
    });

    it('stores content of unknown length first, in memory or in a file', async () => {
      const base = await script(rig, 'length', { maxStoredBytes: 300_000 });
      const post = async (size: number): Promise<[number, string]> => {
        const body = new Blob(['x'.repeat(size)]).stream();
        const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
        const response = await fetch(`${base}/length`, init);
        return [response.status, (await response.text()).replace(/\s+/g, ' ').trim()];
      };
      const own = mkdtempSync(join(folder, 'uploads-'));
      vi.stubEnv('TMPDIR', own);
      for (const size of [0, 1, 60_000, 300_000]) {
        expect(await post(size)).toEqual([200, `${size} ${size}`]);
      }
      expect((await post(300_001))[0]).toBe(413);
      await expect.poll(() => readdirSync(own)).toEqual([]);
    });

    it('is redirected inside the server', async () => {
      using capture = captureLogs();
      const page: Resource = {
        render: ({ request, query, response }) => {
          response.setField('X-Method', request.method);
          return {
            a: query.get('a'),
            length: request.contentLength,
            type: request.field('content-type'),
          };
        },
      };
      const root = new Branch({ page, cgi: new CGIDirectory(rig.reactor, folder) });
      const users: unknown[] = [];
      const base = await serve(rig, requestIds(cors(root, { origins: ['https://a.example'] })), {
        accessLog: ({ target, status }, request) => {
          users.push([target, status, requestIdOf(request)]);
        },
      });
      const ask = (name: string, method = 'POST'): Promise<Response> =>
        fetch(`${base}/cgi/${name}`, {
          method,
          redirect: 'manual',
          headers: { Origin: 'https://a.example' },
          ...(method === 'POST' && { body: 'content' }),
        });
      const local = await ask('local');
      expect([local.status, await local.json()]).toEqual([200, { a: ' b' }]);
      const { headers } = local;
      expect([headers.get('x-method'), headers.get('location')]).toEqual(['GET', null]);
      expect(headers.get('access-control-allow-origin')).toBe('https://a.example');
      expect(users).toEqual([['/cgi/local', 200, headers.get('x-request-id')]]);
      const head = await ask('local', 'HEAD');
      expect([head.status, head.headers.get('x-method')]).toEqual([200, 'HEAD']);
      const lines = (await (await ask('again')).text()).split('\n');
      for (const line of ['REQUEST_METHOD=GET', 'PATH_INFO=/more', 'QUERY_STRING=x=1']) {
        expect(lines).toContain(line);
      }
      expect(lines.join()).not.toMatch(/CONTENT_(LENGTH|TYPE)/);
      const cookie = await ask('cookie');
      expect([cookie.status, cookie.headers.get('location')]).toEqual([302, '/page']);
      expect(cookie.headers.getSetCookie()).toEqual(['a=1']);
      expect((await ask('odd')).status).toBe(404);
      expect(logged(capture)).toEqual([]);
      expect((await ask('slow')).status).toBe(502);
      expect((await ask('loop')).status).toBe(502);
      expect(logged(capture).at(-1)).toBe(
        'the redirect to /cgi/loop exceeds maxLocalRedirects, 10',
      );
    });

    it('passes the status, repeated fields, redirections and large content', async () => {
      const root = new CGIDirectory(rig.reactor, folder);
      const base = await serve(rig, root);
      const status = await fetch(`${base}/status`);
      expect([status.status, await status.text()]).toEqual([418, 'short']);
      expect(status.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      const redirect = await fetch(`${base}/redirect`, { redirect: 'manual' });
      expect([redirect.status, await redirect.text()]).toEqual([302, '']);
      expect(redirect.headers.get('location')).toBe('/elsewhere?a=b');
      const large = await fetch(`${base}/large`);
      expect((await large.text()).length).toBe(3_000_000);
      const head = await fetch(`${base}/hello`, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
    });

    it.each(['silent', 'malformed'])('answers for the script %s with 502', async (name) => {
      using capture = captureLogs();
      const base = await script(rig, name);
      const response = await fetch(`${base}/${name}`);
      expect(response.status).toBe(502);
      expect(await response.text()).not.toContain('HTTP/1.1');
      expect(logged(capture)[0]).toContain('invalid output of a CGI script');
      expect(logged(capture)).toHaveLength(1);
    });

    it('answers with 500 if the script cannot be started', async () => {
      using capture = captureLogs();
      const plain = new CGIScript(rig.reactor, join(folder, 'plain.txt'));
      const response = await fetch(`${await serve(rig, plain)}/`);
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('plain');
      expect(logged(capture)[0]).toContain('cannot be started');
    });

    it('answers with 404 while it does not exist, and logs that once', async () => {
      using capture = captureLogs();
      const file = join(folder, `late-${rig.reactor.kind}`);
      const base = await serve(rig, new CGIScript(rig.reactor, file));
      expect([(await fetch(base)).status, (await fetch(base)).status]).toEqual([404, 404]);
      expect(logged(capture)).toEqual([
        `CGIScript: ${file} does not exist, so requests are answered with 404`,
      ]);
      writeFileSync(file, `#!/bin/sh\n${SCRIPTS.hello}\n`, { mode: 0o755 });
      expect(await (await fetch(base)).text()).toBe('Hello');
      rmSync(file);
    });

    it('logs standard error output and exit codes', async () => {
      using capture = captureLogs();
      const base = await script(rig, 'failing');
      expect(await (await fetch(`${base}/failing`)).text()).toBe('x');
      await rig.turns(3);
      expect([...logged(capture)].sort()).toEqual([
        '/failing: first line',
        '/failing: second line',
        'the script /failing failed: the process exited with 3',
      ]);
    });

    it('logs no more of the standard error output than the limit', async () => {
      using capture = captureLogs();
      const base = await script(rig, 'noisy', { maxErrorBytes: 3_000 });
      await (await fetch(`${base}/noisy`)).text();
      await rig.turns(3);
      const lines = logged(capture);
      expect(lines.at(-1)).toBe('/noisy: (more was dropped)');
      expect(lines.join('').match(/y+/g)?.join('').length).toBeLessThan(3_100);
    });

    it('resets the connection if a signal ended the script', async () => {
      using capture = captureLogs();
      const base = await script(rig, 'killed');
      await expect(fetch(`${base}/killed`).then((r) => r.text())).rejects.toThrow();
      expect(logged(capture)[0]).toContain('SIGKILL');
    });

    it('ends scripts that take too long', async () => {
      using capture = captureLogs();
      const base = await script(rig, 'stubborn', { timeoutMs: 50, killAfterMs: 50 });
      const response = await fetch(`${base}/stubborn`);
      expect(response.status).toBe(504);
      expect(logged(capture)[0]).toBe('the script /stubborn took more than 50 ms');
    });

    it('ends children that ignore the end of their script', async () => {
      const base = await script(rig, 'parent');
      const controller = new AbortController();
      const response = await fetch(`${base}/parent`, { signal: controller.signal });
      const reader = response.body?.getReader();
      const child = Number(Buffer.from((await reader?.read())?.value ?? []).toString());
      expect(isRunning(child)).toBe(true);
      controller.abort();
      const ended = async (): Promise<void> => {
        while (isRunning(child)) await rig.turns(1);
      };
      await within(ended(), 'the child to end');
    });

    it('ends the script if the client goes, and limits those that run', async () => {
      using capture = captureLogs();
      const base = await script(rig, 'hang', { maxRunning: 1 });
      const controller = new AbortController();
      const response = await fetch(`${base}/hang`, { signal: controller.signal });
      const reader = response.body?.getReader();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('begun');
      const refused = await fetch(`${base}/hang`);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      await refused.text();
      controller.abort();
      const told = async (): Promise<void> => {
        while (!logged(capture).includes('/hang: told')) await rig.turns(1);
      };
      await within(told(), 'the script to receive SIGTERM');
    });
  });

  contract('CGIDirectory', (rig) => {
    it('runs scripts only, and shows no source', async () => {
      const root = new CGIDirectory(rig.reactor, folder, { interpreters: { '.sh': '/bin/sh' } });
      const base = await serve(rig, under('cgi-bin', root));
      const ask = async (path: string): Promise<[number, string]> => {
        const response = await fetch(`${base}/cgi-bin/${path}`);
        return [response.status, await response.text()];
      };
      expect(await ask('hello')).toEqual([200, 'Hello']);
      expect(await ask('script.sh/a')).toEqual([200, 'Hello']);
      expect(await ask('sub/inside')).toEqual([200, 'Hello']);
      for (const path of [
        ...['', 'missing', 'plain.txt', '.hidden', 'nph-raw', 'outside', 'bin/echo', 'sub', 'sub/'],
        ...['hello%00', '..%2fhello', '%2e%2e/hello', 'sub/..%5chello', 'x'.repeat(300)],
      ]) {
        const [status, text] = await ask(path);
        expect([path, [400, 404].includes(status)]).toEqual([path, true]);
        expect(text).not.toContain('source');
      }
    });

    it('has no script while it does not exist, and logs that once', async () => {
      using capture = captureLogs();
      const missing = join(folder, 'no', 'folder');
      const base = await serve(rig, under('cgi-bin', new CGIDirectory(rig.reactor, missing)));
      for (const name of ['a', 'b']) {
        expect((await fetch(`${base}/cgi-bin/${name}`)).status).toBe(404);
      }
      expect(logged(capture)).toEqual([
        `CGIDirectory: ${missing} does not exist, so requests are answered with 404`,
      ]);
    });
  });

  contract('FilteredScript', (rig) => {
    it('runs an interpreter', async () => {
      const filtered = new FilteredScript(rig.reactor, '/bin/sh', join(folder, 'script.sh'));
      const response = await fetch(`${await serve(rig, filtered)}/`);
      expect(await response.text()).toBe('Hello');
    });

    it.each<[string, unknown, string]>([
      ['nph-a', {}, 'ERR_INVALID_ARG_VALUE'],
      ['a', { timeoutMs: -1 }, 'ERR_INVALID_ARG_VALUE'],
      ['a', { killAfterMs: 'x' }, 'ERR_INVALID_ARG_TYPE'],
      ['a', { maxRunning: 0 }, 'ERR_INVALID_ARG_VALUE'],
      ['a', { maxErrorBytes: -1 }, 'ERR_INVALID_ARG_VALUE'],
      ['a', { maxHeadBytes: 1 }, 'ERR_INVALID_ARG_VALUE'],
      ['a', { maxFields: 0 }, 'ERR_INVALID_ARG_VALUE'],
      ['a', { maxLocalRedirects: -1 }, 'ERR_INVALID_ARG_VALUE'],
      ['a', { maxStoredBytes: 1.5 }, 'ERR_INVALID_ARG_VALUE'],
      ['a', { env: { A: 1 } }, 'ERR_INVALID_ARG_TYPE'],
      ['a', { args: [1] }, 'ERR_INVALID_ARG_TYPE'],
      ['a', { cwd: 1 }, 'ERR_INVALID_ARG_TYPE'],
      ['a', { process: 1 }, 'ERR_INVALID_ARG_TYPE'],
      ['a', { variables: {} }, 'ERR_INVALID_ARG_TYPE'],
      ['a', { shell: true }, 'ERR_UNKNOWN_OPTION'],
    ])('checks its arguments: %s %o', (file, options, code) => {
      const make = (): unknown => new CGIScript(rig.reactor, file, options as CGIOptions);
      expect(make).toThrow(expect.objectContaining({ code }));
    });
  });
});
