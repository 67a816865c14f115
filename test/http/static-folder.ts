/** A folder with files for tests of static files, and requests for them. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type StaticAnswer, StaticFiles, type StaticRequest } from '../../src/http/static-files.js';
import type { StaticFilesOptions } from '../../src/http/static-options.js';
import { requestOf } from './requests.js';

/** When the files were modified. */
export const MODIFIED = new Date(Date.UTC(2020, 1, 3, 4, 5, 6, 500));
export const NOW: number = MODIFIED.getTime() + 3_600_000;

export class StaticFolder {
  /** Removed by `remove`. It contains the root and a neighbour that must not be served. */
  readonly outer: string = realpathSync(mkdtempSync(join(tmpdir(), 'ropewalk-static-')));
  readonly root: string = join(this.outer, 'root');

  constructor() {
    mkdirSync(this.root);
  }

  /** @param path Relative to the root. */
  write(path: string, content: string | Buffer, modified: Date = MODIFIED): string {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    utimesSync(file, modified, modified);
    return file;
  }

  /** Paths of descriptors of this process that are open in this folder. Linux only; empty elsewhere. */
  openFiles(): string[] {
    if (process.platform !== 'linux') return [];
    return readdirSync('/proc/self/fd')
      .map((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`);
        } catch {
          return ''; // that of readdir itself
        }
      })
      .filter((path) => path.startsWith(this.outer));
  }

  remove(): void {
    rmSync(this.outer, { recursive: true });
  }
}

/** An answer with its body read and its fields by name in lower case. */
export interface ReadAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export async function ask(
  files: StaticFiles,
  target: string,
  fields: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<ReadAnswer> {
  return read(await files.answer(request(target, fields, method)));
}

/** Serves at the time `NOW`. */
export function filesAt(root: string, options: StaticFilesOptions = {}): StaticFiles {
  return new StaticFiles(root, { wallClock: () => NOW, ...options });
}

export function request(
  target: string,
  fields: Readonly<Record<string, string>> = {},
  method = 'GET',
): StaticRequest {
  return { ...requestOf(method, fields), target };
}

async function read({ status, fields, body }: StaticAnswer): Promise<ReadAnswer> {
  const chunks: Buffer[] = [];
  if (body !== undefined) for await (const chunk of body) chunks.push(chunk);
  const byName = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]));
  if (Object.keys(byName).length !== fields.length) throw new Error('a field was repeated');
  return { status, fields: byName, body: body && Buffer.concat(chunks).toString('latin1') };
}
