/** Forms with typed fields and files. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import {
  Form,
  type FormFields,
  type FormOptions,
  field,
  type UploadedFile,
  type WebContext,
} from '../../src/web/index.js';
import { until } from '../http/served.js';
import { contentOf, ServedSite, statusOf } from './site.js';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-forms-'));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const newFolder = (): string => mkdtempSync(join(folder, `${folders++}-`));

const request = (type: string, content: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(content)}\r\n\r\n`,
    ),
    Buffer.from(content),
  ]);
const urlencoded = (content: string): Buffer =>
  request('application/x-www-form-urlencoded', content);

type Part = [head: string, content: string | Buffer];
const multipart = (...parts: Part[]): Buffer =>
  request(
    'multipart/form-data; boundary=XX',
    Buffer.concat([
      ...parts.map(([head, content]) =>
        Buffer.concat([
          Buffer.from(`--XX\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
          Buffer.from(content),
          Buffer.from('\r\n'),
        ]),
      ),
      Buffer.from('--XX--\r\n'),
    ]),
  );

/** Sends a request to a resource that reads a form. */
async function ask(
  content: Buffer,
  render: (context: WebContext) => unknown,
): Promise<{ site: ServedSite; answer: string }> {
  const site = new ServedSite({ isLeaf: true, render: render as never });
  let answer = site.receive(content);
  await until(() => {
    answer += site.sent();
    return answer.includes('\r\n\r\n');
  }, 'the answer');
  return { site, answer };
}

async function read(content: Buffer, fields: FormFields, options?: FormOptions): Promise<unknown> {
  const { answer } = await ask(content, (context) => new Form(fields, options).read(context));
  return statusOf(answer) === 200
    ? JSON.parse(Buffer.from(contentOf(answer), 'latin1').toString())
    : statusOf(answer);
}

const { text, secret, integer, number, checkbox, choice, list, file } = field;

