/** The codec of JSON-RPC 2.0: the examples of the specification, hostile messages, limits, and the sequences of a connection. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  JSONRPCConnection,
  type JSONRPCLimits,
  parseJSONRPC,
  serializeJSONRPCBatch,
  serializeJSONRPCError,
  serializeJSONRPCRequest,
  serializeJSONRPCResult,
} from '../../../src/protocols/json-rpc/index.js';

/** Examples of section 7 of the specification, and members that are none. */
const MESSAGES: readonly [text: string, message: object][] = [
  [
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    { type: 'request', id: 1, method: 'subtract', params: [42, 23] },
  ],
  [
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { type: 'request', id: 3, method: 'subtract', params: { subtrahend: 23, minuend: 42 } },
  ],
  [
    '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}',
    { type: 'notification', method: 'update', params: [1, 2, 3, 4, 5] },
  ],
  ['{"jsonrpc": "2.0", "method": "foobar"}', { type: 'notification', method: 'foobar' }],
  ['{"jsonrpc": "2.0", "result": 19, "id": "1"}', { type: 'result', id: '1', result: 19 }],
  ['{"jsonrpc": "2.0", "result": null, "id": 1}', { type: 'result', id: 1, result: null }],
  [
    '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}',
    { type: 'error', id: '1', error: { code: -32601, message: 'Method not found' } },
  ],
  [
    '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error","data":[1]},"id":null}',
    { type: 'error', id: null, error: { code: -32700, message: 'Parse error', data: [1] } },
  ],
  ['{"jsonrpc": "2.0", "method": 1, "params": "bar"}', { type: 'invalid', id: null }],
  ['{"jsonrpc": "2.0", "method": "a", "params": "bar", "id": 1}', { type: 'invalid', id: 1 }],
  ['{"jsonrpc": "2.0", "method": "a", "params": null, "id": 1}', { type: 'invalid', id: 1 }],
  ['{"jsonrpc": "1.0", "method": "a", "id": 1}', { type: 'invalid', id: 1 }],
  ['{"jsonrpc": 2.0, "method": "a", "id": 1}', { type: 'invalid', id: 1 }],
  ['{"method": "a", "id": "x"}', { type: 'invalid', id: 'x' }],
  ['{"jsonrpc": "2.0", "method": "", "id": 1}', { type: 'invalid', id: 1 }],
  [`{"jsonrpc": "2.0", "method": "${'a'.repeat(256)}", "id": 1}`, { type: 'invalid', id: 1 }],
  ['{"jsonrpc": "2.0", "method": "a", "id": null}', { type: 'invalid', id: null }],
  ['{"jsonrpc": "2.0", "method": "a", "id": 1.5}', { type: 'invalid', id: null }],
  ['{"jsonrpc": "2.0", "method": "a", "id": 9007199254740993}', { type: 'invalid', id: null }],
  ['{"jsonrpc": "2.0", "method": "a", "id": 1e999}', { type: 'invalid', id: null }],
  ['{"jsonrpc": "2.0", "method": "a", "id": {}}', { type: 'invalid', id: null }],
  [`{"jsonrpc": "2.0", "method": "a", "id": "${'a'.repeat(256)}"}`, { type: 'invalid', id: null }],
  ['{"jsonrpc": "2.0", "id": 1}', { type: 'invalid', id: 1 }],
  ['{"jsonrpc": "2.0", "id": 1, "result": 1, "error": {}}', { type: 'invalid', id: 1 }],
  ['{"jsonrpc": "2.0", "result": 1}', { type: 'invalid', id: null }],
  ['{"jsonrpc": "2.0", "id": 1, "error": null}', { type: 'invalid', id: 1 }],
  ['{"jsonrpc": "2.0", "id": 1, "error": {"code": "1", "message": "a"}}', { type: 'invalid' }],
  ['{"jsonrpc": "2.0", "error": {"code": 1, "message": "a"}}', { type: 'invalid', id: null }],
  ['1', { type: 'invalid', id: null }],
  ['null', { type: 'invalid', id: null }],
  ['"text"', { type: 'invalid', id: null }],
];

