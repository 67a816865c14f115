/**
 * Answers to requests for files of a folder, as descriptions: status, fields and a body that owns a descriptor. GET and HEAD,
 * conditional and range requests, precompressed variants. Folders are not listed.
 */
import { randomUUID } from 'node:crypto';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkBoolean, checkChoice, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { acceptedCodings, type ContentCoding } from './accept-encoding.js';
import { checkCodings } from './compression-policy.js';
import { evaluatePreconditions } from './conditional.js';
import type { RequestFields } from './field-values.js';
import { FileBody } from './file-body.js';
import { FILE_CALLS, type FileCalls } from './file-calls.js';
import { type FileValidators, validatorsOf } from './file-validators.js';
import {
  checkMediaTypes,
  commonMediaTypes,
  contentTypeOf,
  type MediaTypes,
  NO_SNIFFING,
} from './media-types.js';
import { multipartByteranges } from './multipart-byteranges.js';
import { type ByteRange, checkMaxRanges, contentRange, lengthOf, parseRange } from './ranges.js';
import { type OpenFile, StaticRoot } from './static-root.js';
import { parseTarget, slashLocation, type TargetPath, type TargetRules } from './target-path.js';

export interface StaticFilesOptions {
  /** Files that answer for their folder, the preferred one first. Default `['index.html']`. */
  readonly indexFiles?: readonly string[] | undefined;
  /** Whether files and folders whose names begin with a dot are served: all, or those with these names, such as `.well-known`. Default false. */
  readonly dotFiles?: boolean | readonly string[] | undefined;
  /** Whether symbolic links may lead out of the root. Default false: such files do not exist. */
  readonly linksAnywhere?: boolean | undefined;
  /**
   * Codings of compressed copies next to the files, named like them with `.br`, `.zst`, `.gz` or `.zz` added, the preferred coding
   * first. A copy is used if it is not older than the file, to the second. Default none.
   */
  readonly precompressed?: readonly ContentCoding[] | undefined;
  /** The Cache-Control field of all answers with a file. Default: no field, so that caches guess (RFC 9111 section 4.2.2). */
  readonly cacheControl?: string | undefined;
  /** Default: the built-in table. See `loadMediaTypes`. */
  readonly mediaTypes?: MediaTypes | undefined;
  /** Most ranges in one request: 1 to 1,000. Default 16. A request for more is answered with the whole file. */
  readonly maxRanges?: number | undefined;
  /**
   * Whether files are opened and read in the reactor's thread, the default, or in threads of libuv: slower, but a network file system
   * or disk that does not answer then delays only the requests for its files.
   */
  readonly fileCalls?: 'blocking' | 'threads' | undefined;
}

const OPTIONS: OptionNames<StaticFilesOptions> = {
  indexFiles: true,
  dotFiles: true,
  linksAnywhere: true,
  precompressed: true,
  cacheControl: true,
  mediaTypes: true,
  maxRanges: true,
  fileCalls: true,
};

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
interface Selected extends OpenFile {
  /** Of the file, which may be precompressed. */
  readonly name: string;
  readonly coding: ContentCoding | undefined;
}

export class StaticFiles {
  readonly #root: StaticRoot;
  readonly #rules: TargetRules;
  readonly #indexFiles: readonly string[];
  readonly #precompressed: readonly ContentCoding[];
  readonly #cacheControl: string | undefined;
  readonly #mediaTypes: MediaTypes;
  readonly #maxRanges: number;
  readonly #calls: FileCalls;

