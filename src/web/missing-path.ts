/** Warns that a file or folder that a resource serves does not exist: often a relative path, or one with a typing error. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { WebContext } from './web-context.js';

/** Warns once, at the first request without an answer for which the path is missing: it may be made, and removed, after the resource. */
export class MissingPathWarning {
  readonly #resource: string;
  readonly #path: string;
  #hasWarned = false;

  /** @param resource The name of the resource's class, for the log. */
  constructor(resource: string, path: string) {
    this.#resource = resource;
    this.#path = resolve(path);
  }

  /** Called for requests for which there is nothing at the path, or below it. */
  found404(context: WebContext): void {
    if (this.#hasWarned || existsSync(this.#path)) return;
    this.#hasWarned = true;
    const fields = { resource: this.#resource, path: this.#path };
    context.log.warn(
      '{resource}: {path} does not exist, so requests are answered with 404',
      fields,
    );
  }
}
