import { describe, expect, it } from 'vitest';
import { type ErrorPage, errorPage, escapeHTML } from '../../src/http/error-pages.js';
import { requestOf } from './requests.js';

const BROWSER = requestOf('GET', { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' });
const HOSTILE = `</p><script>alert("1")</script>&'`;

const typeOf = ({ fields }: ErrorPage): string | undefined =>
  fields.find(([name]) => name === 'Content-Type')?.[1];

describe('errorPage', () => {
  it('is plain text for programs', () => {
    const page = errorPage(requestOf('GET'), 404, 'Not Found');
    expect(page.content).toBe('404 Not Found\n');
    expect(page.fields).toEqual([
      ['Content-Type', 'text/plain; charset=utf-8'],
      ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
      ['X-Content-Type-Options', 'nosniff'],
    ]);
    expect(typeOf(errorPage(undefined, 400, 'Bad Request'))).toBe('text/plain; charset=utf-8');
  });

  it('is HTML for browsers', () => {
    const page = errorPage(BROWSER, 404, 'Not Found', 'No such page.');
    expect(typeOf(page)).toBe('text/html; charset=utf-8');
    expect(page.content).toBe(
      `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>404 Not Found</title>
<h1>404 Not Found</h1>
<p>No such page.</p>
</html>
`,
    );
  });

  it.each(['*/*', 'text/*', 'text/html;q=0', 'text/html;q=x', 'text/plain', ''])(
    'is plain text for %j',
    (Accept) => {
      expect(typeOf(errorPage(requestOf('GET', { Accept }), 404, 'Not Found'))).toContain('plain');
    },
  );

  it('escapes all texts in HTML', () => {
    const page = String(errorPage(BROWSER, 500, HOSTILE, HOSTILE).content);
    expect(page).not.toContain('<script');
    expect(page.split(escapeHTML(HOSTILE))).toHaveLength(4);
    expect(page).not.toMatch(/["']1["']/);
  });
});

describe('escapeHTML', () => {
  it('escapes markup', () => {
    expect(escapeHTML(HOSTILE)).toBe(
      '&lt;/p&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;',
    );
  });
});
