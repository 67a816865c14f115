/**
 * Answers to requests for files of a folder, as descriptions: status, fields and a body that may own a descriptor. GET and HEAD,
 * conditional and range requests, precompressed variants. Folders are not listed.
 */
import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkString } from '../internal/check.js';
import { ownBytes } from '../internal/lent-bytes.js';
import { acceptedCodings, type ContentCoding } from './accept-encoding.js';
import { evaluatePreconditions } from './conditional.js';
import type { RequestFields } from './field-values.js';
import { FileBody } from './file-body.js';
import { type CachedFile, FileCache, isUnchanged } from './file-cache.js';
import type { FileCalls } from './file-calls.js';
import { type FileValidators, isSettled, validatorsOf } from './file-validators.js';
import { contentTypeOf, NO_SNIFFING } from './media-types.js';
import { type BodyPiece, multipartByteranges } from './multipart-byteranges.js';
import { type ByteRange, contentRange, lengthOf, parseRange } from './ranges.js';
import { type StaticFilesOptions, type StaticSettings, staticSettings } from './static-options.js';
import { type NotOpened, StaticRoot } from './static-root.js';
import { parseTarget, slashLocation, type TargetPath } from './target-path.js';

const EXTENSIONS: Readonly<Record<ContentCoding, string>> = {
  br: '.br',
  zstd: '.zst',
  gzip: '.gz',
  deflate: '.zz',
};

export interface StaticRequest extends RequestFields {
  /** In origin form, or in absolute form for `http` and `https`. */
  readonly target: string;
}

export type AnswerField = readonly [name: string, value: string];

/**
 * An answer. The status is 200, 206, 301, 304, 400, 403, 404, 405, 406, 412, 416, or 503 if no descriptors are left.
 */
export interface StaticAnswer {
  readonly status: number;
  /** Those of 200 and 206 include Content-Length. Date, and fields of the connection, are the server's. */
  readonly fields: readonly AnswerField[];
  /** Only of a 200 or 206 to GET. It must be iterated or closed. */
  readonly body: FileBody | undefined;
}

/** A file: open, or its content in memory. */
interface FoundFile {
  readonly stats: BigIntStats;
  readonly fd: number | undefined;
  readonly content: Buffer | undefined;
  /** Of a file that was read into the cache. */
  readonly validators: FileValidators | undefined;
}

/** A file that was chosen for an answer. */
interface Selected extends FoundFile {
  /** Of the file, which may be precompressed. */
  readonly name: string;
  readonly coding: ContentCoding | undefined;
}

export class StaticFiles {
  readonly #root: StaticRoot;
  readonly #cache: FileCache;
  readonly #settings: StaticSettings;

  /**
   * @param root A folder. It need not exist yet.
   * @param calls In place of those of the option `fileCalls`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(root: string, options: StaticFilesOptions = {}, calls?: FileCalls) {
    const settings = staticSettings(options, calls);
    if (checkString('root', root) === '') {
      throw new InvalidArgumentValueError('root', 'the path of a folder', root);
    }
    this.#settings = settings;
    this.#root = new StaticRoot(root, settings.linksAnywhere, settings.calls);
    this.#cache = new FileCache(settings.cacheBytes);
  }

  /**
   * Finds the file of a request. Without a promise if the file is in the cache, and one call of stat(2) confirms it.
   * @throws An error of the file system that is not the fault of the request, such as EIO. Nothing is left open.
   */
  answer(request: StaticRequest): StaticAnswer | Promise<StaticAnswer> {
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') return answer(405, [['Allow', 'GET, HEAD']]);
    const path = parseTarget(request.target, this.#settings.rules);
    if (typeof path === 'number') return answer(path);
    if (!this.#hasPrefix(path)) return answer(404);
    const nowMs = this.#settings.wallClock();
    return this.#cachedAnswer(path, request, nowMs) ?? this.#openedAnswer(path, request, nowMs);
  }

  #cachedAnswer(path: TargetPath, request: StaticRequest, nowMs: number): StaticAnswer | undefined {
    const { blocking, prefix, indexFiles } = this.#settings;
    if (!blocking) return undefined;
    const segments = path.segments.slice(prefix.length);
    if (path.slash) segments.push(indexFiles[0] ?? '');
    const location = this.#root.pathOf(segments);
    if (!this.#cache.has(location) || this.#mayHaveVariant(location, request)) return undefined;
    const cached = this.#cache.get(location, this.#findNow(location));
    if (cached === undefined) return undefined;
    const name = segments.at(-1) ?? '';
    return this.#describe({ ...cached, fd: undefined, name, coding: undefined }, request, nowMs);
  }

  async #openedAnswer(
    path: TargetPath,
    request: StaticRequest,
    nowMs: number,
  ): Promise<StaticAnswer> {
    const found = await this.#find(path, nowMs);
    if (!('stats' in found)) return found;
    const file = await this.#closingOnError(found, () => this.#select(found, path, request, nowMs));
    if (file === undefined) return answer(406, this.#vary());
    const described = await this.#closingOnError(file, () => this.#describe(file, request, nowMs));
    if (described.body === undefined) await this.#close(file);
    return described;
  }

  #hasPrefix({ segments }: TargetPath): boolean {
    return this.#settings.prefix.every((name, index) => segments[index] === name);
  }

  /** Whether a precompressed copy that the client accepts exists. */
  #mayHaveVariant(location: string, request: RequestFields): boolean {
    const { precompressed } = this.#settings;
    if (precompressed.length === 0) return false;
    for (const coding of acceptedCodings(request.field('accept-encoding'), precompressed)) {
      if (coding === 'identity') return false;
      if (this.#findNow(location + EXTENSIONS[coding]) !== undefined) return true;
    }
    return true;
  }

  /** Undefined if the path does not exist, or if it can't be found out. */
  #findNow(location: string): BigIntStats | undefined {
    try {
      return this.#settings.calls.find(location) as BigIntStats | undefined;
    } catch {
      return undefined;
    }
  }

