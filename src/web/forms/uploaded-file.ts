/** A file that was uploaded: in memory if it is small, otherwise in a temporary file until the response has ended. */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkString } from '../../internal/check.js';
import { HTTPSequenceError } from '../../protocols/http/errors.js';

/** Errors after which a hard link may be impossible although a copy is not. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);
const READ_BYTES = 65_536;

/** See {@link Form}. */
export class UploadedFile {
  /**
   * As the client sent it, without folders. It is not a safe name for a file of the server: it may be `..` or the name of another file.
   */
  readonly filename: string;
  /** As the client claims it. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  readonly #bytes: Buffer | undefined;
  #path: string | undefined;

  /** @internal */
  constructor(
    facts: { readonly filename: string; readonly contentType: string; readonly size: number },
    content: Buffer | string,
  ) {
    this.filename = facts.filename;
    this.contentType = facts.contentType;
    this.size = facts.size;
    if (typeof content === 'string') this.#path = content;
    else this.#bytes = content;
  }

  /** The temporary file; undefined if the content is in memory, or was moved or removed. */
  get path(): string | undefined {
    return this.#path;
  }

  /** All content. @throws HTTPSequenceError it was moved or removed. @throws The error of the file system. */
  async bytes(): Promise<Buffer> {
    return this.#bytes ?? readFile(this.#required());
  }

  /** All content, decoded as UTF-8. @throws as {@link bytes}. */
  async text(): Promise<string> {
    return (await this.bytes()).toString();
  }

  /** The content piece by piece. @throws as {@link bytes}. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    if (this.#bytes !== undefined) {
      if (this.size > 0) yield this.#bytes;
      return;
    }
    const file = await open(this.#required());
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES));
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  /**
   * Gives the file a name, which must not exist. Only the owner of the process can read it.
   * @throws HTTPSequenceError it was moved or removed. @throws The error of the file system, such as EEXIST.
   */
  async moveTo(path: string): Promise<void> {
    checkString('path', path);
    if (this.#bytes !== undefined) {
      await writeFile(path, this.#bytes, { flag: 'wx', mode: 0o600 });
      return;
    }
    const from = this.#required();
    try {
      await link(from, path);
    } catch (error) {
      if (!NO_LINKS.has((error as { code?: unknown }).code)) throw error;
      await copyFile(from, path, constants.COPYFILE_EXCL);
    }
    await this.remove();
  }

  /** Removes the temporary file, if there is one. */
  async remove(): Promise<void> {
    const path = this.#path;
    this.#path = undefined;
    if (path !== undefined) await rm(path, { force: true });
  }

  #required(): string {
    if (this.#path !== undefined) return this.#path;
    throw new HTTPSequenceError(
      'the content of an uploaded file is gone: it was moved or removed, or the response has ended',
    );
  }
}

/** The content of a file while it arrives. */
export class UploadWriter {
  size = 0;
  readonly #folder: string;
  readonly #maxMemoryBytes: number;
  #pieces: Buffer[] = [];
  #path: string | undefined;
  #file: Awaited<ReturnType<typeof open>> | undefined;

  constructor(folder: string, maxMemoryBytes: number) {
    this.#folder = folder;
    this.#maxMemoryBytes = maxMemoryBytes;
  }

  async write(data: Buffer): Promise<void> {
    this.size += data.length;
    if (this.#file === undefined && this.size <= this.#maxMemoryBytes) {
      this.#pieces.push(data);
      return;
    }
    this.#file ??= await this.#open();
    for (const piece of this.#pieces.splice(0)) await this.#file.writeFile(piece);
    await this.#file.writeFile(data);
  }

  /** @returns Bytes, or the path of a temporary file. */
  async end(): Promise<Buffer | string> {
    if (this.#file === undefined) return Buffer.concat(this.#pieces);
    await this.#file.close();
    return this.#path as string;
  }

  async remove(): Promise<void> {
    this.#pieces = [];
    await this.#file?.close().catch(() => undefined);
    if (this.#path !== undefined) await rm(this.#path, { force: true });
  }

  #open(): Promise<Awaited<ReturnType<typeof open>>> {
    const name = `ropewalk-upload-${randomBytes(16).toString('hex')}`;
    this.#path = join(this.#folder, name);
    return open(this.#path, 'wx', 0o600);
  }
}
