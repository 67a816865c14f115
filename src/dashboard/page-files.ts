/** The files of the page, which a build has put beside this module, in memory. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';

interface PageFile {
  readonly type: string;
  readonly content: Buffer;
  readonly etag: string;
}

const FOLDER = new URL('../../dist/dashboard/page/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

const SECURITY_FIELDS: readonly (readonly [string, string])[] = [
  [
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
  ['Referrer-Policy', 'no-referrer'],
  ['X-Content-Type-Options', 'nosniff'],
];

/** Sets the fields that keep other sites out. */
export function setSecurityFields(response: HTTPResponse): void {
  for (const [name, value] of SECURITY_FIELDS) response.setField(name, value);
}

export class PageFiles {
  readonly #files: ReadonlyMap<string, PageFile>;

  private constructor(files: ReadonlyMap<string, PageFile>) {
    this.#files = files;
  }

  static async read(): Promise<PageFiles> {
    const files = new Map<string, PageFile>();
    for (const name of await readdir(FOLDER, { recursive: true })) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      const content = await readFile(new URL(name.replaceAll('\\', '/'), FOLDER));
      const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
      const path = `/${name.replaceAll('\\', '/')}`;
      files.set(path === '/index.html' ? '/' : path, { type, content, etag });
    }
    return new PageFiles(files);
  }

  /** Answers GET and HEAD for a file. @returns Whether there is one. */
  serve(request: HTTPRequest, response: HTTPResponse): boolean {
    const file = this.#files.get(request.path);
    if (file === undefined) return false;
    response.setField('Cache-Control', 'no-cache').setField('ETag', file.etag);
    // With the ETag of the client, the response becomes a 304.
    response.setField('Content-Type', file.type).send(file.content);
    return true;
  }
}
