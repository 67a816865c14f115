/**
 * Answers to requests for files of a folder, as descriptions: status, fields and a body that may own a descriptor. GET and HEAD,
 * conditional and range requests, precompressed variants. Folders are not listed.
 */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkString } from '../internal/check.js';
import { acceptedCodings, type ContentCoding } from './accept-encoding.js';
import { evaluatePreconditions } from './conditional.js';
import type { RequestFields } from './field-values.js';
import { FileBody } from './file-body.js';
import type { FileCalls } from './file-calls.js';
import { FileSource, type FoundFile } from './file-source.js';
import type { FileValidators } from './file-validators.js';
import { contentTypeOf, NO_SNIFFING } from './media-types.js';
import { type BodyPiece, multipartByteranges } from './multipart-byteranges.js';
import { type ByteRange, contentRange, lengthOf, parseRange } from './ranges.js';
import { type StaticFilesOptions, type StaticSettings, staticSettings } from './static-options.js';
import type { FolderListing } from './static-root.js';
import { isServedName, parseTarget, slashLocation, type TargetPath } from './target-path.js';

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

/** A file that was chosen for an answer. */
interface Selected {
  readonly file: FoundFile;
  /** Of the file, which may be precompressed. */
  readonly name: string;
  readonly coding: ContentCoding | undefined;
}

export class StaticFiles {
  readonly #source: FileSource;
  readonly #settings: StaticSettings;
  /** Of the root, which may be a file. */
  readonly #name: string;

  /**
   * @param root A folder. It need not exist yet.
   * @param calls In place of those of the option `fileCalls`.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(root: string, options: StaticFilesOptions = {}, calls?: FileCalls) {
    this.#settings = staticSettings(options, calls);
    if (checkString('root', root) === '') {
      throw new InvalidArgumentValueError('root', 'the path of a folder', root);
    }
    this.#name = basename(root);
    this.#source = new FileSource(root, this.#settings);
  }

  /**
   * Finds the file of a request. The answer is a promise unless the file is in memory, or the request is refused.
   * @throws An error of the file system that is not the fault of the request, such as EIO. Nothing is left open.
   */
  answer(request: StaticRequest): StaticAnswer | Promise<StaticAnswer> {
    if (!isRead(request)) return WRONG_METHOD;
    const { rules, prefix } = this.#settings;
    const path = parseTarget(request.target, rules);
    if (typeof path === 'number') return answer(path);
    for (let i = 0; i < prefix.length; i++) {
      if (path.segments[i] !== prefix[i]) return answer(404);
    }
    return this.#answerPath(path, request);
  }

  /**
   * Likewise, for a path that was decoded elsewhere. The target of the request is not read.
   * @param path Decoded names, behind those of the prefix.
   */
  answerAt(path: TargetPath, request: RequestFields): StaticAnswer | Promise<StaticAnswer> {
    if (!isRead(request)) return WRONG_METHOD;
    const { rules } = this.#settings;
    const isServed = path.segments.every((name) => isServedName(name, rules));
    return isServed ? this.#answerPath(path, request) : answer(404);
  }

  /**
   * The files and folders in a folder, in the order of their names, without those that are not served.
   * @param segments As those of {@link answerAt}.
   * @param max Most entries.
   * @returns Undefined if it is not a folder. @throws As {@link answer}.
   */
  async list(segments: readonly string[], max: number): Promise<FolderListing | undefined> {
    const { rules } = this.#settings;
    if (!segments.every((name) => isServedName(name, rules))) return undefined;
    return await this.#source.list(segments, (name) => isServedName(name, rules), max);
  }

