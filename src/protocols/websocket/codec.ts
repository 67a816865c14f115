/**
 * The parsers and writers of connections, shared: a connection has a parser only while it has part of a message, so that an idle one
 * costs little memory.
 */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { deflaterOf, MessageInflater } from './deflate.js';
import type { WebSocketLimits, WebSocketRole } from './events.js';
import { MessageWriter } from './message-writer.js';
import { MessageParser, type MessageParserOptions } from './parser.js';
import type { PermessageDeflateParameters } from './permessage-deflate.js';
import { FrameSerializer, type MaskingKeySource } from './serializer.js';

export interface WebSocketCodecOptions extends WebSocketLimits {
  readonly role: WebSocketRole;
  /** Required for a client, and refused for a server. */
  readonly maskingKey?: MaskingKeySource;
  /**
   * Lends the bytes of binary messages: they are valid until `messageReceived` returns, or the next call of any connection. If it
   * transfers them, the connection ends with a LentBytesTransferredError. Default false.
   */
  readonly lendsBinary?: boolean;
  /** The shortest message to compress, in bytes: 1 or more. Default 1,024. */
  readonly compressionThreshold?: number;
  /** zlib's level: 1, the fastest, to 9. Default 6. */
  readonly compressionLevel?: number;
}

/** The options that do not depend on the role. */
export const CODEC_NAMES: OptionNames<Omit<WebSocketCodecOptions, 'maskingKey' | 'role'>> = {
  lendsBinary: true,
  compressionThreshold: true,
  compressionLevel: true,
  maxMessageBytes: true,
  maxFragments: true,
  maxControlFrames: true,
};

const OPTIONS: OptionNames<WebSocketCodecOptions> = {
  ...CODEC_NAMES,
  role: true,
  maskingKey: true,
};

const MAX_SPARE_PARSERS = 16;

/** Parsers with the same options. */
export class ParserPool {
  readonly #options: MessageParserOptions;
  readonly #spare: MessageParser[] = [];

  constructor(options: MessageParserOptions) {
    this.#options = options;
  }

  take(): MessageParser {
    return this.#spare.pop() ?? new MessageParser(this.#options);
  }

  /** @param parser Idle. */
  giveBack(parser: MessageParser): void {
    if (this.#spare.length < MAX_SPARE_PARSERS) this.#spare.push(parser);
  }
}

/** For connections with the same parameters of compression; with context takeover, for one connection. */
export interface ConnectionCodec {
  readonly parsers: ParserPool;
  readonly writer: MessageWriter;
}

/** The codecs of the connections of one server, or of one or more clients. */
export class WebSocketCodecs {
  readonly #isServer: boolean;
  readonly #parserOptions: MessageParserOptions;
  readonly #serializer: FrameSerializer;
  readonly #threshold: number;
  readonly #level: number;
  /** By the window that messages are compressed with; 0 for those without compression. */
  readonly #codecs: Map<number, ConnectionCodec> = new Map();

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: WebSocketCodecOptions) {
    checkOptions('WebSocketCodecs', options, OPTIONS);
    const { maskingKey, compressionThreshold = 1024, compressionLevel = 6, ...parser } = options;
    const isClient = parser.role === 'client';
    if (isClient !== (typeof maskingKey === 'function')) {
      const expected = isClient ? 'a function' : 'left out by a server';
      throw new InvalidArgumentTypeError('maskingKey', expected, maskingKey);
    }
    this.#isServer = !isClient;
    this.#threshold = checkInteger('compressionThreshold', compressionThreshold, 1, 2 ** 31 - 1);
    this.#level = checkInteger('compressionLevel', compressionLevel, 1, 9);
    this.#parserOptions = parser;
    // The parser checks its options.
    new MessageParser(parser);
    this.#serializer = new FrameSerializer(maskingKey);
  }

  /** @param deflate The agreed parameters of compression; undefined if messages are not compressed. */
  codec(deflate?: PermessageDeflateParameters | undefined): ConnectionCodec {
    const own = deflate === undefined ? 0 : this.#windowBits(deflate);
    const stateless =
      deflate === undefined || (deflate.clientNoContextTakeover && deflate.serverNoContextTakeover);
    const shared = stateless ? this.#codecs.get(own) : undefined;
    if (shared !== undefined) return shared;
    const codec = this.#make(deflate);
    if (stateless) this.#codecs.set(own, codec);
    return codec;
  }

  #make(deflate: PermessageDeflateParameters | undefined): ConnectionCodec {
    const serializer = this.#serializer;
    if (deflate === undefined) {
      return {
        parsers: new ParserPool(this.#parserOptions),
        writer: new MessageWriter(serializer, this.#isServer, undefined, this.#threshold),
      };
    }
    const { clientNoContextTakeover, serverNoContextTakeover } = deflate;
    const [own, peers] = this.#isServer
      ? [serverNoContextTakeover, clientNoContextTakeover]
      : [clientNoContextTakeover, serverNoContextTakeover];
    const deflater = deflaterOf(this.#windowBits(deflate), !own, this.#level);
    return {
      parsers: new ParserPool({
        ...this.#parserOptions,
        decompressor: new MessageInflater(!peers),
      }),
      writer: new MessageWriter(serializer, this.#isServer, deflater, this.#threshold),
    };
  }

  /** Of the window for messages of this end. */
  #windowBits(deflate: PermessageDeflateParameters): number {
    return this.#isServer ? deflate.serverMaxWindowBits : deflate.clientMaxWindowBits;
  }
}