describe('a field', () => {
  const problem = (what: string): object => ({ problems: { a: what } });
  const value = (a: unknown): object => ({ values: a === undefined ? {} : { a } });
  it.each<[string, FormFields[string], string, object]>([
    ['text', text(), 'a=+x+y+', value('x y')],
    ['text', text(), 'a=%C3%A4%E2%82%AC', value('ä€')],
    ['text that is missing', text(), '', problem('missing')],
    ['text that is empty', text(), 'a=', problem('missing')],
    ['text of spaces', text(), 'a=++', problem('missing')],
    ['text of spaces, not trimmed', text({ trim: false }), 'a=++', value('  ')],
    ['optional text', text({ required: false }), '', value(undefined)],
    ['optional text', text({ required: false }), 'a=+', value(undefined)],
    ['text that occurs twice', text(), 'a=1&a=2', problem('repeated')],
    ['text that is short', text({ minLength: 3 }), 'a=xy', problem('too-small')],
    ['text that is long', text({ maxLength: 2 }), 'a=xyz', problem('too-large')],
    ['text that fits', text({ maxLength: 3 }), 'a=xyz', value('xyz')],
    ['text with a line break', text(), 'a=x%0D%0Ay', problem('malformed')],
    ['text with NUL', text({ multiline: true }), 'a=x%00', problem('malformed')],
    ['lines', text({ multiline: true }), 'a=x%0D%0Ay%0Dz%0A%09w', value('x\ny\nz\n\tw')],
    ['a pattern', text({ pattern: /a+|b/g }), 'a=aa', value('aa')],
    ['a pattern that matches a part', text({ pattern: /a+|b/g }), 'a=ab', problem('malformed')],
    ['a secret', secret(), 'a=+x+', value(' x ')],
    ['an integer', integer(), 'a=+-12+', value(-12)],
    ['an integer with a fraction', integer(), 'a=1.0', problem('malformed')],
    ['an integer in hexadecimal', integer(), 'a=0x10', problem('malformed')],
    ['a large integer', integer(), 'a=9007199254740992', problem('malformed')],
    ['an integer that is small', integer({ min: 1 }), 'a=0', problem('too-small')],
    ['an integer that is large', integer({ max: 1 }), 'a=2', problem('too-large')],
    ['no integer', integer({ required: false }), 'a=', value(undefined)],
    ['a number', number(), 'a=-1.5e3', value(-1500)],
    ['a number that begins with a point', number(), 'a=.5', value(0.5)],
    ['no number', number(), 'a=NaN', problem('malformed')],
    ['an infinite number', number(), 'a=1e999', problem('malformed')],
    ['a check box', checkbox(), 'a=on', value(true)],
    ['a check box that is not checked', checkbox(), '', value(false)],
    ['a choice', choice(['x', 'y']), 'a=y', value('y')],
    ['another choice', choice(['x', 'y']), 'a=z', problem('unknown-choice')],
    ['no choice', choice(['x', 'y']), '', problem('missing')],
    ['a list', list(integer()), 'a=1&a=&a=2', value([1, 2])],
    ['an empty list', list(integer()), '', value([])],
    ['a list without enough items', list(text(), { min: 2 }), 'a=1', problem('too-small')],
    ['a list without items', list(text(), { min: 1 }), '', problem('missing')],
    ['a list with too many items', list(text(), { max: 2 }), 'a=1&a=2&a=3', problem('too-large')],
    ['a list with a wrong item', list(integer()), 'a=1&a=x', problem('malformed')],
    ['a file in a form that cannot have files', file(), 'a=x.png', problem('malformed')],
    ['no file', file({ required: false }), 'a=', value(undefined)],
  ])('%s: %#', async (_what, kind, content, expected) => {
    expect(await read(urlencoded(content), { a: kind })).toMatchObject(expected);
  });

  it.each<[string, () => unknown]>([
    ['minLength', () => text({ minLength: -1 })],
    ['maxLength', () => text({ maxLength: 0 })],
    ['pattern', () => text({ pattern: 'a' as never })],
    ['trim', () => text({ trim: 1 as never })],
    ['required', () => integer({ required: 1 as never })],
    ['min', () => number({ min: 'a' as never })],
    ['maxBytes', () => file({ maxBytes: -1 })],
    ['types', () => file({ types: 'image/png' as never })],
    ['choices', () => choice('ab' as never)],
    ['max', () => list(text(), { max: 0 })],
    ['length', () => text({ length: 1 } as never)],
    ['length', () => integer({ length: 1 } as never)],
    ['length', () => number({ length: 1 } as never)],
    ['length', () => choice([], { length: 1 } as never)],
    ['length', () => file({ length: 1 } as never)],
    ['length', () => list(text(), { length: 1 } as never)],
  ])('refuses a wrong %s: %#', (message, make) => {
    expect(make).toThrow(message);
  });
});

