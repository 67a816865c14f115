/** The codec of XML-RPC: golden vectors, every split, hostile messages, limits and round trips. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseXMLRPCCall,
  parseXMLRPCResponse,
  serializeXMLRPCCall,
  serializeXMLRPCFault,
  serializeXMLRPCResult,
  XMLRPCDateTime,
  XMLRPCDouble,
  type XMLRPCInput,
  type XMLRPCLimits,
  type XMLRPCMessage,
  XMLRPCParser,
  type XMLRPCValue,
} from '../../../src/protocols/xml-rpc/index.js';

interface Vector {
  readonly name: string;
  readonly text: string;
  readonly value: unknown;
}
interface Vectors {
  readonly calls: readonly Vector[];
  readonly results: readonly Vector[];
  readonly faults: readonly { text: string; code: number; string: string }[];
}

const VECTORS = JSON.parse(
  readFileSync(new URL('./vectors/python.json', import.meta.url), 'utf8'),
) as Vectors;

/** Times and bytes as the vectors have them. */
function plain(value: XMLRPCValue): unknown {
  if (value instanceof XMLRPCDateTime) return { $time: value.text };
  if (Buffer.isBuffer(value)) return { $bytes: value.toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

function call(value: string): string {
  return `<methodCall><methodName>m</methodName><params><param>${value}</param></params></methodCall>`;
}

function paramOf(text: string, limits?: XMLRPCLimits): XMLRPCValue | undefined {
  return parseXMLRPCCall(call(text), limits).params[0];
}

function read(kind: 'call' | 'response', chunks: readonly (string | Uint8Array)[]): XMLRPCMessage {
  const parser = new XMLRPCParser(kind);
  for (const chunk of chunks) parser.receive(chunk);
  return parser.end();
}

describe('messages of Python', () => {
  it.each(VECTORS.calls.map((vector) => [vector.name, vector] as const))(
    'a call with %s',
    (_name, { text, value }) => {
      const { method, params } = parseXMLRPCCall(text);
      expect([method, plain([...params])]).toEqual(['some.method', [value]]);
    },
  );

  it.each(VECTORS.results.map((vector) => [vector.name, vector] as const))(
    'a result: %s',
    (_name, { text, value }) => {
      const message = parseXMLRPCResponse(Buffer.from(text));
      expect(message.type === 'result' && plain(message.value)).toEqual(value);
    },
  );

  it('a fault', () => {
    for (const { text, code, string } of VECTORS.faults) {
      expect(parseXMLRPCResponse(text)).toEqual({
        type: 'fault',
        faultCode: code,
        faultString: string,
      });
    }
  });

  it('are read the same at every split', () => {
    for (const { text } of [...VECTORS.calls, { text: serializeXMLRPCCall('a', [{ b: 'é😀' }]) }]) {
      const whole = read('call', [text]);
      const bytes = Buffer.from(text);
      expect(
        read(
          'call',
          Array.from(bytes, (byte) => Uint8Array.of(byte)),
        ),
      ).toEqual(whole);
      for (let at = 0; at <= bytes.length; at += 7) {
        expect(read('call', [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
      }
    }
  });
});

describe('values', () => {
  it.each<[string, unknown]>([
    ['<value>text</value>', 'text'],
    ['<value/>', ''],
    ['<value> </value>', ' '],
    ['<value>\n<i4> +7 </i4>\n</value>', 7],
    ['<value><i8>9007199254740991</i8></value>', Number.MAX_SAFE_INTEGER],
    ['<value><i8>-9223372036854775808</i8></value>', -(2n ** 63n)],
    ['<value><i1>-128</i1></value>', -128],
    ['<value><i2>32767</i2></value>', 32_767],
    ['<value><double>-.5E-2</double></value>', -0.005],
    ['<value xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"><ex:nil/></value>', null],
    ['<value><base64> AA\n== </base64></value>', Buffer.from([0])],
    ['<value><array><data/></array></value>', []],
    ['<value><struct/></value>', {}],
    ['<value><string><![CDATA[<&]]>&#65;<!-- c -->b</string></value>', '<&Ab'],
    [
      '<value><struct><member><name>constructor</name><value>1</value></member></struct></value>',
      { constructor: '1' },
    ],
  ])('%s', (text, expected) => {
    expect(plain(paramOf(text) as XMLRPCValue)).toEqual(plain(expected as XMLRPCValue));
  });

  it('structs have no prototype', () => {
    const struct = paramOf('<value><struct/></value>') as object;
    expect(Object.getPrototypeOf(struct)).toBeNull();
  });

  it.each([
    ['<value><int>2147483648</int></value>', 'a value is not of the type int'],
    ['<value><i1>128</i1></value>', 'a value is not of the type i1'],
    ['<value><i8>9223372036854775808</i8></value>', 'a value is not of the type i8'],
    ['<value><int></int></value>', 'a value is not of the type int'],
    ['<value><int>0x10</int></value>', 'a value is not of the type int'],
    ['<value><int>1e3</int></value>', 'a value is not of the type int'],
    ['<value><double>nan</double></value>', 'a value is not of the type double'],
    ['<value><double>1e999</double></value>', 'a value is not of the type double'],
    [`<value><double>${'1'.repeat(2_000)}</double></value>`, 'a value is not of the type double'],
    ['<value><boolean>true</boolean></value>', 'a value is not of the type boolean'],
    ['<value><base64>A=A=</base64></value>', 'a value is not of the type base64'],
    ['<value><base64>AAA</base64></value>', 'a value is not of the type base64'],
    ['<value><dateTime.iso8601>19981317T14:08:55</dateTime.iso8601></value>', 'not of the type'],
    ['<value><dateTime.iso8601>1998</dateTime.iso8601></value>', 'not of the type'],
    ['<value><object/></value>', 'the element object does not belong in value'],
    ['<value><ex:nil/></value>', 'the prefix ex is not declared'],
    ['<value><int>1</int><int>2</int></value>', 'does not belong in value'],
    ['<value>a<int>1</int></value>', 'does not belong in value'],
    ['<value><int>1</int>a</value>', 'text does not belong in value'],
    ['<value><nil>x</nil></value>', 'text does not belong in nil'],
    ['<value><array/></value>', 'array is empty'],
    ['<value><array><data/><data/></array></value>', 'does not belong in array'],
    ['<value><array><data>x</data></array></value>', 'text does not belong in data'],
    ['<value><struct><member/></struct></value>', 'a member has no name or no value'],
    ['<value><struct><member><value/><name>a</name></member></struct></value>', 'belong'],
    ['<value><struct><member><name>a</name></member></struct></value>', 'no value'],
    ['<value><struct><member><name>a</name><name>b</name></member></struct></value>', 'belong'],
    [
      '<value><struct><member><name>__proto__</name><value/></member></struct></value>',
      'a member is named __proto__',
    ],
    ['', 'param is empty'],
    ['<value/><value/>', 'does not belong in param'],
  ])('refuses %s', (text, problem) => {
    expect(() => paramOf(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_XML_RPC_MESSAGE',
        message: expect.stringContaining(problem),
      }),
    );
  });
});

describe('hostile messages', () => {
  it.each([
    ['', 'call'],
    ['<methodCall/>', 'call'],
    ['<methodCall><methodName>a b</methodName></methodCall>', 'call'],
    ['<methodCall><methodName></methodName></methodCall>', 'call'],
    [`<methodCall><methodName>${'a'.repeat(256)}</methodName></methodCall>`, 'call'],
    ['<methodCall><params/><methodName>a</methodName></methodCall>', 'call'],
    ['<methodCall><methodName>a</methodName><params/><params/></methodCall>', 'call'],
    ['<methodCall><methodName>a</methodName>', 'call'],
    ['<methodResponse><params/></methodResponse>', 'call'],
    ['<methodCall><methodName>a</methodName></methodCall>', 'response'],
    ['<methodResponse/>', 'response'],
    ['<methodResponse><params/></methodResponse>', 'response'],
    ['<methodResponse><fault/></methodResponse>', 'response'],
    ['<methodResponse><fault><value>x</value></fault></methodResponse>', 'response'],
    [
      '<methodResponse><params><param><value/></param></params><fault/></methodResponse>',
      'response',
    ],
    ['<!DOCTYPE x [<!ENTITY a "b">]><methodCall/>', 'call'],
    ['{"jsonrpc":"2.0"}', 'call'],
  ] as const)('%j is no %s', (text, kind) => {
    expect(() => read(kind, [text])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_XML_RPC_MESSAGE' }),
    );
  });

  it('have limits of bytes, depth and values', () => {
    const nested = (depth: number): string =>
      `${'<value><array><data>'.repeat(depth)}${'</data></array></value>'.repeat(depth)}`;
    const limits = { maxBytes: 4_096, maxDepth: 3, maxValues: 5 };
    expect(paramOf(nested(3), limits)).toEqual([[[]]]);
    const failing: [string, string][] = [
      ['maxBytes', `<value>${'x'.repeat(4_096)}</value>`],
      ['maxDepth', nested(4)],
      ['maxDepth', nested(50)],
      ['maxValues', `<value><array><data>${'<value/>'.repeat(5)}</data></array></value>`],
    ];
    for (const [option, text] of failing) {
      expect(() => paramOf(text, limits), option).toThrow(
        expect.objectContaining({ code: 'ERR_XML_RPC_LIMIT', option }),
      );
    }
    expect(() => paramOf(nested(65))).toThrow(expect.objectContaining({ option: 'maxDepth' }));
    expect(paramOf(nested(64))).toBeInstanceOf(Array);
  });

  it('attributes are limited by the XML parser', () => {
    const many = Array.from({ length: 65 }, (_, i) => ` a${i}=""`).join('');
    expect(() => paramOf(`<value${many}/>`)).toThrow(/maxAttributes exceeded/);
  });

  it.each([
    [{ maxBytes: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxDepth: 0 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxValues: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ maxLength: 1 }, 'ERR_UNKNOWN_OPTION'],
  ])('options are checked: %o', (limits, code) => {
    expect(() => new XMLRPCParser('call', limits as XMLRPCLimits)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('written values', () => {
  const content = (value: XMLRPCInput): string | undefined =>
    /<param><value>(.*)<\/value><\/param>/s.exec(serializeXMLRPCResult(value))?.[1];

  it.each<[XMLRPCInput, string]>([
    [1, '<int>1</int>'],
    [2 ** 31, '<i8>2147483648</i8>'],
    [-(2n ** 63n), '<i8>-9223372036854775808</i8>'],
    [5n, '<int>5</int>'],
    [-0, '<double>0.0</double>'],
    [1e21, '<double>1000000000000000000000.0</double>'],
    [1.25e-7, '<double>0.000000125</double>'],
    [new XMLRPCDouble(3), '<double>3.0</double>'],
    ['<&>', '<string>&lt;&amp;&gt;</string>'],
    [true, '<boolean>1</boolean>'],
    [null, '<nil/>'],
    [Buffer.from('hi'), '<base64>aGk=</base64>'],
    [
      new Date(Date.UTC(1998, 6, 17, 14, 8, 55)),
      '<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>',
    ],
    [
      { a: undefined, b: 1 },
      '<struct><member><name>b</name><value><int>1</int></value></member></struct>',
    ],
  ])('%o', (value, expected) => {
    expect(content(value)).toBe(expected);
  });

  class Unknown {}
  it.each<[unknown, string]>([
    [Number.NaN, 'the value at [0] is not a finite number'],
    [{ a: [Number.POSITIVE_INFINITY] }, 'the value at [0].a[0] is not a finite number'],
    [2n ** 63n, 'the value at [0] needs more than 64 bits'],
    [undefined, 'the value at [0] is of the type undefined, which XML-RPC does not have'],
    [[() => 1], 'the value at [0][0] is of the type function, which XML-RPC does not have'],
    [new Unknown(), 'is an object of the class Unknown'],
    [new Map(), 'is an object of the class Map'],
    ['\u0000', 'contains a character that XML does not have'],
    [{ '\u0001': 1 }, 'contains a character that XML does not have'],
    [new Date(Number.NaN), 'is not a time'],
  ])('%o is refused', (value, message) => {
    expect(() => serializeXMLRPCCall('m', [value as XMLRPCInput])).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_XML_RPC_VALUE',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('cyclic values are refused', () => {
    const cyclic: XMLRPCInput[] = [];
    cyclic.push(cyclic);
    expect(() => serializeXMLRPCResult(cyclic)).toThrow(/is nested too deeply, or cyclic/);
  });

  it('can be kept to the specification', () => {
    for (const value of [null, 2 ** 40, [2n ** 40n]]) {
      expect(() => serializeXMLRPCResult(value, { extensions: false })).toThrow(
        /the option extensions/,
      );
    }
    expect(serializeXMLRPCResult(2 ** 60, { extensions: false })).toContain(
      '<double>1152921504606847000.0</double>',
    );
  });

  it('faults are sent whatever their text is', () => {
    const text = serializeXMLRPCFault(-1, 'a\u0000<b>');
    expect(parseXMLRPCResponse(text)).toEqual({
      type: 'fault',
      faultCode: -1,
      faultString: 'a\uFFFD<b>',
    });
    expect(() => serializeXMLRPCFault(2 ** 31, '')).toThrow(/faultCode must be/);
  });

  it.each(['', 'a b', 'a\n', '<a>', 'é', 'a'.repeat(256)])('the method %j is refused', (method) => {
    expect(() => serializeXMLRPCCall(method, [])).toThrow(/method must be/);
  });

  it('are read back', () => {
    const { tie } = fc.letrec((bind) => ({
      tie: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, false),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.array(bind('tie'), { maxLength: 4 }),
        fc.dictionary(
          fc.string({ unit: 'grapheme' }).filter((k) => k !== '__proto__'),
          bind('tie'),
          {
            maxKeys: 4,
          },
        ),
      ),
    }));
    const same = (value: unknown): unknown => plain(value as XMLRPCValue);
    fc.assert(
      fc.property(tie, (value) => {
        const { params } = parseXMLRPCCall(serializeXMLRPCCall('m', [value as XMLRPCInput]));
        const json = (each: unknown): unknown =>
          JSON.stringify(each, (_, v) => (typeof v === 'bigint' ? Number(v) : v));
        expect(json(same(params[0] as XMLRPCValue))).toBe(json(same(value)));
      }),
    );
  });
});

describe('XMLRPCDateTime', () => {
  it.each([
    ['19980717T14:08:55', 0, '1998-07-17T14:08:55.000Z'],
    ['19980717T14:08:55', 120, '1998-07-17T12:08:55.000Z'],
    ['1998-07-17T14:08:55.25Z', 60, '1998-07-17T14:08:55.250Z'],
    ['19980717T140855-0330', 0, '1998-07-17T17:38:55.000Z'],
  ])('%s with %d minutes is %s', (text, offset, expected) => {
    expect(new XMLRPCDateTime(text).toDate(offset).toISOString()).toBe(expected);
  });

  it('checks its arguments', () => {
    expect(() => new XMLRPCDateTime('yesterday')).toThrow(/must be a time such as/);
    expect(() => new XMLRPCDateTime('19980717T14:08:55').toDate(9_999)).toThrow(/offsetMinutes/);
    expect(() => XMLRPCDateTime.fromDate(new Date(8.64e15))).toThrow(/years 0 to 9999/);
    expect(() => new XMLRPCDouble(Number.NaN)).toThrow(/value must be/);
  });
});
