/** A folder of CGI scripts as a resource. */
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { checkPlainObject, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { MissingPathWarning } from '../web/missing-path.js';
import type { Resource, WebContext } from '../web/web-context.js';
import type { WebResult } from '../web/web-result.js';
import { CGIScript, isNonParsed } from './cgi-script.js';
import { CGI_NAMES, type CGIOptions, type CGIReactor, CGISettings } from './options.js';

export interface CGIDirectoryOptions extends Omit<CGIOptions, 'interpreter'> {
  /** Interpreters by the extension of files: `{ '.pl': '/usr/bin/perl' }`. Files with other extensions must be executable. Default none. */
  readonly interpreters?: Readonly<Record<string, string>>;
}

const { interpreter: _, ...SCRIPT_NAMES } = CGI_NAMES;
const OPTIONS: OptionNames<CGIDirectoryOptions> = { ...SCRIPT_NAMES, interpreters: true };

/**
 * Runs the scripts of a folder and of the folders below it. Scripts can be added and removed at any time.
 *
 * A file is a script if it is a regular file that can be executed or has an interpreter. All others have no resource (404), so that no
 * source is shown: files and folders whose names begin with a dot, `nph-` scripts, links that lead out of the folder.
 *
 * If the folder does not exist, the first request is logged.
 *
 * @example root.putChild('cgi-bin', new CGIDirectory(reactor, '/usr/lib/cgi-bin'));
 */
export class CGIDirectory implements Resource {
  readonly #scripts: ScriptFolder;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(reactor: CGIReactor, folder: string, options: CGIDirectoryOptions = {}) {
    const root = resolve(checkString('folder', folder));
    checkOptions('CGIDirectory', options, OPTIONS);
    const { interpreters = {}, ...rest } = options;
    checkPlainObject('interpreters', interpreters);
    const plain = new CGISettings('CGIDirectory', reactor, rest);
    const byExtension = new Map<string, CGISettings>();
    for (const [extension, interpreter] of Object.entries(interpreters)) {
      checkString('each interpreter', interpreter);
      byExtension.set(extension, plain.withInterpreter(interpreter));
    }
    const missing = new MissingPathWarning('CGIDirectory', root);
    this.#scripts = new ScriptFolder({ reactor, root, plain, byExtension, missing }, root);
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    return this.#scripts.render(context);
  }

  getChild(segment: string, context: WebContext): Promise<Resource | undefined> {
    return this.#scripts.getChild(segment, context);
  }
}

/** Shared by all folders of a CGIDirectory. */
interface Scripts {
  readonly reactor: CGIReactor;
  readonly root: string;
  readonly plain: CGISettings;
  readonly byExtension: ReadonlyMap<string, CGISettings>;
  readonly missing: MissingPathWarning;
}

class ScriptFolder implements Resource {
  readonly #scripts: Scripts;
  readonly #folder: string;

  constructor(scripts: Scripts, folder: string) {
    this.#scripts = scripts;
    this.#folder = folder;
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    return context.notFound();
  }

  async getChild(segment: string, context: WebContext): Promise<Resource | undefined> {
    if (segment === '' || segment.startsWith('.') || isNonParsed(segment)) return undefined;
    const path = join(this.#folder, segment);
    try {
      return (await this.#isInside(path)) ? this.#resource(path, await stat(path)) : undefined;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#scripts.missing.found404(context);
      return undefined;
    }
  }

  async #isInside(path: string): Promise<boolean> {
    const root = await realpath(this.#scripts.root);
    return (await realpath(path)).startsWith(root.endsWith(sep) ? root : `${root}${sep}`);
  }

  #resource(path: string, found: Stats): Resource | undefined {
    if (found.isDirectory()) return new ScriptFolder(this.#scripts, path);
    const { reactor, plain, byExtension } = this.#scripts;
    const settings = byExtension.get(extname(path));
    const isScript = found.isFile() && (settings !== undefined || (found.mode & 0o111) !== 0);
    return isScript ? new CGIScript(reactor, path, settings ?? plain) : undefined;
  }
}

const MISSING: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'];

function isMissing(error: unknown): boolean {
  return MISSING.includes((error as { code?: unknown }).code);
}