describe('a form', () => {
  const fields = { title: text(), age: integer({ required: false }), key: secret() };

  it('has values of the types of its fields', () => {
    const form = new Form({ ...fields, when: choice(['now', 'later']), tags: list(text()) });
    const check = async (context: WebContext): Promise<void> => {
      const result = await form.read(context);
      if (!result.ok) expectTypeOf(result.texts.title).toEqualTypeOf<string | undefined>();
      else {
        expectTypeOf(result.values.title).toEqualTypeOf<string>();
        expectTypeOf(result.values.age).toEqualTypeOf<number | undefined>();
        expectTypeOf(result.values.when).toEqualTypeOf<'now' | 'later'>();
        expectTypeOf(result.values.tags).toEqualTypeOf<string[]>();
      }
    };
    expect(check).toBeTypeOf('function');
  });

  it('ignores unknown fields, also those with names of objects', async () => {
    const content = '__proto__=1&title=x&constructor=2&key=k&other=3';
    expect(await read(urlencoded(content), fields)).toEqual({
      ok: true,
      values: { title: 'x', key: 'k' },
    });
  });

  it('gives the texts to show it again, without secrets', async () => {
    const content = 'title=%3Cb%3E&age=x&key=secret';
    expect(await read(urlencoded(content), fields)).toEqual({
      ok: false,
      problems: { age: 'malformed' },
      texts: { title: '<b>', age: 'x' },
    });
  });

  it('can be in parts', async () => {
    const content = multipart(['name="title"', 'ä\r\n--X'], ['name=key', 'k']);
    expect(await read(content, { title: text({ multiline: true }), key: secret() })).toEqual({
      ok: true,
      values: { title: 'ä\n--X', key: 'k' },
    });
  });

  it.each<[string, Buffer, number]>([
    ['JSON', request('application/json', '{}'), 415],
    ['text', request('text/plain', 'title=x'), 415],
    ['a boundary that is missing', request('multipart/form-data', 'x'), 400],
    ['a truncated form', request('multipart/form-data; boundary=XX', '--XX\r\n'), 400],
    ['a form that is too long', urlencoded(`title=${'x'.repeat(100_000)}`), 413],
  ])('is refused: %s', async (_what, content, status) => {
    expect(await read(content, fields)).toBe(status);
  });

  it('has limits', async () => {
    expect(await read(urlencoded('title=12345&key=1'), fields, { maxBytes: 10 })).toBe(413);
    expect(() => new Form({ a: 1 as never })).toThrow('the kind of the field a');
    expect(() => new Form({}, { maxBytes: -1 })).toThrow('maxBytes');
    expect(() => new Form({}, { folder: 1 as never })).toThrow('folder');
    expect(() => new Form({}).read(undefined as never)).toThrow('context');
  });

  it('can be read once', async () => {
    const { answer } = await ask(urlencoded('title=x&key=k'), async (context) => {
      const form = new Form(fields);
      await form.read(context);
      return form.read(context).addErrback(({ value }) => (value as { code?: string }).code ?? '');
    });
    expect(contentOf(answer)).toBe('ERR_HTTP_SEQUENCE');
  });
});