  /**
   * @param root A folder. It need not exist yet.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(root: string, options: StaticFilesOptions = {}) {
    checkOptions('StaticFiles', options, OPTIONS);
    const { indexFiles = ['index.html'], dotFiles = false, linksAnywhere = false } = options;
    const { precompressed = [], cacheControl, mediaTypes = commonMediaTypes } = options;
    if (checkString('root', root) === '') {
      throw new InvalidArgumentValueError('root', 'the path of a folder', root);
    }
    checkBoolean('linksAnywhere', linksAnywhere);
    if (typeof dotFiles !== 'boolean') checkNames('dotFiles', dotFiles);
    if (cacheControl !== undefined) checkFieldValue('cacheControl', cacheControl);
    const fileCalls = options.fileCalls ?? 'blocking';
    this.#calls = FILE_CALLS[checkChoice('fileCalls', fileCalls, ['blocking', 'threads'])];
    this.#root = new StaticRoot(root, linksAnywhere, this.#calls);
    this.#rules = { dotFiles, windows: process.platform === 'win32' };
    this.#indexFiles = checkNames('indexFiles', indexFiles);
    this.#precompressed = checkCodings('precompressed', precompressed);
    this.#cacheControl = cacheControl;
    this.#mediaTypes = checkMediaTypes(mediaTypes);
    this.#maxRanges = checkMaxRanges(options.maxRanges);
  }

  /**
   * Opens the file of a request.
   * @param nowMs The current time in milliseconds since 1970.
   * @throws An error of the file system that is not the fault of the request, such as EIO. Nothing is left open.
   */
  async answer(request: StaticRequest, nowMs: number): Promise<StaticAnswer> {
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') return answer(405, [['Allow', 'GET, HEAD']]);
    const path = parseTarget(request.target, this.#rules);
    if (typeof path === 'number') return answer(path);
    const found = await this.#find(path);
    if (!('fd' in found)) return found;
    const file = await this.#closingOnError(found.fd, () => this.#select(found, path, request));
    if (file === undefined) return answer(406, this.#vary());
    const described = await this.#closingOnError(file.fd, () =>
      this.#describe(file, request, nowMs),
    );
    if (described.body === undefined) await this.#calls.close(file.fd);
    return described;
  }

  async #find(path: TargetPath): Promise<Selected | StaticAnswer> {
    const { segments, slash } = path;
    const candidates = slash ? this.#indexFiles.map((name) => [...segments, name]) : [segments];
    for (const candidate of candidates) {
      const opened = await this.#root.open(candidate);
      if (typeof opened === 'object') {
        return { ...opened, name: candidate.at(-1) ?? '', coding: undefined };
      }
      if (opened === 'folder' && !slash) return answer(301, [['Location', slashLocation(path)]]);
      if (opened === 403 || opened === 503) return answer(opened);
    }
    return answer(404);
  }

  /** The variant that the client prefers; the file itself is then closed. Undefined if none is acceptable. */
  async #select(
    file: Selected,
    { segments, slash }: TargetPath,
    request: RequestFields,
  ): Promise<Selected | undefined> {
    if (this.#precompressed.length === 0) return file;
    const folder = slash ? segments : segments.slice(0, -1);
    for (const coding of acceptedCodings(request.field('accept-encoding'), this.#precompressed)) {
      if (coding === 'identity') return file;
      const variant = await this.#root.open([...folder, file.name + EXTENSIONS[coding]]);
      if (typeof variant !== 'object') continue;
      if (secondsOf(variant) >= secondsOf(file)) {
        await this.#calls.close(file.fd);
        return { ...variant, name: file.name, coding };
      }
      await this.#calls.close(variant.fd);
    }
    await this.#calls.close(file.fd);
    return undefined;
  }

  /** The descriptor is then owned by the body, if there is one. */
  #describe(file: Selected, request: RequestFields, nowMs: number): StaticAnswer {
    const validators = validatorsOf(file.stats, nowMs);
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
        : parseRange(range, size, { maxRanges: this.#maxRanges });
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
    const body =
      request.method === 'GET' ? new FileBody(this.#calls, file.fd, length, pieces) : undefined;
    return { status, fields, body };
  }

  #content(file: Selected, size: number, ranges: readonly ByteRange[] | undefined): Content {
    const type = contentTypeOf(file.name, this.#mediaTypes);
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

  async #closingOnError<T>(fd: number, use: () => T | Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      await this.#calls.close(fd);
      throw error;
    }
  }

  #caching(): readonly AnswerField[] {
    const cacheControl = this.#cacheControl;
    return cacheControl === undefined
      ? this.#vary()
      : [['Cache-Control', cacheControl], ...this.#vary()];
  }

  #vary(): readonly AnswerField[] {
    return this.#precompressed.length === 0 ? [] : [['Vary', 'Accept-Encoding']];
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

function secondsOf({ stats }: OpenFile): bigint {
  return stats.mtimeNs / 1_000_000_000n;
}

function checkNames(what: string, names: unknown): readonly string[] {
  if (!Array.isArray(names)) throw new InvalidArgumentTypeError(what, 'an array', names);
  for (const name of names) {
    if (checkString(`each of ${what}`, name) === '' || /[/\\\0]/.test(name)) {
      throw new InvalidArgumentValueError(`each of ${what}`, 'the name of a file', name);
    }
  }
  return [...names];
}

function checkFieldValue(what: string, value: unknown): void {
  if (!/^[\x20-\x7e]+$/.test(checkString(what, value))) {
    throw new InvalidArgumentValueError(what, 'visible characters of ASCII', value);
  }
}
