/** A CGI script as a resource (RFC 3875). */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { SpawnError } from '../core/errors/processes.js';
import { HTTPStatusError } from '../http/errors.js';
import { checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { UploadedFile } from '../web/forms/uploaded-file.js';
import { MissingPathWarning } from '../web/missing-path.js';
import type { Resource, WebContext } from '../web/web-context.js';
import type { WebResult } from '../web/web-result.js';
import { CGI_NAMES, type CGIOptions, type CGIReactor, CGISettings } from './options.js';
import { ScriptRun } from './script-run.js';
import { storeContent } from './stored-content.js';

/**
 * Runs a script for each request. It is a leaf: the rest of the path is PATH_INFO.
 *
 * - The content of the request is its standard input. Content of unknown length is stored before the script begins.
 * - Its output is streamed. A response that has no head, or a malformed one, is answered with 502; one that is too slow with 504.
 * - A Location that is a path, without a Status or other fields, is a redirect inside the server (section 6.2.2): the site answers as to a
 *   GET for that path. Others redirect the client.
 * - If the client goes, or the time is over, the script and its children receive SIGTERM, then SIGKILL.
 * - Its standard error output is logged.
 *
 * Refused: scripts whose names begin with `nph-`, which write whole responses of HTTP.
 *
 * @example root.putChild('search', new CGIScript(reactor, '/srv/cgi-bin/search'));
 */
export class CGIScript implements Resource {
  readonly isLeaf = true;
  /** The absolute path of the script. */
  readonly file: string;
  readonly #settings: CGISettings;
  readonly #missing: MissingPathWarning;

  /**
   * @param file The path of the script. While it does not exist, requests are answered with 404, and the first one is logged.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   * @throws InvalidArgumentValueError the name begins with `nph-`.
   */
  constructor(reactor: CGIReactor, file: string, options: CGIOptions | CGISettings = {}) {
    checkString('file', file);
    if (isNonParsed(file)) {
      throw new InvalidArgumentValueError('file', 'a script whose head is parsed', file);
    }
    this.file = resolve(file);
    this.#missing = new MissingPathWarning(new.target.name, file);
    this.#settings =
      options instanceof CGISettings ? options : new CGISettings('CGIScript', reactor, options);
  }

  async render(context: WebContext): Promise<WebResult> {
    if (!existsSync(this.file)) {
      this.#missing.found404(context);
      return context.notFound();
    }
    const settings = this.#settings;
    if (settings.load.running >= settings.maxRunning) {
      context.logRefusal('warn', 503, `more than maxRunning, ${settings.maxRunning}, scripts`);
      context.response.setField('Retry-After', '1');
      context.response.sendStatus(503);
      return undefined;
    }
    const target = context.request.head.isChunked
      ? await this.#runWithStored(context)
      : await this.#run(context, undefined);
    if (target === undefined) return undefined;
    if (context.hops < settings.maxLocalRedirects) return context.answerAt(target);
    context.log.error('the redirect to {target} exceeds maxLocalRedirects, {maxLocalRedirects}', {
      target,
      maxLocalRedirects: settings.maxLocalRedirects,
    });
    throw new HTTPStatusError(502);
  }

  /** The script counts as running while its content is stored. */
  async #runWithStored(context: WebContext): Promise<string | undefined> {
    const { load } = this.#settings;
    let content: UploadedFile;
    load.running += 1;
    try {
      content = await storeContent(context.request, this.#settings);
    } finally {
      load.running -= 1;
    }
    try {
      return await this.#run(context, content);
    } finally {
      await content.remove();
    }
  }

  /** @returns The target of a redirect inside the server; undefined if the response is complete. */
  async #run(context: WebContext, content: UploadedFile | undefined): Promise<string | undefined> {
    // The client has gone while its content was stored, or the script was looked for.
    if (context.signal.aborted) throw new HTTPStatusError(503);
    const scriptName = `/${context.segments.join('/')}`;
    const pathInfo = context.rest.map((segment) => `/${segment}`).join('');
    const place = { file: this.file, scriptName, pathInfo };
    const run = new ScriptRun(this.#settings, context, place, content);
    try {
      run.start();
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      context.log.error('the script {scriptName} cannot be started: {error}', {
        scriptName,
        error,
      });
      throw new HTTPStatusError(500, undefined, { cause: error });
    }
    return await run.done;
  }
}

/** Whether a script writes whole responses of HTTP, by its name. */
export function isNonParsed(file: string): boolean {
  return /^nph-/i.test(basename(file));
}

/** The interpreter is an argument. */
export interface FilteredScriptOptions extends Omit<CGIOptions, 'interpreter'> {}

const { interpreter: _, ...FILTERED_NAMES }: OptionNames<CGIOptions> = CGI_NAMES;

/** A script that an interpreter runs. */
export class FilteredScript extends CGIScript {
  /**
   * @param interpreter The program, such as `/usr/bin/perl`.
   * @throws as {@link CGIScript}.
   * @example new FilteredScript(reactor, '/usr/bin/perl', '/srv/cgi-bin/search.pl');
   */
  constructor(
    reactor: CGIReactor,
    interpreter: string,
    file: string,
    options: FilteredScriptOptions = {},
  ) {
    checkOptions('FilteredScript', options, FILTERED_NAMES);
    super(reactor, file, { ...options, interpreter: checkString('interpreter', interpreter) });
  }
}
