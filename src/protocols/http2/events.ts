/** The events of an HTTP/2 connection. */
import type { HTTP2Error } from './errors.js';
import type { HTTP2Fields, HTTP2RequestHead, HTTP2ResponseHead } from './heads.js';
import type { HTTP2Priority } from './priority.js';
import type { HTTP2Stream } from './stream.js';

export type HTTP2Event =
  /** The settings of the peer have changed. */
  | { readonly type: 'settings' }
  /** The peer has applied the settings of this end. Limit the time until then (RFC 9113 section 6.5.3). */
  | { readonly type: 'settings-acknowledged' }
  /** Server: a request. `endStream`: it has no content, and an `end` event follows at once. */
  | {
      readonly type: 'request';
      readonly stream: HTTP2Stream;
      readonly head: HTTP2RequestHead;
      readonly endStream: boolean;
    }
  /** Client: a response with 100 to 199, which precedes the final one. */
  | {
      readonly type: 'informational';
      readonly stream: HTTP2Stream;
      readonly head: HTTP2ResponseHead;
    }
  /** Client: the final response. */
  | {
      readonly type: 'response';
      readonly stream: HTTP2Stream;
      readonly head: HTTP2ResponseHead;
      readonly endStream: boolean;
    }
  /** Content: a view, valid until the next call of a method of the connection. Call `stream.consume` with its length. */
  | { readonly type: 'data'; readonly stream: HTTP2Stream; readonly data: Buffer }
  /** The trailer section; `end` follows. */
  | { readonly type: 'trailers'; readonly stream: HTTP2Stream; readonly fields: HTTP2Fields }
  /** The peer has sent its whole message. */
  | { readonly type: 'end'; readonly stream: HTTP2Stream }
  /**
   * The stream has ended early. With `error` because the peer broke a rule or limit; without because the peer has reset it, for the
   * reason `errorCode`.
   */
  | {
      readonly type: 'reset';
      readonly stream: HTTP2Stream;
      readonly errorCode: number;
      readonly error: HTTP2Error | undefined;
    }
  /** Server: a request that is malformed or exceeds a limit. It was answered; the application has nothing to do. */
  | { readonly type: 'refused'; readonly streamId: number; readonly error: HTTP2Error }
  /** Client: the server has not processed the request and will not. It may be sent again on another connection. */
  | { readonly type: 'unprocessed'; readonly stream: HTTP2Stream }
  /** A stream whose `write` did not send all may continue. More urgent streams come first (RFC 9218). */
  | { readonly type: 'writable'; readonly stream: HTTP2Stream }
  /** Server: a client has changed the priority of a request, or announces that of one to come. */
  | {
      readonly type: 'priority';
      readonly streamId: number;
      readonly stream: HTTP2Stream | undefined;
      readonly priority: HTTP2Priority;
    }
  /** The answer to `ping`. `payload` is a copy. */
  | { readonly type: 'ping-acknowledged'; readonly payload: Buffer }
  /** The peer accepts no new streams. Those above `lastStreamId` were not processed. */
  | {
      readonly type: 'goaway';
      readonly lastStreamId: number;
      readonly errorCode: number;
      readonly debugText: string;
    }
  /** One end has announced the end of the connection, and all streams have ended: close the transport. */
  | { readonly type: 'drained' };
