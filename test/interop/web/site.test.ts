/** curl and Twisted's Agent as clients of a site. */
import { afterAll, describe, expect, it } from 'vitest';
import { Deferred, deferLater } from '../../../src/index.js';
import {
  Branch,
  cors,
  File,
  html,
  limitRequests,
  NameVirtualHost,
  type Resource,
  Router,
  redirect,
  Site,
} from '../../../src/web/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { hasPython, PeerProgram } from '../../support/peers.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { curl, parted, type ServedHTTP, serve } from '../http/rig.js';
import { havePrograms, PeerFiles } from '../peer-files.js';

const CURL = havePrograms('curl');
const TWISTED = hasPython('twisted.web');

const files = new PeerFiles();
afterAll(() => files.remove());
files.write('a.txt', 'hello');
files.write('<b>.txt', 'odd');

function siteFor(rig: Rig): Resource {
  const users = new Router()
    .get('/', () => ['ann'])
    .get('/:id(int)', ({ params }) => ({ id: params.id }))
    .post('/', async ({ request, response }) => {
      const user = (await request.json()) as { name: string };
      response.status = 201;
      return html`<b>${user.name}</b>`;
    });
  const form: Resource = {
    async render(context) {
      const sent = await context.request.form();
      const next = sent.get('next');
      return next === null ? Object.fromEntries(sent) : redirect(context, next, 303);
    },
  };
  async function* pieces(): AsyncGenerator<string> {
    for (let n = 0; n < 100; n++) yield `${n} `.repeat(n);
  }
  return new Branch({
    '': { render: () => 'Hello, World!' },
    users,
    form,
    folder: new Branch({ '': { render: ({ query }) => `index ${query.get('q')}` } }),
    stream: { render: () => pieces() },
    later: { render: () => deferLater(rig.reactor, 5, () => 'later') },
    never: { render: () => new Deferred() },
    files: new File(files.folder, { listing: true }),
    open: cors({ isLeaf: true, render: () => 'open' }, { origins: ['https://a.example'] }),
    rare: limitRequests(rig.reactor, { render: () => 'rare' }, { requests: 2 }),
  });
}

const STREAM = Array.from({ length: 100 }, (_, n) => `${n} `.repeat(n)).join('');

function served(rig: Rig, root = siteFor(rig)): ServedHTTP {
  return serve(rig, {}, new Site(root).handler);
}

