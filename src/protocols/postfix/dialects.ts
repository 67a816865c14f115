/** The two protocols: how their messages are framed, read and written. */
import type { FrameDecoder } from '../../framing/frame-decoder.js';
import { LineDecoder } from '../../framing/line-decoder.js';
import { NetstringDecoder } from '../../framing/netstring.js';
import type { TableReply, TableRequest } from './events.js';
import {
  parseSocketmapReply,
  parseSocketmapRequest,
  parseTCPReply,
  parseTCPRequest,
} from './parser.js';
import {
  serializeSocketmapReply,
  serializeSocketmapRequest,
  serializeTCPReply,
  serializeTCPRequest,
} from './serializer.js';

/** `tcp`: tcp_table(5). `socketmap`: socketmap_table(5). */
export type TableProtocol = 'tcp' | 'socketmap';

export interface Dialect {
  makeDecoder(maxLength: number): FrameDecoder;
  parseRequest(frame: Buffer): TableRequest;
  parseReply(frame: Buffer): TableReply;
  serializeRequest(request: TableRequest): Buffer;
  serializeReply(reply: TableReply): Buffer;
}

export const DIALECTS: Readonly<Record<TableProtocol, Dialect>> = {
  tcp: {
    makeDecoder: (maxLength) => new LineDecoder({ maxLength }),
    parseRequest: parseTCPRequest,
    parseReply: parseTCPReply,
    serializeRequest: serializeTCPRequest,
    serializeReply: serializeTCPReply,
  },
  socketmap: {
    makeDecoder: (maxLength) => new NetstringDecoder({ maxLength }),
    parseRequest: parseSocketmapRequest,
    parseReply: parseSocketmapReply,
    serializeRequest: serializeSocketmapRequest,
    serializeReply: serializeSocketmapReply,
  },
};
