/** The XML parser: events, every split, what it refuses, its limits, and agreement with saxes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeXML,
  escapeXMLAttribute,
  escapeXMLText,
  XMLParser,
  type XMLParserOptions,
} from '../../../src/protocols/xml/index.js';
import { saxesEvents, xmlEvents } from './recording.js';

const DOCUMENT = `\uFEFF<?xml version="1.0" encoding='UTF-8' standalone="yes"?>\r
<!-- a - comment --><?style sheet?>
<a xmlns="urn:a" xmlns:b = 'urn:b' k="1 &lt;&#x41;&#10;2\r\n3>"\t>
 te&amp;xt \r\n&#128512; 😀 ]] > é<b:c b:k='"'/><![CDATA[<raw>&amp;]]]]><![CDATA[>]]><d xmlns=""></d
>\r</a><!----> `;

const EVENTS = [
  [
    'open',
    ...['a', 'urn:a', 'xmlns', 'http://www.w3.org/2000/xmlns/', 'urn:a'],
    ...['xmlns:b', 'http://www.w3.org/2000/xmlns/', 'urn:b', 'k', '', '1 <A\n2 3>'],
  ],
  ['text', '\n te&xt \n😀 😀 ]] > é'],
  ['open', 'b:c', 'urn:b', 'b:k', 'urn:b', '"'],
  ['close', 'b:c', 'urn:b'],
  ['text', '<raw>&amp;]]>'],
  ['open', 'd', '', 'xmlns', 'http://www.w3.org/2000/xmlns/', ''],
  ['close', 'd', ''],
  ['text', '\n'],
  ['close', 'a', 'urn:a'],
];

/** Well-formed elsewhere, or not at all. */
const REFUSED: Readonly<Record<string, string>> = {
  'no root': ' <!-- c --> ',
  'an open root': '<a><b></b>',
  'text before the root': 'x<a/>',
  'text behind the root': '<a/>x',
  'a reference behind the root': '<a/>&#32;',
  'CDATA behind the root': '<a/><![CDATA[ ]]>',
  'two roots': '<a/><b/>',
  'a document type': '<!DOCTYPE a><a/>',
  'a document type with entities': '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  'a declaration of an entity inside': '<a><!ENTITY b "c"></a>',
  'an undefined entity': '<a>&nbsp;</a>',
  'a bare ampersand': '<a>fish & chips</a>',
  'an unfinished reference': '<a>&#12</a>',
  'a reference to NUL': '<a>&#0;</a>',
  'a reference to a surrogate': '<a>&#xD83D;&#xDE00;</a>',
  'a reference beyond Unicode': '<a>&#x110000;</a>',
  'a reference with an X': '<a>&#X41;</a>',
  'an endless reference': `<a>&#${'0'.repeat(100)}65;</a>`,
  'a control character': '<a>\u0001</a>',
  'a control character in a comment': '<a><!-- \u0000 --></a>',
  'an unpaired surrogate': '<a>\uD83D</a>',
  'a noncharacter': '<a>\uFFFE</a>',
  ']]> in text': '<a>x]]>y</a>',
  'crossed tags': '<a><b></a></b>',
  'an end tag alone': '</a>',
  'an end tag with an attribute': '<a></a b="c">',
  'an end tag in another prefix': '<a:b xmlns:a="u" xmlns:c="u"></c:b>',
  'a space before the name': '< a/>',
  'no name': '<></>',
  'a name that begins with a digit': '<1/>',
  'an attribute without a value': '<a b/>',
  'an attribute without quotation marks': '<a b=c/>',
  'attributes without a space between': '<a b="1"c="2"/>',
  'a repeated attribute': '<a b="1" b="2"/>',
  'an attribute repeated by another prefix': '<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>',
  'a tag in an attribute': '<a b="<"/>',
  'a slash in a tag': '<a / b="1"/>',
  'an undeclared prefix': '<x:a/>',
  'an undeclared prefix of an attribute': '<a x:b="1"/>',
  'two colons': '<a:b:c xmlns:a="u"/>',
  'the prefix xmlns': '<xmlns:a/>',
  'a prefix for no namespace': '<a xmlns:x=""/>',
  'another prefix for that of xml': '<a xmlns:x="http://www.w3.org/XML/1998/namespace"/>',
  'another namespace for xml': '<a xmlns:xml="u"/>',
  'a comment with --': '<a><!-- -- --></a>',
  'a comment with --->': '<a><!-- ---></a>',
  'an unfinished comment': '<a/><!-- ',
  'an unfinished CDATA section': '<a><![CDATA[x]]',
  'a declaration behind a space': ' <?xml version="1.0"?><a/>',
  'a second declaration': '<?xml version="1.0"?><?xml version="1.0"?><a/>',
  'a declaration without a version': '<?xml encoding="utf-8"?><a/>',
  'version 2': '<?xml version="2.0"?><a/>',
  'an instruction named XML': '<?XML x?><a/>',
  'an instruction whose target is not a name': '<a><?0 x?></a>',
  'an instruction without a target': '<? x?><a/>',
};

