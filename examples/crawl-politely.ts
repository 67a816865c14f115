// Visits the pages of a site, and prints the status and the URL of each:
// `node --import tsx examples/crawl-politely.ts --max 20 http://127.0.0.1:7070/`. robots.txt is obeyed, a host gets one request at a time
// with a pause behind it, and servers that answer 429 or 503 get the time that they ask for.
import { parseArgs } from 'node:util';
import { createReactor, DeferredLock, deferLater } from 'ropewalk';
import { Agent } from 'ropewalk/http';

const { values, positionals } = parseArgs({
  options: {
    reactor: { type: 'string', default: 'auto' },
    delay: { type: 'string', default: '1000' },
    max: { type: 'string', default: '50' },
  },
  allowPositionals: true,
});
const [start = 'http://127.0.0.1:7070/'] = positionals;
const NAME = 'polite-crawler';
const MAX_PAGE_BYTES = 1_048_576;
const GROUP = /((?:^user-agent:.*\n)+)((?:(?!user-agent:).*\n)*)/gim;

const reactor = createReactor({ kind: values.reactor as 'auto' });
const fields = { 'User-Agent': `${NAME}/1.0`, Accept: 'text/html' };
await using agent = new Agent(reactor, { fields, retries: 2, totalTimeoutMs: 30_000 });
const lock = new DeferredLock();

/** One request after the other, each followed by the pause. */
function politely<T>(work: () => Promise<T>): Promise<T> {
  return lock
    .run(async () => {
      const result = await work();
      await deferLater(reactor, Number(values.delay));
      return result;
    })
    .toPromise();
}

/** The paths that robots.txt forbids (RFC 9309): those of our group, or else those of the group for all. No wildcards. */
async function forbiddenPaths(): Promise<readonly string[]> {
  const response = await agent.get(new URL('/robots.txt', start));
  if (response.status >= 500)
    throw new Error('robots.txt is not available: nothing may be visited');
  const text = await response.text(512_000);
  const groups = response.ok ? [...`${text}\n`.matchAll(GROUP)] : [];
  const isFor = (names = '', name: string): boolean =>
    names
      .toLowerCase()
      .replaceAll(/[ \t\r]/g, '')
      .includes(`:${name}\n`);
  const group =
    groups.find(([, names]) => isFor(names, NAME)) ?? groups.find(([, names]) => isFor(names, '*'));
  return [...(group?.[2] ?? '').matchAll(/^disallow:[ \t]*([^\s#]+)/gim)].map(
    ([, path = '']) => path,
  );
}

const forbidden = await politely(forbiddenPaths);
const seen = new Set([new URL(start).href]);
for (const url of seen) {
  const { origin, pathname } = new URL(url);
  if (forbidden.some((path) => pathname.startsWith(path))) continue;
  const page = await politely(async () => {
    const response = await agent.get(url);
    console.log(response.status, response.url);
    const isPage = response.ok && response.field('content-type')?.startsWith('text/html') === true;
    if (isPage && new URL(response.url).origin === origin) return response.text(MAX_PAGE_BYTES);
    response.discard();
    return '';
  });
  for (const [, href = ''] of page.matchAll(/<a\s[^>]*href="([^"#]*)/gi)) {
    if (seen.size >= Number(values.max) || !URL.canParse(href, url)) continue;
    const link = new URL(href, url);
    if (link.origin === origin) seen.add(link.href);
  }
}
