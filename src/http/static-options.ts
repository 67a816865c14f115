/** The options of a server of files. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkString,
} from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { ContentCoding } from './accept-encoding.js';
import { checkCodings } from './compression-policy.js';
import { FILE_CALLS, type FileCalls } from './file-calls.js';
import { checkMediaTypes, commonMediaTypes, type MediaTypes } from './media-types.js';
import { checkMaxRanges } from './ranges.js';
import type { TargetRules } from './target-path.js';

export interface StaticFilesOptions {
  /** The path of the root in targets: with `/assets`, the target `/assets/a.css` is the file `a.css`. Default `/`. */
  readonly prefix?: string | undefined;
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
   * Memory for the contents of files that were served last, in bytes: 0 to 2^40; 0 keeps none. A file may use a sixteenth of it;
   * about 1 KiB is added for each.
   * Before each use, the path is compared with the file that was read, by stat(2): device, inode, size and times. Default 16 MiB.
   */
  readonly cacheBytes?: number | undefined;
  /**
   * Whether files are opened and read in the reactor's thread, the default, or in threads of libuv: slower, but a network file system
   * or disk that does not answer then delays only the requests for its files.
   */
  readonly fileCalls?: 'blocking' | 'threads' | undefined;
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly wallClock?: (() => number) | undefined;
}

export const STATIC_FILES_OPTIONS: OptionNames<StaticFilesOptions> = {
  prefix: true,
  indexFiles: true,
  dotFiles: true,
  linksAnywhere: true,
  precompressed: true,
  cacheControl: true,
  mediaTypes: true,
  maxRanges: true,
  cacheBytes: true,
  fileCalls: true,
  wallClock: true,
};

const DEFAULT_CACHE_BYTES = 16 * 1_024 * 1_024;

export interface StaticSettings {
  /** The decoded names of the prefix. */
  readonly prefix: readonly string[];
  readonly indexFiles: readonly string[];
  readonly rules: TargetRules;
  readonly linksAnywhere: boolean;
  readonly precompressed: readonly ContentCoding[];
  readonly cacheControl: string | undefined;
  readonly mediaTypes: MediaTypes;
  readonly maxRanges: number;
  readonly cacheBytes: number;
  readonly calls: FileCalls;
  /** Whether the calls return results, not promises. */
  readonly isBlocking: boolean;
  readonly wallClock: () => number;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function staticSettings(options: StaticFilesOptions, calls?: FileCalls): StaticSettings {
  checkOptions('staticFiles', options, STATIC_FILES_OPTIONS);
  const { prefix = '/', indexFiles = ['index.html'], dotFiles = false, cacheControl } = options;
  const { linksAnywhere = false, precompressed = [], mediaTypes = commonMediaTypes } = options;
  const { cacheBytes = DEFAULT_CACHE_BYTES, wallClock = Date.now } = options;
  if (typeof dotFiles !== 'boolean') checkNames('dotFiles', dotFiles);
  if (cacheControl !== undefined) checkFieldValue('cacheControl', cacheControl);
  checkFunction('wallClock', wallClock);
  const fileCalls = options.fileCalls ?? 'blocking';
  checkChoice('fileCalls', fileCalls, ['blocking', 'threads']);
  return {
    prefix: checkPrefix(prefix),
    indexFiles: checkNames('indexFiles', indexFiles),
    rules: { dotFiles, windows: process.platform === 'win32' },
    linksAnywhere: checkBoolean('linksAnywhere', linksAnywhere),
    precompressed: checkCodings('precompressed', precompressed),
    cacheControl,
    mediaTypes: checkMediaTypes(mediaTypes),
    maxRanges: checkMaxRanges(options.maxRanges),
    cacheBytes: checkInteger('cacheBytes', cacheBytes, 0, 2 ** 40),
    calls: calls ?? FILE_CALLS[fileCalls],
    isBlocking: fileCalls === 'blocking',
    wallClock,
  };
}

function checkPrefix(prefix: unknown): readonly string[] {
  const text = checkString('prefix', prefix);
  const names = text.split('/').slice(1);
  if (names.at(-1) === '') names.pop();
  if (!text.startsWith('/') || names.some((name) => /^\.{0,2}$|[%\\?#\0]/.test(name))) {
    throw new InvalidArgumentValueError('prefix', 'a path that begins with a slash', prefix);
  }
  return names;
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