describe('parseJSONRPC', () => {
  it.each(MESSAGES)('%s', (text, message) => {
    const expected = { isBatch: false, messages: [message] };
    expect(parseJSONRPC(text)).toMatchObject(expected);
    expect(parseJSONRPC(Buffer.from(text))).toMatchObject(expected);
  });

  it('reads batches', () => {
    const some = MESSAGES.slice(0, 40);
    expect(parseJSONRPC(`[${some.map(([text]) => text).join(',')}]`)).toMatchObject({
      isBatch: true,
      messages: some.map(([, message]) => message),
    });
    expect(parseJSONRPC('[[]]')).toMatchObject({ messages: [{ type: 'invalid', id: null }] });
  });

  it.each([
    ['{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', -32700],
    ['', -32700],
    ['[', -32700],
    ['{}}', -32700],
    ['[1,', -32700],
    ['NaN', -32700],
    ['[]', -32600],
    ['{"jsonrpc":"2.0","method":"a","params":{"__proto__":{"admin":true}}}', -32600],
    ['{"jsonrpc":"2.0","method":"a","params":[{"\\u005f_pr\\u006fto__":1}]}', -32600],
    ['{"__proto__":{"jsonrpc":"2.0","method":"a","id":1}}', -32600],
  ])('%s is answered with %d', (text, answer) => {
    expect(() => parseJSONRPC(text)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_JSON_RPC_MESSAGE', answer }),
    );
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(() => parseJSONRPC(Buffer.from([0x22, 0xc0, 0xaf, 0x22]))).toThrow(/not UTF-8/);
  });

  it('accepts text that only mentions __proto__', () => {
    const text = '{"jsonrpc":"2.0","method":"a","params":["__proto__"]}';
    expect(parseJSONRPC(text).messages).toMatchObject([{ params: ['__proto__'] }]);
  });

  it('has limits of bytes, depth and batches', () => {
    const limits = { maxBytes: 200, maxDepth: 4, maxBatch: 2 };
    const nested = (depth: number): string =>
      `{"jsonrpc":"2.0","method":"a","params":${'['.repeat(depth)}"]]]\\"[[["${']'.repeat(depth)}}`;
    expect(parseJSONRPC(nested(3), limits).messages[0]?.type).toBe('notification');
    expect(parseJSONRPC('[1,2]', limits).messages).toHaveLength(2);
    for (const [option, text] of [
      ['maxBytes', `"${'x'.repeat(200)}"`],
      ['maxDepth', nested(4)],
      ['maxDepth', '[[[[['],
      ['maxDepth', '{"a":{"a":{"a":{"a":{"a":1}}}}}'],
      ['maxBatch', '[1,2,3]'],
    ] as const) {
      expect(() => parseJSONRPC(text, limits), option).toThrow(
        expect.objectContaining({ code: 'ERR_JSON_RPC_LIMIT', option }),
      );
    }
    expect(() => parseJSONRPC('[1]', { maxBatch: 0 })).toThrow(/maxBatch is 0/);
    expect(() => parseJSONRPC('['.repeat(1_000_000))).toThrow(/maxDepth is 64/);
  });

  it.each([
    [{ maxBytes: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxDepth: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxBatch: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ batch: 1 }, 'ERR_UNKNOWN_OPTION'],
  ])('checks its options: %o', (limits, code) => {
    expect(() => parseJSONRPC('1', limits as JSONRPCLimits)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('reads what the serializer writes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(fc.jsonValue()), (method, params) => {
        fc.pre(!JSON.stringify(params).includes('__proto__'));
        const text = serializeJSONRPCRequest('é', method, params);
        const same = JSON.parse(JSON.stringify(params)) as unknown;
        expect(parseJSONRPC(text, { maxDepth: 1_000 }).messages).toEqual([
          { type: 'request', id: 'é', method, params: same },
        ]);
      }),
    );
  });
});