describe.skipIf(!CURL)('with curl', () => {
  contract(
    'a site',
    (rig: Rig) => {
      it('answers by its tree', async () => {
        const { origin } = served(rig);
        const { stdout } = await curl(`${origin}/`, `${origin}/users/42`, `${origin}/stream`);
        expect(stdout).toBe(`Hello, World!{"id":42}${STREAM}`);
        const targets = ['/', '/none', '/users/x', '/folder', '/%ff'];
        expect(await statusesOf(origin, targets)).toEqual([200, 404, 404, 301, 400]);
      });

      it('has no resource at paths that lead out of it', async () => {
        const { origin } = served(rig);
        const targets = [
          '/files/../../etc/passwd',
          '/files/%2e%2e/%2e%2e/etc/passwd',
          '/files/..%2f..%2fetc/passwd',
          '/files/..%5c..%5cetc/passwd',
          '/files//etc/passwd',
          '/files/a.txt%00.html',
          '//etc/passwd',
          '/./users',
          '/users/../users',
        ];
        expect(await statusesOf(origin, targets)).toEqual(targets.map(() => 404));
      });

      it('is followed to the slash of a folder', async () => {
        const { origin } = served(rig);
        expect((await curl('-L', `${origin}/folder?q=1`)).stdout).toBe('index 1');
      });

      it('takes posts, and says which methods there are', async () => {
        const { origin } = served(rig);
        const json = await curl('-d', '{"name":"<ann>"}', `${origin}/users/`);
        expect(json.stdout).toBe('<b>&lt;ann&gt;</b>');
        expect((await curl('-d', 'a=1', '--data-urlencode', 'b=<', `${origin}/form`)).stdout).toBe(
          '{"a":"1","b":"<"}',
        );
        const { heads } = parted(await curl('-i', '-X', 'PATCH', `${origin}/users`));
        expect(heads[0]).toMatch(/^HTTP\/1\.1 405 /);
        expect(heads[0]).toContain('Allow: GET, HEAD, OPTIONS, POST\r\n');
        const options = parted(await curl('-i', '-X', 'OPTIONS', `${origin}/users/7`));
        expect(options.heads[0]).toMatch(/^HTTP\/1\.1 204 /);
      });

      it('serves files with ranges and tags, and listings', async () => {
        const { origin } = served(rig);
        expect((await curl('-r', '1-3', `${origin}/files/a.txt`)).stdout).toBe('ell');
        const etag = files.write('etag', '');
        await curl('--etag-save', etag, `${origin}/files/a.txt`);
        const again = await curl(
          '-w',
          '%{http_code}',
          '--etag-compare',
          etag,
          `${origin}/files/a.txt`,
        );
        expect(again.stdout).toBe('304');
        const page = (await curl(`${origin}/files/`)).stdout;
        expect(page).toContain('<a href="./%3Cb%3E.txt">&lt;b&gt;.txt</a>');
        const json = await curl('-H', 'Accept: application/json', `${origin}/files/`);
        expect(JSON.parse(json.stdout)).toMatchObject({ isCut: false });
      });

      it('answers preflight requests, limits rates, and has several hosts', async () => {
        const root = new NameVirtualHost({ 'a.example': siteFor(rig), '127.0.0.1': siteFor(rig) });
        const { origin } = served(rig, root);
        const preflight = [
          '-X',
          'OPTIONS',
          '-H',
          'Origin: https://a.example',
          '-H',
          'Access-Control-Request-Method: PUT',
        ];
        const { heads } = parted(await curl('-i', ...preflight, `${origin}/open/x`));
        expect(heads[0]).toContain('Access-Control-Allow-Origin: https://a.example\r\n');
        expect(await statusesOf(origin, ['/rare', '/rare', '/rare'])).toEqual([200, 200, 429]);
        expect((await curl('-H', 'Host: a.example', `${origin}/`)).stdout).toBe('Hello, World!');
        const other = await curl('-w', ' %{http_code}', '-H', 'Host: b.example', `${origin}/`);
        expect(other.stdout).toBe('421 Misdirected Request\n 421');
      });

      it('drains: requests in progress are answered, and the deadline ends the others', async () => {
        const { origin, factory } = served(rig);
        const later = curl(`${origin}/later`);
        const never = curl(`${origin}/never`);
        while (factory.requests < 2) await rig.turns(1);
        await factory.drain({ deadlineMs: 100 });
        expect((await later).stdout).toBe('later');
        expect((await never).exitCode).not.toBe(0);
        expect(factory.connections).toBe(0);
      });
    },
    ONE_POLLER,
  );
});

async function statusesOf(origin: string, targets: readonly string[]): Promise<number[]> {
  const each = targets.flatMap((target) => ['-o', '/dev/null', origin + target]);
  const { stdout } = await curl('--path-as-is', '-w', '%{http_code} ', ...each);
  return stdout.trim().split(' ').map(Number);
}

describe.skipIf(!TWISTED)("with Twisted's Agent", () => {
  contract(
    'a site',
    (rig: Rig) => {
      it('answers', async () => {
        const { origin } = served(rig);
        await using peer = await PeerProgram.python('twisted_site', origin);
        await peer.until(() => peer.stdout.includes('done\n'), 'the answers');
        const lines = peer.stdout.split('\n').filter((line) => line.startsWith('['));
        const answers = Object.fromEntries(
          lines.map((line) => {
            const [name, ...facts] = JSON.parse(line) as [string, ...unknown[]];
            return [name, facts];
          }),
        );
        const listing = answers.listing as unknown[];
        const text = 'text/plain; charset=utf-8';
        const json = 'application/json';
        const page = 'text/html; charset=utf-8';
        expect(answers).toEqual({
          text: [200, null, text, 'Hello, World!'],
          head: [200, null, text, ''],
          missing: [404, null, text, '404 Not Found\n'],
          route: [200, null, json, '{"id":42}'],
          json: [201, null, page, '<b>ann</b>'],
          'broken json': [400, null, text, '400 Bad Request\n'],
          method: [405, null, text, '405 Method Not Allowed\n'],
          form: [200, null, json, '{"a":"1","b":"<"}'],
          redirect: [301, './folder/?q=1', null, ''],
          followed: [200, null, text, 'index 1'],
          'see other': [200, null, json, '{"id":7}'],
          stream: [200, null, text, STREAM],
          later: [200, null, text, 'later'],
          file: [206, null, text, 'ell'],
          listing: [200, null, json, expect.any(String)],
        });
        expect(listing[3]).toContain('"name":"a.txt"');
      });
    },
    ONE_POLLER,
  );
});
