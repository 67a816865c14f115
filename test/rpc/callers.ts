/** Methods, and callers in memory. */
import { expect } from 'vitest';
import { succeed } from '../../src/defer/succeed.js';
import {
  JSONRPCResource,
  type JSONRPCResourceOptions,
  parseXMLRPCResponse,
  type RPCContext,
  RPCFaultError,
  RPCMethods,
  serializeXMLRPCCall,
  type XMLRPCInput,
  XMLRPCResource,
  type XMLRPCResourceOptions,
} from '../../src/rpc/index.js';
import { ManualClock } from '../../src/testing/index.js';
import type { Resource } from '../../src/web/index.js';
import { fieldOf, contentOf as rawContentOf, ServedSite } from '../web/site.js';

export class Accounts {
  secret = 'x';
  balance = 5;

  open(name: string): string {
    return `${name} ${this.balance}`;
  }

  close(): void {}
}

export function methods(): RPCMethods {
  return new RPCMethods()
    .add('add', (a: number, b: number) => a + b, {
      help: 'Adds two numbers.',
      signatures: [
        ['int', 'int', 'int'],
        ['double', 'double', 'double'],
      ],
      params: ['a', 'b'],
    })
    .add('echo', (...values: unknown[]) => values)
    .add('later', (value: string) => succeed(value))
    .add('promise', async (value: string) => value)
    .add('nothing', () => undefined)
    .add('fault', () => {
      throw new RPCFaultError(42, 'no such thing', { id: 7 });
    })
    .add('broken', async () => {
      throw new Error('the password is 1234');
    })
    .add('unsendable', () => new Accounts())
    .add('cyclic', () => {
      const value: unknown[] = [];
      value.push(value);
      return value;
    })
    .add(
      'where',
      (context: RPCContext, name: string) => [context.method, context.web?.request.path, name],
      {
        withContext: true,
      },
    )
    .add('optional', (a: number, b = 2) => a + b, { params: ['a', 'b'] })
    .expose(new Accounts(), ['open', 'close'], 'accounts.');
}

export function site(resource: Resource): ServedSite {
  return new ServedSite({ getChild: () => resource, render: () => '' });
}

export function contentOf(answer: string): string {
  return Buffer.from(rawContentOf(answer), 'latin1').toString();
}

export function posted(content: string | Buffer, type: string, ...fields: string[]): Buffer {
  const body = Buffer.from(content as string);
  const lines = [`Content-Type: ${type}`, `Content-Length: ${body.length}`, ...fields];
  const head = `POST /rpc HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

export async function ask(served: ServedSite, request: Buffer): Promise<string> {
  let answer = served.receive(request);
  for (let wait = 0; answer === '' && wait < 20; wait++) answer += await served.later();
  return answer;
}

/** The answer to a call by XML-RPC. */
export class XMLCaller {
  readonly clock = new ManualClock();
  readonly site: ServedSite;

  constructor(options?: XMLRPCResourceOptions) {
    this.site = site(new XMLRPCResource(this.clock, methods(), options));
  }

  async call(method: string, ...params: XMLRPCInput[]): Promise<unknown> {
    return this.send(serializeXMLRPCCall(method, params));
  }

  async send(text: string, type = 'text/xml'): Promise<unknown> {
    const answer = await ask(this.site, posted(text, type));
    expect(fieldOf(answer, 'Content-Type')).toBe('text/xml; charset=utf-8');
    const message = parseXMLRPCResponse(contentOf(answer));
    return message.type === 'result' ? message.value : [message.faultCode, message.faultString];
  }
}

export class JSONCaller {
  readonly clock = new ManualClock();
  readonly site: ServedSite;

  constructor(options?: JSONRPCResourceOptions) {
    this.site = site(new JSONRPCResource(this.clock, methods(), options));
  }

  async call(method: string, params?: unknown): Promise<unknown> {
    const answer = await this.send(JSON.stringify({ jsonrpc: '2.0', id: 'x', method, params }));
    const { result, error, ...rest } = answer as Record<string, unknown>;
    expect(rest).toEqual({ jsonrpc: '2.0', id: 'x' });
    return error ?? result;
  }

  async send(text: string): Promise<unknown> {
    const answer = await ask(this.site, posted(text, 'application/json'));
    expect(fieldOf(answer, 'Content-Type')).toBe('application/json');
    return JSON.parse(contentOf(answer));
  }
}