  async #find(path: TargetPath, nowMs: number): Promise<Selected | StaticAnswer> {
    const { prefix, indexFiles } = this.#settings;
    const segments = path.segments.slice(prefix.length);
    const { slash } = path;
    const candidates = slash ? indexFiles.map((name) => [...segments, name]) : [segments];
    for (const candidate of candidates) {
      const opened = await this.#open(candidate, nowMs);
      if (typeof opened === 'object') {
        return { ...opened, name: candidate.at(-1) ?? '', coding: undefined };
      }
      if (opened === 'folder' && !slash) return answer(301, [['Location', slashLocation(path)]]);
      if (opened === 403 || opened === 503) return answer(opened);
    }
    return answer(404);
  }

  /** Takes a file from the cache, opens it, or reads it into the cache. */
  async #open(segments: readonly string[], nowMs: number): Promise<FoundFile | NotOpened> {
    const path = this.#root.pathOf(segments);
    const cached = this.#cache.has(path) ? await this.#cached(path) : undefined;
    if (cached !== undefined) return { ...cached, fd: undefined };
    const opened = await this.#root.open(segments);
    if (typeof opened !== 'object') return opened;
    const file: FoundFile = { ...opened, content: undefined, validators: undefined };
    const { stats } = file;
    if (!this.#cache.accepts(stats.size) || !isSettled(stats, nowMs)) return file;
    const content = await this.#closingOnError(file, () => this.#read(opened.fd, stats));
    if (content === undefined) return file;
    await this.#close(file);
    const read = { stats, content, validators: validatorsOf(stats, nowMs) };
    this.#cache.set(path, read);
    return { ...read, fd: undefined };
  }

  async #cached(path: string): Promise<CachedFile | undefined> {
    let stats: BigIntStats | undefined;
    try {
      stats = await this.#settings.calls.find(path);
    } catch {
      // Opening it finds the reason.
    }
    return this.#cache.get(path, stats);
  }

  /** The whole content; undefined if it changed meanwhile. */
  async #read(fd: number, stats: BigIntStats): Promise<Buffer | undefined> {
    const { calls } = this.#settings;
    const content = ownBytes(Number(stats.size));
    if (content.length > 0 && (await calls.read(fd, content, 0)) < content.length) return undefined;
    return isUnchanged(stats, await calls.fstat(fd)) ? content : undefined;
  }

  /** The variant that the client prefers; the file itself is then closed. Undefined if none is acceptable. */
  async #select(
    file: Selected,
    { segments, slash }: TargetPath,
    request: RequestFields,
    nowMs: number,
  ): Promise<Selected | undefined> {
    const { precompressed, prefix } = this.#settings;
    if (precompressed.length === 0) return file;
    const folder = segments.slice(prefix.length, slash ? undefined : -1);
    for (const coding of acceptedCodings(request.field('accept-encoding'), precompressed)) {
      if (coding === 'identity') return file;
      const variant = await this.#open([...folder, file.name + EXTENSIONS[coding]], nowMs);
      if (typeof variant !== 'object') continue;
      if (secondsOf(variant) >= secondsOf(file)) {
        await this.#close(file);
        return { ...variant, name: file.name, coding };
      }
      await this.#close(variant);
    }
    await this.#close(file);
    return undefined;
  }

  /** The descriptor is then owned by the body, if there is one. */
  #describe(file: Selected, request: RequestFields, nowMs: number): StaticAnswer {
    const validators = file.validators ?? validatorsOf(file.stats, nowMs);
    const result = evaluatePreconditions(request, validators, nowMs);
    if (result === 'precondition-failed') return answer(412, this.#vary());
    if (result === 'not-modified') {
      return answer(304, [['ETag', validators.entityTag], ...this.#caching()]);
    }
    const size = Number(file.stats.size);
    const range = result === 'ignore-range' ? undefined : request.field('range');
    const ranges =
      range === undefined || request.method !== 'GET'
        ? undefined
        : parseRange(range, size, { maxRanges: this.#settings.maxRanges });
    if (ranges === 'unsatisfiable') {
      return answer(416, [['Content-Range', contentRange(undefined, size)], ...this.#vary()]);
    }
    const content = this.#content(file, size, ranges);
    const fields: AnswerField[] = [
      ...content.fields,
      ['Content-Length', String(content.length)],
      ...representationFields(file, validators),
      ...this.#caching(),
    ];
    const { status, length, pieces } = content;
    const body = request.method === 'GET' ? this.#body(file, length, pieces) : undefined;
    return { status, fields, body };
  }

  #content(file: Selected, size: number, ranges: readonly ByteRange[] | undefined): Content {
    const type = contentTypeOf(file.name, this.#settings.mediaTypes);
    const [range, second] = ranges ?? [];
    // The Content-Encoding of a multipart answer would be that of the multipart body itself.
    if (
      ranges === undefined ||
      range === undefined ||
      (second !== undefined && file.coding !== undefined)
    ) {
      const pieces = size === 0 ? [] : [{ first: 0, last: size - 1 }];
      return { status: 200, fields: [['Content-Type', type]], length: size, pieces };
    }
    if (second === undefined) {
      const fields: AnswerField[] = [
        ['Content-Type', type],
        ['Content-Range', contentRange(range, size)],
      ];
      return { status: 206, fields, length: lengthOf(range), pieces: [range] };
    }
    const multipart = multipartByteranges(ranges, size, type, randomUUID());
    return { ...multipart, status: 206, fields: [['Content-Type', multipart.contentType]] };
  }

  #body({ fd, content }: FoundFile, length: number, pieces: readonly BodyPiece[]): FileBody {
    const { calls } = this.#settings;
    if (content === undefined) return new FileBody(calls, fd, length, pieces);
    const bytes = pieces.map((piece) =>
      Buffer.isBuffer(piece) ? piece : content.subarray(piece.first, piece.last + 1),
    );
    return new FileBody(calls, undefined, length, bytes);
  }

  async #closingOnError<T>(file: FoundFile, use: () => T | Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      await this.#close(file);
      throw error;
    }
  }

  async #close({ fd }: FoundFile): Promise<void> {
    if (fd !== undefined) await this.#settings.calls.close(fd);
  }

  #caching(): readonly AnswerField[] {
    const cacheControl = this.#settings.cacheControl;
    return cacheControl === undefined
      ? this.#vary()
      : [['Cache-Control', cacheControl], ...this.#vary()];
  }

  #vary(): readonly AnswerField[] {
    return this.#settings.precompressed.length === 0 ? [] : [['Vary', 'Accept-Encoding']];
  }
}

type Content = Pick<FileBody, 'length' | 'pieces'> & Pick<StaticAnswer, 'status' | 'fields'>;

function answer(status: number, fields: readonly AnswerField[] = []): StaticAnswer {
  return { status, fields, body: undefined };
}

function representationFields(
  { coding }: Selected,
  { entityTag, lastModified }: FileValidators,
): AnswerField[] {
  const fields: AnswerField[] = [['ETag', entityTag]];
  if (lastModified !== undefined) fields.push(['Last-Modified', lastModified]);
  if (coding !== undefined) fields.push(['Content-Encoding', coding]);
  fields.push(['Accept-Ranges', 'bytes'], NO_SNIFFING);
  return fields;
}

function secondsOf({ stats }: FoundFile): bigint {
  return stats.mtimeNs / 1_000_000_000n;
}