describe('an uploaded file', () => {
  const FILE = 'name="a"; filename="C:\\\\fakepath\\\\x.png"\r\nContent-Type: image/png';
  const big = Buffer.alloc(50_000, 'abc');

  it.each([
    ['in memory', 100_000],
    ['in a temporary file', 10],
  ])('is kept %s', async (_where, maxMemoryBytes) => {
    const into = newFolder();
    const form = new Form({ a: file(), b: text() }, { folder: into, maxMemoryBytes });
    const { answer } = await ask(multipart([FILE, big], ['name=b', 'x']), async (context) => {
      const result = await form.read(context);
      if (!result.ok) return result;
      const { a } = result.values;
      expectTypeOf(a).toEqualTypeOf<UploadedFile>();
      const pieces: Buffer[] = [];
      for await (const piece of a) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(big)).toBe(true);
      expect((await a.bytes()).equals(big)).toBe(true);
      expect(await a.text()).toBe(big.toString());
      const names = readdirSync(into);
      expect(names.length).toBe(maxMemoryBytes < 100 ? 1 : 0);
      for (const name of names) {
        expect(name).toMatch(/^ropewalk-upload-[0-9a-f]{32}$/);
        if (process.platform !== 'win32') expect(statSync(join(into, name)).mode & 0o077).toBe(0);
      }
      return { ...a };
    });
    expect(JSON.parse(contentOf(answer))).toEqual({
      filename: 'x.png',
      contentType: 'image/png',
      size: 50_000,
    });
    await until(() => readdirSync(into).length === 0, 'the removal of the temporary file');
  });

  it.each([
    ['in memory', 100_000],
    ['in a temporary file', 10],
  ])('can be moved, not over another file: %s', async (_where, maxMemoryBytes) => {
    const into = newFolder();
    const target = join(newFolder(), 'kept');
    const taken = join(newFolder(), 'taken');
    writeFileSync(taken, 'mine');
    const { answer } = await ask(multipart([FILE, big]), async (context) => {
      const result = await new Form({ a: file() }, { folder: into, maxMemoryBytes }).read(context);
      if (!result.ok) return result;
      const { a } = result.values;
      const problem = await a.moveTo(taken).catch(({ code }) => code);
      await a.moveTo(target);
      return [problem, a.path ?? null];
    });
    expect(JSON.parse(contentOf(answer))).toEqual(['EEXIST', null]);
    expect(readFileSync(target).equals(big)).toBe(true);
    expect(readFileSync(taken, 'utf8')).toBe('mine');
    expect(readdirSync(into)).toEqual([]);
  });

  it('is gone when the response has ended', async () => {
    const into = newFolder();
    const kept: UploadedFile[] = [];
    await ask(multipart([FILE, big]), async (context) => {
      const form = new Form({ a: file() }, { folder: into, maxMemoryBytes: 0 });
      const result = await form.read(context);
      if (result.ok) kept.push(result.values.a);
      return '';
    });
    await until(() => readdirSync(into).length === 0, 'the removal of the temporary file');
    await expect(kept[0]?.bytes()).rejects.toThrow('the content of an uploaded file is gone');
  });

  it.each<[string, Part[], FormFields, object]>([
    ['none, as browsers send it', [['name=a; filename=""', '']], { a: file() }, { a: 'missing' }],
    ['none, but optional', [['name=a; filename=""', '']], { a: file({ required: false }) }, {}],
    [
      'too large',
      [[FILE, big]],
      { a: file({ maxBytes: 49_999 }), b: text({ required: false }) },
      { a: 'too-large' },
    ],
    [
      'another type',
      [[FILE, 'x']],
      { a: file({ types: ['text/*', 'image/gif'] }) },
      { a: 'wrong-type' },
    ],
    ['a type of a group', [[FILE, 'x']], { a: file({ types: ['image/*'] }) }, {}],
    [
      'two of them',
      [
        [FILE, 'x'],
        [FILE, 'y'],
      ],
      { a: file() },
      { a: 'repeated' },
    ],
    [
      'a list',
      [
        [FILE, 'x'],
        [FILE, 'y'],
      ],
      { a: list(file()) },
      {},
    ],
    ['a file in the place of a text', [[FILE, 'x']], { a: text() }, { a: 'malformed' }],
    ['a text in the place of a file', [['name=a', 'x']], { a: file() }, { a: 'malformed' }],
    [
      'unknown',
      [
        ['name=b; filename=c', 'x'],
        [FILE, 'x'],
      ],
      { a: file() },
      {},
    ],
  ])('%s', async (_what, parts, fields, problems) => {
    const into = newFolder();
    const content = multipart(...parts, ['name=z', 'end']);
    const options = { folder: into, maxMemoryBytes: 0 };
    const result = (await read(content, { ...fields, z: text() }, options)) as {
      problems?: object;
    };
    expect(result.problems ?? {}).toEqual(problems);
    await until(() => readdirSync(into).length === 0, 'the removal of temporary files');
  });

  it('leaves no temporary file if the client goes, or the form is malformed', async () => {
    const into = newFolder();
    const whole = multipart([FILE, big]);
    const ended = new Deferred<unknown>();
    const site = new ServedSite({
      isLeaf: true,
      render: (context) =>
        new Form({ a: file() }, { folder: into, maxMemoryBytes: 0 })
          .read(context)
          .addBoth((result) => {
            ended.callback(undefined);
            return result as never;
          }),
    });
    site.receive(whole.subarray(0, whole.length - 1_000));
    await until(() => readdirSync(into).length === 1, 'the temporary file');
    site.transport.peerResets();
    site.transport.settle();
    await ended;
    await until(() => readdirSync(into).length === 0, 'its removal');
    const truncated = multipart([FILE, big]).toString('latin1').replace('--XX--', '--XY--');
    expect(
      await read(
        Buffer.from(truncated, 'latin1'),
        { a: file() },
        { folder: into, maxMemoryBytes: 0 },
      ),
    ).toBe(400);
    expect(readdirSync(into)).toEqual([]);
  });
});
