/** Uploads over the HTTP server, and over every split of their bytes. */
import { describe, expect, it } from 'vitest';
import {
  FormTooLargeError,
  type HTTPHandler,
  HTTPSequenceError,
  HTTPStatusError,
  InvalidFormError,
  type MultipartOptions,
  partsOf,
  type UploadedPart,
} from '../../src/http/index.js';
import { everySplit } from '../../src/testing/index.js';
import { Served } from './served.js';

const TYPE = 'multipart/form-data; boundary=x';
const FORM = [
  '--x',
  'Content-Disposition: form-data; name="title"',
  '',
  'Ropes',
  '--x',
  'Content-Disposition: form-data; name="file"; filename="a.txt"',
  'Content-Type: text/x-rope',
  '',
  'line 1',
  'line 2',
  '--x--',
  '',
].join('\r\n');

function content(
  pieces: Iterable<Buffer | string>,
  type: string | undefined = TYPE,
): Parameters<typeof partsOf>[0] & { left: boolean } {
  return {
    left: false,
    field: (name: string) => (name === 'content-type' ? type : undefined),
    async *[Symbol.asyncIterator]() {
      try {
        for (const piece of pieces) yield Buffer.from(piece);
      } finally {
        this.left = true;
      }
    },
  };
}

async function read(source: Parameters<typeof partsOf>[0], options: MultipartOptions = {}) {
  const found: unknown[] = [];
  for await (const part of partsOf(source, options)) {
    found.push([part.name, part.filename, part.contentType, part.isFile, await part.text()]);
  }
  return found;
}

const PARTS = [
  ['title', undefined, 'text/plain', false, 'Ropes'],
  ['file', 'a.txt', 'text/x-rope', true, 'line 1\r\nline 2'],
];

describe('the parts of a form', () => {
  it('are read one after the other, however the bytes are cut', async () => {
    for (const pieces of everySplit(Buffer.from(FORM))) {
      expect(await read(content(pieces))).toEqual(PARTS);
    }
    expect(await read(content(FORM))).toEqual(PARTS);
  });

  it('need not be read, or not completely', async () => {
    for (const pieces of [[FORM], [...FORM]]) {
      const names: string[] = [];
      for await (const part of partsOf(content(pieces))) {
        names.push(part.name);
        for await (const _piece of part) break;
      }
      expect(names).toEqual(['title', 'file']);
    }
    const names: string[] = [];
    for await (const { name } of partsOf(content([FORM]))) names.push(name);
    expect(names).toEqual(['title', 'file']);
  });

  it('cannot be read later', async () => {
    const parts: UploadedPart[] = [];
    for await (const part of partsOf(content([FORM]))) parts.push(part);
    for (const part of parts) await expect(part.text()).rejects.toThrow(HTTPSequenceError);
  });

  it('cannot be read twice', async () => {
    for await (const part of partsOf(content([FORM]))) {
      await part.bytes();
      await expect(part.bytes()).rejects.toThrow(HTTPSequenceError);
    }
  });

  it('leave the content when the iteration is left', async () => {
    const source = content([FORM]);
    for await (const _part of partsOf(source)) break;
    expect(source.left).toBe(true);
  });

  it.each<[string, string, MultipartOptions]>([
    ['maxParts', FORM, { maxParts: 1 }],
    ['maxValueBytes', FORM, { maxValueBytes: 4 }],
    ['maxFileBytes', FORM, { maxFileBytes: 13 }],
    ['maxNameBytes', FORM, { maxNameBytes: 4 }],
    ['maxPartHeadBytes', FORM, { maxPartHeadBytes: 64 }],
  ])('are limited by %s', async (option, form, options) => {
    const error = await read(content([form]), options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FormTooLargeError);
    expect(error).toMatchObject({ option, status: 413 });
  });

  it('end with an error if the form does', async () => {
    await expect(read(content([FORM.slice(0, -6)]))).rejects.toThrow(InvalidFormError);
    await expect(read(content(['']))).rejects.toThrow(InvalidFormError);
    await expect(read(content(['nonsense']))).rejects.toThrow(InvalidFormError);
  });

  it('exist only in forms of this type', () => {
    for (const type of ['text/plain', 'multipart/mixed; boundary=x', '']) {
      expect(() => partsOf(content([FORM], type))).toThrow(HTTPStatusError);
    }
    expect(() => partsOf(content([FORM], 'multipart/form-data'))).toThrow(InvalidFormError);
  });
});

describe('an upload', () => {
  const upload = (type = TYPE, length = FORM.length): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`;

  const handler: HTTPHandler = async (request, response) => {
    const names: string[] = [];
    for await (const part of partsOf(request)) names.push(`${part.name}=${await part.text()}`);
    response.send(names.join());
  };

  async function answerTo(text: string, handle = handler): Promise<string> {
    const served = new Served(handle);
    served.transport.receive(text);
    return (await served.later()) + (await served.later()) + (await served.later());
  }

  it('is answered', async () => {
    expect(await answerTo(upload() + FORM)).toContain('title=Ropes,file=line 1\r\nline 2');
  });

  it.each([
    ['of another type', upload('text/plain') + FORM, 415],
    ['without a boundary', upload('multipart/form-data') + FORM, 400],
    ['that is malformed', `${upload(TYPE, 3)}abc`, 400],
  ])('%s is answered with its status', async (_name, text, status) => {
    expect(await answerTo(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('that exceeds a limit is answered with 413', async () => {
    const limited: HTTPHandler = async (request, response) => {
      for await (const part of partsOf(request, { maxFileBytes: 5 })) await part.bytes();
      response.send('stored');
    };
    expect(await answerTo(upload() + FORM, limited)).toMatch(/^HTTP\/1.1 413 /);
  });

  it('arrives no faster than it is read', async () => {
    let pieces = 0;
    let resume = (): void => {};
    const slow: HTTPHandler = async (request, response) => {
      for await (const part of partsOf(request)) {
        for await (const _piece of part) {
          pieces += 1;
          await new Promise<void>((resolve) => {
            resume = resolve;
          });
        }
      }
      response.send('stored');
    };
    const served = new Served(slow, { maxPipelinedBytes: 1_000, maxContentBytes: 100_000 });
    const head = FORM.slice(0, FORM.indexOf('line 1'));
    served.transport.receive(upload(TYPE, 90_000) + head);
    await served.later();
    for (let sent = 0; sent < 10; sent++) served.transport.receive('y'.repeat(1_000));
    await served.later();
    const before = pieces;
    for (let turn = 0; turn < 10; turn++) await served.later();
    expect(pieces).toBe(before);
    resume();
    await served.later();
    expect(pieces).toBe(before + 1);
    served.transport.peerResets();
  });
});