  #answerPath(path: TargetPath, request: RequestFields): StaticAnswer | Promise<StaticAnswer> {
    const nowMs = this.#settings.wallClock();
    const kept = this.#findKept(path, request);
    return kept === undefined
      ? this.#openAndDescribe(path, request, nowMs)
      : this.#describe(kept, request, nowMs);
  }

  /** The variant that the client prefers, if everything that must be known about it is in memory. */
  #findKept({ segments, slash }: TargetPath, request: RequestFields): Selected | undefined {
    const { prefix, indexFiles, precompressed } = this.#settings;
    const folder = segments.slice(prefix.length, slash ? undefined : -1);
    const name = slash ? indexFiles[0] : segments.at(-1);
    if (name === undefined) return undefined;
    const file = this.#source.kept([...folder, name]);
    if (file === undefined) return undefined;
    if (precompressed.length === 0) return { file, name, coding: undefined };
    for (const coding of acceptedCodings(request.field('accept-encoding'), precompressed)) {
      if (coding === 'identity') return { file, name, coding: undefined };
      const path = [...folder, name + EXTENSIONS[coding]];
      const variant = this.#source.kept(path);
      if (variant === undefined && !this.#source.isMissing(path)) return undefined;
      if (variant !== undefined && isFresh(variant, file)) return { file: variant, name, coding };
    }
    return undefined;
  }

  async #openAndDescribe(
    path: TargetPath,
    request: RequestFields,
    nowMs: number,
  ): Promise<StaticAnswer> {
    const source = this.#source;
    const found = await this.#find(path, nowMs);
    if (!('file' in found)) return found;
    const select = (): Promise<Selected | undefined> => this.#select(found, path, request, nowMs);
    const selected = await source.closingOnError(found.file, select);
    if (selected === undefined) return answer(406, this.#vary());
    const { file } = selected;
    const describe = (): StaticAnswer => this.#describe(selected, request, nowMs);
    const described = await source.closingOnError(file, describe);
    if (described.body === undefined) await source.close(file);
    return described;
  }

  async #find(path: TargetPath, nowMs: number): Promise<Selected | StaticAnswer> {
    const { prefix, indexFiles } = this.#settings;
    const segments = path.segments.slice(prefix.length);
    const { slash } = path;
    const candidates = slash ? indexFiles.map((name) => [...segments, name]) : [segments];
    for (const candidate of candidates) {
      const file = await this.#source.open(candidate, nowMs);
      if (typeof file === 'object') {
        return { file, name: candidate.at(-1) ?? this.#name, coding: undefined };
      }
      if (file === 'folder' && !slash) return answer(301, [['Location', slashLocation(path)]]);
      if (file === 403 || file === 503) return answer(file);
    }
    return answer(404);
  }

  /** The variant that the client prefers; the file itself is then closed. Undefined if none is acceptable. */
  async #select(
    selected: Selected,
    { segments, slash }: TargetPath,
    request: RequestFields,
    nowMs: number,
  ): Promise<Selected | undefined> {
    const { precompressed, prefix } = this.#settings;
    if (precompressed.length === 0) return selected;
    const { file, name } = selected;
    const source = this.#source;
    const folder = segments.slice(prefix.length, slash ? undefined : -1);
    for (const coding of acceptedCodings(request.field('accept-encoding'), precompressed)) {
      if (coding === 'identity') return selected;
      const variant = await source.open([...folder, name + EXTENSIONS[coding]], nowMs);
      if (typeof variant !== 'object') continue;
      if (isFresh(variant, file)) {
        await source.close(file);
        return { file: variant, name, coding };
      }
      await source.close(variant);
    }
    await source.close(file);
    return undefined;
  }

  /** The descriptor is then owned by the body, if there is one. */
  #describe(selected: Selected, request: RequestFields, nowMs: number): StaticAnswer {
    const { file, coding } = selected;
    const { validators } = file;
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
    const content = this.#content(selected, size, ranges);
    const fields: AnswerField[] = [
      ...content.fields,
      ['Content-Length', String(content.length)],
      ...representationFields(validators, coding),
      ...this.#caching(),
    ];
    const { status, length, pieces } = content;
    const body = request.method === 'GET' ? this.#body(file, length, pieces) : undefined;
    return { status, fields, body };
  }

  #content(
    { name, coding }: Selected,
    size: number,
    ranges: readonly ByteRange[] | undefined,
  ): Content {
    const type = contentTypeOf(name, this.#settings.mediaTypes);
    const [range, second] = ranges ?? [];
    // The Content-Encoding of a multipart answer would be that of the multipart body itself.
    if (
      ranges === undefined ||
      range === undefined ||
      (second !== undefined && coding !== undefined)
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
    const { calls, isBlocking } = this.#settings;
    if (content === undefined) return new FileBody(calls, fd, length, pieces, isBlocking);
    const bytes = pieces.map((piece) =>
      Buffer.isBuffer(piece) ? piece : content.subarray(piece.first, piece.last + 1),
    );
    return new FileBody(calls, undefined, length, bytes);
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

const WRONG_METHOD: StaticAnswer = {
  status: 405,
  fields: [['Allow', 'GET, HEAD']],
  body: undefined,
};

type Content = Pick<FileBody, 'length' | 'pieces'> & Pick<StaticAnswer, 'status' | 'fields'>;

function isRead({ method }: RequestFields): boolean {
  return method === 'GET' || method === 'HEAD';
}

function answer(status: number, fields: readonly AnswerField[] = []): StaticAnswer {
  return { status, fields, body: undefined };
}

function representationFields(
  { entityTag, lastModified }: FileValidators,
  coding: ContentCoding | undefined,
): AnswerField[] {
  const fields: AnswerField[] = [['ETag', entityTag]];
  if (lastModified !== undefined) fields.push(['Last-Modified', lastModified]);
  if (coding !== undefined) fields.push(['Content-Encoding', coding]);
  fields.push(['Accept-Ranges', 'bytes'], NO_SNIFFING);
  return fields;
}

/** Whether a compressed copy is not older than the file, to the second. */
function isFresh(copy: FoundFile, file: FoundFile): boolean {
  return secondsOf(copy) >= secondsOf(file);
}

function secondsOf({ stats }: FoundFile): bigint {
  return stats.mtimeNs / 1_000_000_000n;
}
