/** The files of a folder as a resource. */

import { sendAnswer } from '../http/serve-files.js';
import { type StaticAnswer, StaticFiles } from '../http/static-files.js';
import { STATIC_FILES_OPTIONS, type StaticFilesOptions } from '../http/static-options.js';
import type { TargetPath } from '../http/target-path.js';
import { checkBoolean, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { FileListing } from './file-listing.js';
import { MissingPathWarning } from './missing-path.js';
import { querySuffix, redirectToSlash } from './redirect-to-slash.js';
import type { Resource, WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export interface FileOptions extends Omit<StaticFilesOptions, 'prefix'> {
  /**
   * Whether a folder without an index file is listed: as HTML, or as JSON for clients whose Accept prefers `application/json`. Default
   * false: 404.
   */
  readonly listing?: boolean;
  /** Most entries of a listing, which says if there are more: 1 to 100,000. Default 1,000. */
  readonly maxListed?: number;
}

const { prefix: _, ...STATIC_OPTIONS } = STATIC_FILES_OPTIONS;
const OPTIONS: OptionNames<FileOptions> = { ...STATIC_OPTIONS, listing: true, maxListed: true };

/**
 * A leaf that serves the files of a folder as `staticFiles` does: with entity tags, conditional requests, ranges, media types and
 * precompressed copies, and nothing outside the folder. The path below it is that of the file.
 *
 * @example root.putChild('assets', new File('public', { cacheControl: 'max-age=3600' }));
 */
export class File implements Resource {
  readonly isLeaf = true;
  readonly #files: StaticFiles;
  readonly #listing: FileListing | undefined;
  readonly #missing: MissingPathWarning;

  /**
   * @param root A folder or a single file. It need not exist yet: requests are then answered with 404, and the first one is logged.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(root: string, options: FileOptions = {}) {
    checkOptions('File', options, OPTIONS);
    const { listing = false, maxListed = 1_000, ...files } = options;
    checkInteger('maxListed', maxListed, 1, 100_000);
    this.#files = new StaticFiles(root, files);
    this.#missing = new MissingPathWarning('File', root);
    this.#listing = checkBoolean('listing', listing)
      ? new FileListing(this.#files, maxListed)
      : undefined;
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    const path = pathOf(context);
    const found = this.#files.answerAt(path, context.request);
    return found instanceof Promise
      ? found.then((answer) => this.#send(context, path, answer))
      : this.#send(context, path, found);
  }

  #send(
    context: WebContext,
    path: TargetPath,
    answer: StaticAnswer,
  ): WebResult | PromiseLike<WebResult> {
    const { status } = answer;
    if (status === 404) {
      this.#missing.found404(context);
      return path.slash && this.#listing !== undefined
        ? this.#listing.answer(context, path.segments)
        : context.notFound();
    }
    if (status === 301 && path.segments.length === 0) return redirectToSlash(context);
    return sendAnswer(context.response, answer);
  }
}

/** The root is a folder for the path with a slash at its end. */
function pathOf({ request, rest }: WebContext): TargetPath {
  const query = querySuffix(request);
  if (rest.length === 0) return { segments: rest, slash: request.path.endsWith('/'), query };
  const slash = rest.at(-1) === '';
  return { segments: slash ? rest.slice(0, -1) : rest, slash, query };
}
