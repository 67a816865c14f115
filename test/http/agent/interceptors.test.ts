/** Functions around the requests of an agent, in memory. */
import { describe, expect, it } from 'vitest';
import { type Interceptor, withField } from '../../../src/http/index.js';
import { CancelledError, Deferred, InvalidArgumentTypeError } from '../../../src/index.js';
import { failureResultOf, successResultOf } from '../../../src/testing/index.js';
import { response } from '../client/memory-servers.js';
import { Agented, DEFAULTS } from './memory-agent.js';

const GET = `GET / HTTP/1.1\r\nHost: a\r\n${DEFAULTS}\r\n`;

describe('interceptors', () => {
  const noting =
    (name: string, notes: string[]): Interceptor =>
    (next) =>
    (request) => {
      notes.push(`${name}>`);
      const changed = { ...request, fields: withField(request.fields, name, '1') };
      return next(changed).addCallback((answer) => {
        notes.push(`<${name}`);
        return answer;
      });
    };

  it('are called in order, and see the response in the opposite order', () => {
    const notes: string[] = [];
    const agented = new Agented({ interceptors: [noting('A', notes), noting('B', notes)] });
    const text = agented.agent.get('http://a/').text();
    expect(agented.server.sent).toBe(GET.replace('\r\n\r\n', '\r\nA: 1\r\nB: 1\r\n\r\n'));
    agented.server.answer(response('x'));
    expect(successResultOf(text)).toBe('x');
    expect(notes).toEqual(['A>', 'B>', '<B', '<A']);
  });

  it('may send a request again, and answer with another response', () => {
    const twice: Interceptor = (next) => (request) =>
      next(request).addCallback((first) => first.drain().addCallback(() => next(request)));
    const agented = new Agented({ interceptors: [twice] });
    const text = agented.agent.get('http://a/').text();
    agented.server.answer(response('1')).answer(response('2'));
    expect(successResultOf(text)).toBe('2');
  });

  it('are given up with the request', () => {
    let cancelled = 0;
    const waiting: Interceptor = () => () =>
      new Deferred(() => {
        cancelled += 1;
      });
    const asked = new Agented({ interceptors: [waiting] }).agent.get('http://a/');
    asked.cancel();
    expect(failureResultOf(asked)).toBeInstanceOf(CancelledError);
    expect(cancelled).toBe(1);
  });

  it('that return no Deferred are refused', () => {
    const wrong = (() => async () => undefined) as unknown as Interceptor;
    const { agent } = new Agented({ interceptors: [wrong] });
    expect(() => agent.get('http://a/')).toThrow(InvalidArgumentTypeError);
  });
});
