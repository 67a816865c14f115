/** A browser in memory, which keeps cookies and sends forms. */
import { until } from '../http/served.js';
import { get, type ServedSite } from './site.js';

export class Browser {
  readonly site: ServedSite;
  readonly cookies = new Map<string, string>();
  origin: string | undefined = 'http://a';

  constructor(site: ServedSite) {
    this.site = site;
  }

  get(target: string): Promise<string> {
    return this.ask(get(target, ...this.#cookieField()));
  }

  post(target: string, form: Record<string, string>, ...fields: string[]): Promise<string> {
    const type = 'Content-Type: application/x-www-form-urlencoded';
    return this.send(target, new URLSearchParams(form).toString(), type, ...fields);
  }

  send(target: string, content: string, ...fields: string[]): Promise<string> {
    const origin = this.origin === undefined ? [] : [`Origin: ${this.origin}`];
    const lines = [...fields, ...origin, ...this.#cookieField()].map((line) => `${line}\r\n`);
    const length = `Content-Length: ${Buffer.byteLength(content)}\r\n\r\n`;
    return this.ask(`POST ${target} HTTP/1.1\r\nHost: a\r\n${lines.join('')}${length}${content}`);
  }

  async ask(text: string): Promise<string> {
    this.site.connect();
    let answer = this.site.receive(text);
    await until(() => {
      answer += this.site.sent();
      return answer.includes('\r\n\r\n');
    }, 'the answer');
    for (const [, name = '', value = ''] of answer.matchAll(/^Set-Cookie: ([^=]+)=([^;]*)/gm)) {
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  #cookieField(): string[] {
    const pairs = [...this.cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? [] : [`Cookie: ${pairs.join('; ')}`];
  }
}

export function tokenOf(page: string): string {
  return /value="([\w-]{86})"/.exec(page)?.[1] ?? '';
}
