/** A site in memory. */
import type { HTTPServerOptions } from '../../src/http/index.js';
import { type Resource, Site, type SiteOptions } from '../../src/web/index.js';
import { get, Served } from '../http/served.js';

export { answer, get, post } from '../http/served.js';

export class ServedSite extends Served {
  constructor(root: Resource, options: SiteOptions = {}, server: HTTPServerOptions = {}) {
    super(new Site(root, options).handler, server);
  }

  /** The answer to a GET. */
  async get(target: string, ...fields: string[]): Promise<string> {
    return this.ask(get(target, ...fields));
  }

  /** The answer to a request. */
  async ask(text: string): Promise<string> {
    return this.receive(text) + (await this.later());
  }
}

/** The content of an answer. */
export function contentOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

/** The status of an answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

/** The value of a field of an answer. */
export function fieldOf(answer: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)\r$`, 'im').exec(answer)?.[1];
}

export const hello: Resource = { isLeaf: true, render: () => 'hello' };

export const broken: Resource = {
  isLeaf: true,
  render() {
    throw new Error('secret');
  },
};

export const echo: Resource = { isLeaf: true, render: ({ segments, rest }) => [segments, rest] };

/** The sorted fields of an answer. */
export function linesOf(answer: string): string[] {
  return answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n').slice(1).sort();
}
