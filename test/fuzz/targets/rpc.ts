/** Fuzz targets of XML, XML-RPC, JSON-RPC and the heads of CGI responses. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { InvalidCGIOutputError } from '../../../src/cgi/errors.js';
import { CGIHeadParser } from '../../../src/cgi/head-parser.js';
import {
  InvalidJSONRPCMessageError,
  JSONRPCLimitError,
} from '../../../src/protocols/json-rpc/errors.js';
import { parseJSONRPC } from '../../../src/protocols/json-rpc/parser.js';
import {
  InvalidXMLRPCMessageError,
  XMLRPCLimitError,
} from '../../../src/protocols/xml-rpc/errors.js';
import { XMLRPCParser } from '../../../src/protocols/xml-rpc/parser.js';
import {
  serializeXMLRPCCall,
  serializeXMLRPCFault,
} from '../../../src/protocols/xml-rpc/serializer.js';
import { type Recorded, saxesEvents, xmlEvents } from '../../protocols/xml/recording.js';
import { buffers, sameWhenCut, type Target } from '../target.js';

const XML_WORDS = [
  ...['<a>', '</a>', '<a/>', '<b:c xmlns:b="u">', '</b:c>', ' k="v"', ' xmlns="u"', ']]>', '&lt;'],
  ...[
    '&#x41;',
    '&',
    ';',
    '<![CDATA[',
    '<!--',
    '-->',
    '<?p ?>',
    '<!DOCTYPE a>',
    '\r\n',
    "'",
    '=',
    '/',
  ],
];
const XMLNS = 'http://www.w3.org/2000/xmlns/';
const LIMITS = { maxBytes: 2_000, maxDepth: 4, maxValues: 20 };

function xmlRpc(kind: 'call' | 'response', chunks: readonly Buffer[]): unknown {
  try {
    const parser = new XMLRPCParser(kind, LIMITS);
    for (const chunk of chunks) {
      parser.receive(chunk);
      chunk.fill(0xdb);
    }
    return parser.end();
  } catch (error) {
    // The order in which faults are found depends on how the input is cut.
    if (error instanceof InvalidXMLRPCMessageError || error instanceof XMLRPCLimitError)
      return undefined;
    throw error;
  }
}

function cgiHead(chunks: readonly Buffer[]): unknown {
  const parser = new CGIHeadParser({ maxHeadBytes: 300, maxFields: 5 });
  try {
    for (const [i, chunk] of chunks.entries()) {
      const head = parser.receive(chunk);
      if (head === undefined) {
        chunk.fill(0xdb);
        continue;
      }
      ok(head.status >= 200 && head.status <= 599 && head.fields.length <= 5);
      for (const [name, value] of head.fields) ok(!/[\r\n\0]/.test(name + value));
      return {
        ...head,
        rest: Buffer.concat([head.rest, ...chunks.slice(i + 1)]).toString('latin1'),
      };
    }
    return undefined;
  } catch (error) {
    if (error instanceof InvalidCGIOutputError) return 'refused';
    throw error;
  }
}

/** Namespaces in XML compares names of namespaces as they are; saxes removes spaces at their ends. */
function hasPaddedNamespace(events: Recorded): boolean {
  return events.some((event) =>
    event.some(
      (text, at) =>
        text === XMLNS && event[at + 1] !== undefined && /^\s|\s$/.test(event[at + 1] ?? ''),
    ),
  );
}

export const TARGETS: Readonly<Record<string, Target>> = {
  xml: {
    seeds: buffers(
      '<?xml version="1.0"?><a xmlns:b="u" c="1"> x &lt; <b:d/><![CDATA[]]]]></a>',
      '<!-- c --><a xmlns="u"><?p q?>&#65;\r\n</a> ',
    ),
    words: XML_WORDS,
    check(bytes, random) {
      const options = { maxTagLength: 65_536 };
      sameWhenCut(bytes, random, (chunks) => {
        const events = xmlEvents(chunks, options);
        return typeof events === 'string' ? 'refused' : events;
      });
      const text = bytes.toString();
      // It replaces malformed UTF-8, and reads XML 1.1 as such.
      if (text.includes('\uFFFD') || /<\?xml|\uFEFF/i.test(text)) return;
      const events = xmlEvents([text], options);
      if (typeof events === 'string' || hasPaddedNamespace(events)) return;
      deepStrictEqual(events, saxesEvents(text));
    },
  },
  'xml-rpc': {
    seeds: [
      Buffer.from(serializeXMLRPCCall('a.b', [1, 'x', [2.5, true, null], { m: Buffer.from('y') }])),
      Buffer.from(serializeXMLRPCFault(1, 'f')),
    ],
    words: [
      ...['<value>', '</value>', '<int>', '</int>', '<nil/>', '<struct>', '</struct>', '<member>'],
      ...['<name>', '</name>', '__proto__', '<array><data>', '</data></array>', '<params>', '1e9'],
    ],
    check(bytes, random) {
      for (const kind of ['call', 'response'] as const) {
        sameWhenCut(bytes, random, (chunks) => xmlRpc(kind, chunks));
      }
    },
  },
  'json-rpc': {
    seeds: buffers(
      '{"jsonrpc":"2.0","id":1,"method":"a","params":[{"b":"\\u00e9"}]}',
      '[{"jsonrpc":"2.0","result":1,"id":"x"},{"jsonrpc":"2.0","error":{"code":1,"message":"m"},"id":null}]',
    ),
    words: [
      '"__proto__":',
      '"\\u005f',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"id":',
      '"method":"a"',
      '1e999',
      '\\"',
    ],
    check(bytes) {
      try {
        const { messages } = parseJSONRPC(bytes, { maxDepth: 5, maxBatch: 3, maxBytes: 1_000 });
        ok(messages.length >= 1 && messages.length <= 3);
        ok(!JSON.stringify(messages).includes('"__proto__":'));
      } catch (error) {
        const isExpected =
          error instanceof InvalidJSONRPCMessageError || error instanceof JSONRPCLimitError;
        if (!isExpected) throw error;
      }
    },
  },
  'cgi-head': {
    seeds: buffers(
      'Content-Type: text/html\r\nStatus: 404 Not Found\r\n\r\nbody',
      'Location: /a\nSet-Cookie: a=b\nSet-Cookie: c=d\n\n',
    ),
    words: ['\n', '\r\n', '\n\n', ': ', 'Status:', ' 200', 'Location:', '\0', 'HTTP/1.1 200 OK'],
    check: (bytes, random) => sameWhenCut(bytes, random, cgiHead),
  },
};
