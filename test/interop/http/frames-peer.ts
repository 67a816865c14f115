/** A client of HTTP/2 that sends frames as bytes, and header blocks without compression: it shares no code with the server. */
import { RawPeer } from '../../support/raw-peer.js';

export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const ACK = 1;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const PRIORITY_FLAG = 32;
export const WHOLE: number = END_STREAM | END_HEADERS;

const ERRORS = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR'],
  ...['CONNECT_ERROR', 'ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
];

/** Indexed fields of the static table (RFC 7541 appendix A). */
export const GET = '82';
export const POST = '83';
export const ROOT_PATH = '84';
export const HTTP = '86';

/** The static table's values of `:status`, by their octets. */
const STATUSES: Readonly<Record<number, number>> = {
  136: 200,
  137: 204,
  138: 206,
  139: 304,
  140: 400,
  141: 404,
  142: 500,
};

/** Statuses in the Huffman code (RFC 7541 appendix B). */
const CODED_STATUSES: Readonly<Record<string, string>> = { '6990ff': '431' };

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** A frame. @param payload Bytes, or hexadecimal digits. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = '',
): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload;
  const header = Buffer.alloc(9);
  header.writeUIntBE(bytes.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, bytes]);
}

/** A literal field without indexing, as hexadecimal digits; up to 126 octets in each part. */
export function literal(name: string, value: string): string {
  const part = (text: string): string => {
    const bytes = Buffer.from(text, 'latin1');
    return Buffer.concat([Buffer.from([bytes.length]), bytes]).toString('hex');
  };
  return `00${part(name)}${part(value)}`;
}

/** The pseudo-header fields of a usual request. */
export const REQUEST: string = GET + ROOT_PATH + HTTP + literal(':authority', 'app');
export const UPLOAD: string = POST + ROOT_PATH + HTTP + literal(':authority', 'app');

/** A setting, as hexadecimal digits. */
export function setting(id: number, value: number): string {
  return id.toString(16).padStart(4, '0') + value.toString(16).padStart(8, '0');
}

/** 31 or 32 bits, as hexadecimal digits. */
export const word = (value: number): string => value.toString(16).padStart(8, '0');

export interface ReceivedFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const LAST_PING = '6c61737470696e67';

/** The frames of a server, and what they mean. */
export class FramesPeer {
  readonly raw: RawPeer;

  private constructor(raw: RawPeer) {
    this.raw = raw;
  }

  static async connect(port: number): Promise<FramesPeer> {
    return new FramesPeer(await RawPeer.connect(port));
  }

  /** The complete frames that have arrived. */
  get frames(): ReceivedFrame[] {
    const bytes = this.raw.received;
    const frames: ReceivedFrame[] = [];
    for (let at = 0; bytes.length - at >= 9; ) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      if (end > bytes.length) break;
      const [type = 0, flags = 0] = bytes.subarray(at + 3);
      const payload = bytes.subarray(at + 9, end);
      frames.push({ type, flags, stream: bytes.readUInt32BE(at + 5), payload });
      at = end;
    }
    return frames;
  }

  /** What the server decided: errors and the statuses of responses, in their order. */
  get decisions(): string[] {
    return this.frames.flatMap(({ type, stream, payload }) => {
      switch (type) {
        case HEADERS:
          return [`${stream}: ${STATUSES[payload[0] as number] ?? statusText(payload)}`];
        case RST_STREAM:
          return [`stream ${stream} ${ERRORS[payload.readUInt32BE(0)]}`];
        case GOAWAY:
          return [`connection ${ERRORS[payload.readUInt32BE(4)]}`];
        default:
          return [];
      }
    });
  }

  count(type: number, flags: number): number {
    return this.frames.filter((frame) => frame.type === type && frame.flags === flags).length;
  }

  send(...frames: readonly Uint8Array[]): void {
    this.raw.write(Buffer.concat(frames));
  }

  until(condition: () => boolean, what: string): Promise<void> {
    const soFar = (): string => `${what}; the server has sent ${this.decisions.join(', ')}`;
    return this.raw.pulse.until(() => condition() || this.isGone, soFar);
  }

  /** Sends a last PING and waits until it is answered, and for this number of decisions, or for the end. */
  async settled(decisions: number): Promise<string[]> {
    this.send(frame(PING, 0, 0, LAST_PING));
    const isAnswered = (): boolean =>
      this.frames.some(
        ({ type, flags, payload }) =>
          type === PING && flags === ACK && payload.toString('hex') === LAST_PING,
      );
    await this.until(
      () => isAnswered() && this.decisions.length >= decisions,
      'the answer to the last PING',
    );
    return this.isGone ? [...this.decisions, 'end'] : this.decisions;
  }

  get isGone(): boolean {
    return this.raw.ended || this.raw.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.raw[Symbol.asyncDispose]();
  }
}

/** A status that is not in the static table: a literal with the name 8, whose value may be in the Huffman code. */
function statusText(payload: Buffer): string {
  const length = payload[1] as number;
  const value = payload.subarray(2, 2 + (length & 0x7f));
  if (length < 128) return value.toString('latin1');
  const digits = value.toString('hex');
  return CODED_STATUSES[digits] ?? `coded ${digits}`;
}