function piecesOf(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at)];
}

describe('XMLParser', () => {
  it('reads elements, attributes, text, references and namespaces', () => {
    expect(xmlEvents([DOCUMENT])).toEqual(EVENTS);
    expect(xmlEvents([Buffer.from(DOCUMENT)])).toEqual(EVENTS);
  });

  it('reads the same at every split, of text and of bytes', () => {
    const bytes = Buffer.from(DOCUMENT);
    for (let at = 0; at <= DOCUMENT.length; at++) {
      expect(xmlEvents(piecesOf(DOCUMENT, at))).toEqual(EVENTS);
    }
    for (let at = 0; at <= bytes.length; at++) {
      expect(xmlEvents([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(EVENTS);
    }
    expect(xmlEvents([...DOCUMENT.split('')])).toEqual(EVENTS);
    expect(xmlEvents(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(EVENTS);
  });

  it.each(Object.entries(REFUSED))('refuses %s, at every split', (_name, text) => {
    expect(xmlEvents([text])).toBe('ERR_INVALID_XML');
    for (let at = 1; at < text.length; at++) {
      expect(xmlEvents(piecesOf(text, at))).toBe('ERR_INVALID_XML');
    }
  });

  it('refuses a document type before the rest of it arrives', () => {
    const parser = new XMLParser();
    parser.receive('<!D');
    expect(() => parser.next()).toThrow(/document type declarations are refused/);
    parser.receive('<a/>');
    expect(() => parser.next()).toThrow(/document type declarations are refused/);
    expect(() => parser.end()).toThrow(/document type declarations are refused/);
  });

  it('passes on text before the rest of it arrives, and keeps none', () => {
    const parser = new XMLParser();
    parser.receive('<a>');
    expect(parser.next()).toMatchObject({ type: 'open', name: 'a' });
    for (const text of ['one', ' two ', 'three']) {
      parser.receive(text);
      expect(parser.next()).toEqual({ type: 'text', text });
      expect(parser.next()).toBeUndefined();
    }
    expect(parser.depth).toBe(1);
    expect(parser.isComplete).toBe(false);
  });

  it('refuses bytes that are not UTF-8, also behind an error, and another declared encoding', () => {
    expect(xmlEvents([Buffer.from([0x3c, 0x61, 0x3e, 0xc0, 0xaf])])).toBe('ERR_INVALID_XML');
    expect(xmlEvents([Buffer.from('<a>é'), Buffer.from([0xc3]), Buffer.from('</a>')])).toBe(
      'ERR_INVALID_XML',
    );
    expect(xmlEvents([Buffer.from('<a/>'), Buffer.from([0xe2, 0x82])])).toBe('ERR_INVALID_XML');
    const latin = '<?xml version="1.0" encoding="ISO-8859-1"?><a/>';
    expect(xmlEvents([Buffer.from(latin)])).toBe('ERR_INVALID_XML');
    expect(xmlEvents([latin])).toHaveLength(2);
  });

  it.each<[string, XMLParserOptions, string, string]>([
    ['maxDepth', { maxDepth: 3 }, '<a><b><c/></b></a>', '<a><b><c><d/></c></b></a>'],
    ['maxTagLength', { maxTagLength: 16 }, `<a b="${'x'.repeat(8)}"/>`, `<a b="${'x'.repeat(20)}`],
    ['maxTagLength', { maxTagLength: 16 }, '<?a b?><a/>', `<?a ${'b'.repeat(20)}`],
    ['maxAttributes', { maxAttributes: 2 }, '<a b="" c=""/>', '<a b="" c="" d=""/>'],
    [
      'maxNamespaces',
      { maxNamespaces: 1 },
      '<a><b xmlns="u"/><b xmlns="u"/></a>',
      '<a xmlns="u"><b xmlns="u"/></a>',
    ],
  ])('has the limit %s', (option, options, within, beyond) => {
    expect(xmlEvents([within], options)).toBeInstanceOf(Array);
    expect(xmlEvents([beyond], options)).toBe('ERR_XML_LIMIT');
    expect(xmlEvents(beyond.split(''), options)).toBe('ERR_XML_LIMIT');
    const parser = new XMLParser(options);
    parser.receive(beyond);
    const read = (): void => {
      while (parser.next() !== undefined);
    };
    expect(read).toThrow(expect.objectContaining({ option, limit: Object.values(options)[0] }));
  });

  it('skips comments of any length without keeping them', () => {
    const chunks = ['<a><!--', ...Array<string>(100).fill('x'.repeat(65_536)), '--></a>'];
    expect(xmlEvents(chunks)).toHaveLength(2);
  });

  it('refuses comments and instructions if it is restricted', () => {
    const options = { restricted: true };
    expect(xmlEvents(['<?xml version="1.0"?><a>&lt;<![CDATA[x]]></a>'], options)).toHaveLength(3);
    expect(xmlEvents(['<a><!-- c --></a>'], options)).toBe('ERR_INVALID_XML');
    expect(xmlEvents(['<a><?b c?></a>'], options)).toBe('ERR_INVALID_XML');
  });

  it.each([
    [{ maxDepth: 0 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxTagLength: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxAttributes: -1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ maxNamespaces: 'x' }, 'ERR_INVALID_ARG_TYPE'],
    [{ restricted: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ maxdepth: 1 }, 'ERR_UNKNOWN_OPTION'],
  ])('checks its options: %o', (options, code) => {
    expect(() => new XMLParser(options as XMLParserOptions)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('says where the error is', () => {
    const parser = new XMLParser();
    parser.receive('<a>\n<b>');
    while (parser.next() !== undefined);
    parser.receive('</c>');
    expect(() => parser.next()).toThrow(
      'invalid XML at character 7: an end tag does not match its start tag',
    );
  });
});

const WORDS = [
  ...['<a>', '</a>', '<b/>', '<c k="v">', '</c>', ' ', 'x', ']]>', ']', '&amp;', '&#65;', '&', ';'],
  ...['<!--', '-->', '-', '<![CDATA[', '<?p q?>', '\r', '\n', '<', '>', '/', '"', "'", '=', 'é'],
  ...['xmlns="u"', 'xmlns:p="u"', '<p:a xmlns:p="v">', '</p:a>', 'p:k="1"', '<a ', ' k="&lt;"'],
];

describe('agreement with saxes', () => {
  it('about random documents', () => {
    const inner = fc.array(fc.constantFrom(...WORDS), { maxLength: 8 });
    fc.assert(
      fc.property(inner, (words) => {
        const text = `<a>${words.join('')}</a>`;
        expect(xmlEvents([text])).toEqual(saxesEvents(text));
        expect(xmlEvents(text.split(''))).toEqual(saxesEvents(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(Object.entries(REFUSED))('about %s', (name, text) => {
    const isLimit = name === 'an endless reference';
    expect(saxesEvents(text) === 'ERR_INVALID_XML' || isLimit).toBe(true);
  });
});

describe('escaping', () => {
  it('returns to the same text through a parser', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const attribute = text === '' ? [] : [['text', text]];
        const document = `<a k="${escapeXMLAttribute(text)}">${escapeXMLText(text)}</a>`;
        expect(xmlEvents([document])).toEqual([
          ['open', 'a', '', 'k', '', text],
          ...attribute,
          ['close', 'a', ''],
        ]);
      }),
    );
    expect(escapeXMLText('a\r\n<&>"')).toBe('a&#13;\n&lt;&amp;&gt;"');
    expect(escapeXMLAttribute('\t\n"')).toBe('&#9;&#10;&quot;');
  });

  it.each(['\u0000', 'a\u0008', '\uD800', '\uFFFF'])('refuses %j', (text) => {
    for (const escaped of [escapeXMLText, escapeXMLAttribute]) {
      expect(() => escaped(text)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_XML_OUTPUT' }),
      );
    }
  });
});

describe('decodeXML', () => {
  const text = '<a>é</a>';
  const declared = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?>`;
  it.each([
    ['UTF-8', Buffer.from(text), undefined, text],
    ['a byte order mark', Buffer.from(`\uFEFF${text}`), 'iso-8859-1', text],
    ['UTF-16, little endian', Buffer.from(`\uFEFF${text}`, 'utf16le'), undefined, text],
    ['UTF-16, big endian', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(), undefined, text],
    ['a charset', Buffer.from(text, 'latin1'), 'ISO-8859-1', text],
    ['US-ASCII', Buffer.from('<a/>'), 'US-ASCII', '<a/>'],
  ])('reads %s', (_name, bytes, charset, expected) => {
    expect(decodeXML(bytes, charset)).toBe(expected);
  });

  it('reads the declared encoding', () => {
    const document = `${declared('ISO-8859-1')}${text}`;
    expect(decodeXML(Buffer.from(document, 'latin1'))).toBe(document);
    expect(() => decodeXML(Buffer.from(document, 'latin1'), 'utf-8')).toThrow(/not utf-8/);
  });

  it.each(['utf-7', 'ebcdic-cp-us', 'windows-1252', 'utf-32'])('refuses %s', (encoding) => {
    expect(() => decodeXML(Buffer.from(`${declared(encoding)}<a/>`))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_XML' }),
    );
  });
});
