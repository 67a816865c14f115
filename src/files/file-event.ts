/** Changes of files, as a {@link FileWatcher} reports them. */
import { bytesOf, type FileName, textOf } from './file-names.js';

/**
 * - `created`: the file or directory exists, and did not before; or another one was moved over it.
 * - `modified`: the content of a file changed. A large write may be reported several times.
 * - `closed`: a file that was open for writing was closed. Native on Linux only.
 * - `attributes`: the mode, the owner, the times or the number of links changed.
 * - `removed`: it no longer exists, or was moved out of the watched directories. Its contents are not reported.
 * - `moved`: it was renamed, from {@link FileEvent.from}; a directory with its contents. Native on Linux only.
 * - `overflow`: changes below `path` were lost, or a directory was moved to `path` and other files in it are ignored there: list it
 *   again. Later changes are reported.
 * - `unwatched`: `path` is a directory whose changes are not reported, because of {@link FileEvent.error}.
 * - `lost`: `path`, one of the paths given, was removed, moved away or unmounted, as `error` says. It is no longer watched.
 */
export type FileEventKind =
  | 'created'
  | 'modified'
  | 'closed'
  | 'attributes'
  | 'removed'
  | 'moved'
  | 'overflow'
  | 'unwatched'
  | 'lost';

/**
 * One change. Paths are absolute, and begin as the path given to `watchFiles`. Names that are not UTF-8 have U+FFFD in the text of
 * a path; its bytes are exact, and `node:fs` accepts them.
 */
export class FileEvent {
  readonly kind: FileEventKind;
  readonly path: string;
  /** The former path, if `moved`. */
  readonly from: string | undefined;
  readonly isDirectory: boolean;
  /** The reason, if `unwatched` or `lost`. */
  readonly error: Error | undefined;
  readonly #name: FileName;
  readonly #fromName: FileName | undefined;

  /** @internal */
  constructor(
    kind: FileEventKind,
    name: FileName,
    isDirectory: boolean,
    from?: FileName,
    error?: Error,
  ) {
    this.kind = kind;
    this.path = textOf(name);
    this.from = from === undefined ? undefined : textOf(from);
    this.isDirectory = isDirectory;
    this.error = error;
    this.#name = name;
    this.#fromName = from;
  }

  /** @internal The path, as a key. */
  get name(): FileName {
    return this.#name;
  }

  get pathBytes(): Buffer {
    return bytesOf(this.#name);
  }

  get fromBytes(): Buffer | undefined {
    return this.#fromName === undefined ? undefined : bytesOf(this.#fromName);
  }
}
