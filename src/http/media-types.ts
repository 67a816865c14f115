/**
 * Media types by the extension of a file name. A table of the types that browsers and servers use serves by default;
 * `loadMediaTypes` adds those of the package `mime`, which has all registered ones.
 */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { MissingPackageError } from '../core/errors/tls.js';
import { essenceOf } from './field-values.js';

/** Finds the media type of a file by its extension, in lower case and without the dot. Undefined if it is unknown. */
export type MediaTypes = (extension: string) => string | undefined;

/** Of a file of an unknown type: a browser saves it. */
export const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';

/** Sent with every file: browsers must not guess another type (https://fetch.spec.whatwg.org/#x-content-type-options-header). */
export const NO_SNIFFING: readonly [name: string, value: string] = [
  'X-Content-Type-Options',
  'nosniff',
];

/** The extensions of each type. */
const TABLE: Readonly<Record<string, string>> = {
  'application/epub+zip': 'epub',
  'application/gzip': 'gz',
  'application/java-archive': 'jar',
  'application/json': 'json map',
  'application/ld+json': 'jsonld',
  'application/manifest+json': 'webmanifest',
  'application/msword': 'doc',
  'application/pdf': 'pdf',
  'application/rtf': 'rtf',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-fontobject': 'eot',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.oasis.opendocument.spreadsheet': 'ods',
  'application/vnd.oasis.opendocument.text': 'odt',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.rar': 'rar',
  'application/wasm': 'wasm',
  'application/x-7z-compressed': '7z',
  'application/x-bzip2': 'bz2',
  'application/x-tar': 'tar',
  'application/x-xz': 'xz',
  'application/xhtml+xml': 'xhtml',
  'application/xml': 'xml xsl',
  'application/zip': 'zip',
  'application/zstd': 'zst',
  'application/atom+xml': 'atom',
  'application/rss+xml': 'rss',
  'audio/aac': 'aac',
  'audio/flac': 'flac',
  'audio/midi': 'mid midi',
  'audio/mp4': 'm4a',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'oga ogg opus',
  'audio/wav': 'wav',
  'font/otf': 'otf',
  'font/ttf': 'ttf',
  'font/woff': 'woff',
  'font/woff2': 'woff2',
  'image/apng': 'apng',
  'image/avif': 'avif',
  'image/bmp': 'bmp',
  'image/gif': 'gif',
  'image/heic': 'heic',
  'image/jpeg': 'jpeg jpg',
  'image/jxl': 'jxl',
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/tiff': 'tif tiff',
  'image/vnd.microsoft.icon': 'ico',
  'image/webp': 'webp',
  'text/calendar': 'ics',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/html': 'htm html',
  'text/javascript': 'cjs js mjs',
  'text/markdown': 'markdown md',
  'text/plain': 'log text txt',
  'text/vtt': 'vtt',
  'text/yaml': 'yaml yml',
  'video/mp4': 'm4v mp4',
  'video/mpeg': 'mpeg mpg',
  'video/ogg': 'ogv',
  'video/quicktime': 'mov',
  'video/webm': 'webm',
  'video/x-msvideo': 'avi',
};

const BY_EXTENSION: ReadonlyMap<string, string> = new Map(
  Object.entries(TABLE).flatMap(([type, extensions]) =>
    extensions.split(' ').map((extension): [string, string] => [extension, type]),
  ),
);

/** The built-in table. */
export const commonMediaTypes: MediaTypes = (extension) => BY_EXTENSION.get(extension);

/**
 * All media types of the package `mime` (version 4), loaded at the first use, after those of the built-in table.
 * @throws MissingPackageError it is not installed.
 */
export async function loadMediaTypes(): Promise<MediaTypes> {
  const { default: mime } = await importMime();
  return (extension) => commonMediaTypes(extension) ?? mime.getType(extension) ?? undefined;
}

async function importMime(): Promise<typeof import('mime')> {
  try {
    return await import('mime');
  } catch (cause) {
    throw new MissingPackageError('loadMediaTypes', ['mime'], { cause });
  }
}

/**
 * The Content-Type field of a file. Types of text have `charset=utf-8`.
 * @param name A file name or path. A name without a dot, or with one at its beginning only, has no extension.
 */
export function contentTypeOf(name: string, mediaTypes: MediaTypes = commonMediaTypes): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const dot = base.lastIndexOf('.');
  const type = dot > 0 ? mediaTypes(base.slice(dot + 1).toLowerCase()) : undefined;
  return type === undefined ? UNKNOWN_MEDIA_TYPE : withCharset(type);
}

/** Adds `charset=utf-8` to a type of text without parameters. JSON and XML say their encoding themselves. */
export function withCharset(type: string): string {
  return type.startsWith('text/') && essenceOf(type) === type ? `${type}; charset=utf-8` : type;
}

/** @throws InvalidArgumentTypeError */
export function checkMediaTypes(value: unknown): MediaTypes {
  if (typeof value === 'function') return value as MediaTypes;
  const hint = 'loadMediaTypes returns a promise of one';
  throw new InvalidArgumentTypeError('mediaTypes', 'a function', value, hint);
}