describe('the serializer', () => {
  it('writes results, errors and batches', () => {
    const result = serializeJSONRPCResult('a', undefined);
    expect(JSON.parse(result)).toEqual({ jsonrpc: '2.0', id: 'a', result: null });
    const error = serializeJSONRPCError(null, { code: -1, message: 'no', data: { why: 'x' } });
    expect(JSON.parse(serializeJSONRPCBatch([result, error]))).toEqual([
      JSON.parse(result),
      { jsonrpc: '2.0', id: null, error: { code: -1, message: 'no', data: { why: 'x' } } },
    ]);
  });

  it('refuses values that are not JSON, and wrong arguments', () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const code = 'ERR_INVALID_JSON_RPC_VALUE';
    expect(() => serializeJSONRPCResult(1, cyclic)).toThrow(expect.objectContaining({ code }));
    expect(() => serializeJSONRPCRequest(1, 'm', [1n])).toThrow(/a parameter cannot be sent/);
    expect(() => serializeJSONRPCRequest(1, '')).toThrow(/method must be/);
    expect(() => serializeJSONRPCRequest(1, 'm', 'x' as never)).toThrow(/params must be/);
  });
});

describe('JSONRPCConnection', () => {
  it('finds the calls of answers, in any order and in batches', () => {
    const connection = new JSONRPCConnection<string>();
    expect(JSON.parse(connection.call('one', [1], 'a'))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'one',
      params: [1],
    });
    connection.call('two', undefined, 'b');
    connection.call('three', undefined, 'c');
    expect(connection.unanswered).toBe(3);
    const answer = serializeJSONRPCError(3, { code: 1, message: 'no' });
    const request = serializeJSONRPCRequest(1, 'theirs');
    const text = serializeJSONRPCBatch([answer, serializeJSONRPCResult(1, true), request]);
    expect(connection.receive(text)).toMatchObject({
      calls: { isBatch: true, messages: [{ type: 'request', method: 'theirs' }] },
      answers: [
        { token: 'c', message: { type: 'error' } },
        { token: 'a', message: { type: 'result', result: true } },
      ],
    });
    expect(connection.takeUnanswered()).toEqual(['b']);
    expect(connection.unanswered).toBe(0);
  });

  it('drops late answers to forgotten calls, and refuses answers to none', () => {
    const connection = new JSONRPCConnection<string>();
    connection.call('one', undefined, 'a');
    connection.forget('a');
    const late = serializeJSONRPCResult(1, 1);
    expect(connection.receive(late)).toEqual({ calls: undefined, answers: [] });
    for (const id of [2, 0, -1, '1']) {
      expect(() => connection.receive(serializeJSONRPCResult(id, 1))).toThrow(/id of no call/);
    }
    const unread = serializeJSONRPCError(null, { code: -32700, message: 'Parse error' });
    expect(() => connection.receive(unread)).toThrow(/could not read a message: -32700/);
    // The answers beside one that is refused are not lost: their calls fail with the connection.
    connection.call('two', undefined, 'b');
    const mixed = serializeJSONRPCBatch([serializeJSONRPCResult(2, 1), unread]);
    expect(() => connection.receive(mixed)).toThrow(/could not read a message/);
    expect(connection.takeUnanswered()).toEqual(['b']);
  });

  it('limits unanswered calls, and an unserializable call does not count', () => {
    const connection = new JSONRPCConnection<number>(undefined, 2);
    connection.call('a', undefined, 1);
    expect(() => connection.call('a', [1n], 2)).toThrow(/cannot be sent/);
    connection.call('a', undefined, 2);
    expect(() => connection.call('a', undefined, 3)).toThrow(
      expect.objectContaining({ code: 'ERR_JSON_RPC_OVERLOAD', limit: 2 }),
    );
    expect(() => new JSONRPCConnection(undefined, 0)).toThrow(/maxUnanswered/);
  });
});
