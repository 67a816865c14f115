/** HTML from templates: what is escaped, and places where escaping is not enough. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { succeed } from '../../src/defer/succeed.js';
import { type HTML, html, type Renderable, rawHTML, scriptJSON } from '../../src/web/index.js';

const EVIL = `<script>alert("1")</script>&'`;
const ESCAPED = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;';

describe('a value', () => {
  it.each<[string, HTML, string]>([
    ['text', html`<p>${EVIL}</p>`, `<p>${ESCAPED}</p>`],
    ['text in an attribute', html`<p title="${EVIL}">`, `<p title="${ESCAPED}">`],
    ['text in single quotes', html`<p title='a ${EVIL}'>`, `<p title='a ${ESCAPED}'>`],
    ['numbers', html`${1} ${-2.5} ${10n}`, '1 -2.5 10'],
    ['nothing', html`[${undefined}${null}${true}${false}]`, '[]'],
    ['an array', html`${['<', html`<b>`, 1, [undefined, '>']]}`, '&lt;<b>1&gt;'],
    ['HTML', html`<p>${html`<b>${EVIL}</b>`}</p>`, `<p><b>${ESCAPED}</b></p>`],
    ['trusted text', html`${rawHTML('<hr>')}`, '<hr>'],
    ['another renderable', html`${{ renderHTML: () => '<i>' } satisfies Renderable}`, '<i>'],
    ['text behind a comparison', html`1 < 2 <3 ${EVIL}`, `1 < 2 <3 ${ESCAPED}`],
    ['text behind a comment', html`<!-- ' <p title= -->${EVIL}`, `<!-- ' <p title= -->${ESCAPED}`],
    [
      'text behind a script',
      html`<script>if (a < b) "<p"</script>${'<'}`,
      '<script>if (a < b) "<p"</script>&lt;',
    ],
    [
      'text behind a quoted sign',
      html`<p title="a > b" id='x'>${'<'}`,
      `<p title="a > b" id='x'>&lt;`,
    ],
    ['text of a title', html`<title>${EVIL}</title>`, `<title>${ESCAPED}</title>`],
  ])('that is %s', (_what, page, expected) => {
    expect(page.renderHTML()).toBe(expected);
  });

  it('that is asynchronous makes the page so', async () => {
    const later = new Deferred<string>();
    async function* pieces(): AsyncGenerator<string> {
      yield '<i>';
      yield '</i>';
    }
    const page = html`<p>${later}${Promise.resolve([1, html`<b>`])}${{ renderHTML: pieces }}</p>`;
    const made = page.renderHTML();
    later.callback('<');
    expect(await made).toBe('<p>&lt;1<b><i></i></p>');
    await expect(html`${Promise.reject(new Error('failed'))}`.renderHTML()).rejects.toThrow(
      'failed',
    );
  });
});

describe('a place for HTML only', () => {
  it.each<[string, (value: string | HTML | false) => HTML]>([
    ['an attribute without quotes', (v) => html`<p title=${v}>`],
    ['an attribute without quotes, behind a space', (v) => html`<p title= ${v}>`],
    ['a part of it', (v) => html`<p title=a${v}>`],
    ['the name of an attribute', (v) => html`<p ${v}>`],
    ['the name of an element', (v) => html`<${v}>`],
    ['the name of an element at its end', (v) => html`</${v}>`],
    ['an attribute behind a quoted one', (v) => html`<p title="a"${v}>`],
    ['a handler of events', (v) => html`<p onclick="${v}">`],
    ['a handler in capitals', (v) => html`<p ONCLICK='x(${v})'>`],
    ['a style', (v) => html`<p style="color: ${v}">`],
    ['a document in an attribute', (v) => html`<iframe srcdoc="${v}"></iframe>`],
    ['a script', (v) => html`<script>x = "${v}"</script>`],
    ['a script with attributes', (v) => html`<script type="module" async>${v}</script>`],
    ['a script in capitals', (v) => html`<SCRIPT>${v}</SCRIPT>`],
    ['a style sheet', (v) => html`<style>p { color: ${v} }</style>`],
    ['a comment', (v) => html`<!-- ${v} -->`],
    ['a tag behind a value', (v) => html`<p title="${'a'}" ${v}>`],
    ['a script behind a value', (v) => html`<p>${'a'}</p><script>${v}`],
  ])('refuses text: %s', (_what, make) => {
    expect(() => make('text')).toThrow(
      'a value in a tag or script must be HTML, not "text": put it',
    );
    expect(make(false).renderHTML()).not.toContain('false');
    expect(make(rawHTML('TRUSTED')).renderHTML()).toContain('TRUSTED');
  });

  it('accepts attributes that are HTML', () => {
    const option = (isChosen: boolean): HTML =>
      html`<option value="${'<'}" ${isChosen && html`selected`}>${'a'}</option>`;
    expect(option(true).renderHTML()).toBe('<option value="&lt;" selected>a</option>');
    expect(option(false).renderHTML()).toBe('<option value="&lt;" >a</option>');
  });
});

describe('a URL', () => {
  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    '\u0001javascript:alert(1)',
    'java\tscript\n:alert(1)',
    'vbscript:x',
    'data:text/html,<script>alert(1)</script>',
  ])('that runs scripts is replaced: %j', (url) => {
    expect(html`<a href="${url}">`.renderHTML()).toBe('<a href="about:invalid">');
    expect(html`<form action=' ${url}'>`.renderHTML()).toBe("<form action=' about:invalid'>");
    expect(html`<p title="${url}">`.renderHTML()).not.toContain('about:invalid');
  });

  it.each([
    '/path?a=b',
    'https://a.example/',
    'mailto:a@b.example',
    './javascript:x',
    '#javascript:',
  ])('of another kind stays: %s', (url) => {
    expect(html`<a href="${url}">`.renderHTML()).toBe(`<a href="${url}">`);
  });

  it('is checked when its promise is fulfilled, and is one value', async () => {
    const later = html`<a href="${succeed('javascript:x')}">`;
    expect(await later.renderHTML()).toBe('<a href="about:invalid">');
    expect(() => html`<a href="${['java', 'script:x']}">`).toThrow('must be one text');
  });

  it('may be put together', () => {
    expect(html`<a href="/users/${'javascript:x'}">`.renderHTML()).toBe(
      '<a href="/users/javascript:x">',
    );
  });
});

describe('scriptJSON', () => {
  it('cannot end the script', () => {
    const state = { a: '</script><!--<script>', b: '\u2028&', c: [1, null] };
    const page = html`<script>show(${scriptJSON(state)})</script>`.renderHTML() as string;
    expect(page.match(/<\/?script|<!--/g)).toEqual(['<script', '</script']);
    const text = page.slice('<script>show('.length, -')</script>'.length);
    expect(JSON.parse(text)).toEqual(state);
    expect(text).not.toMatch(/[<>&\u2028]/);
    expect(() => scriptJSON(undefined)).toThrow('value must be a JSON value');
  });
});
