/** The connection and the server of a response, as far as it uses them. */
import type { Framing } from '../protocols/http/response-framing.js';
import type { ErrorPage } from './error-pages.js';
import type { FieldLine } from './field-lines.js';
import type { HTTPRequest } from './http-request.js';

export interface ResponseService {
  /** The Date field line, with its CRLF. */
  readonly dateLine: string;
  /** The time in milliseconds since 1970. */
  readonly wallTime: number;
  /** The content of an answer with an error. */
  errorPage(status: number, request: HTTPRequest): ErrorPage;
  /** See HTTPResponse.whenDraining. */
  onDraining(callback: () => void): () => void;
}

/** A head that was prepared: all that the versions of HTTP write in different ways. */
export interface ReadyHead {
  readonly request: HTTPRequest;
  /** The status. */
  readonly code: number;
  /** The fields that were set. */
  readonly lines: readonly FieldLine[] | undefined;
  readonly framing: Framing;
  /** Whether the fields have Content-Length. */
  readonly isAnnounced: boolean;
  /** Whether there is no content although the status permits some. */
  readonly isEmpty: boolean;
  /** Whether the connection ends with the response. */
  readonly closes: boolean;
  /** The trailer fields that are set so far. */
  readonly trailerLines: readonly FieldLine[] | undefined;
  /** Whether the fields are ASCII. */
  readonly isAscii: boolean;
}

/** The head of another server's response. */
export interface RelayedHead extends ReadyHead {
  /** Valid field lines, each with its CRLF, without those of framing and of the connection: a character per octet. */
  readonly relayed: string;
  /** Whether these have Date. */
  readonly hasDate: boolean;
}

/** Puts a response on the wire: as text in HTTP/1, as frames in HTTP/2. */
export interface ResponseWriter {
  /**
   * Writes a whole response.
   * @param length Of the content of a GET.
   * @param content Undefined if the message has none.
   */
  writeWhole(head: ReadyHead, length: number, content: string | Uint8Array | undefined): void;
  /** Writes a head, which pieces of content and the end follow. */
  writeHead(head: ReadyHead): void;
  /** Writes a head. @param length Of the content, or UNKNOWN. */
  writeRelayedHead(head: RelayedHead, length: number): void;
  /** Writes a piece of content, which is not empty. @param length In bytes. */
  writePiece(head: ReadyHead, data: string | Uint8Array, length: number): void;
  /** Writes the end of the content. */
  writeEnd(head: ReadyHead): void;
  /** Writes an informational response. @param lines Each with its CRLF. */
  writeInformational(status: number, lines: string): void;
  /** {@link SendsFiles.sendFile}. */
  writeFile(fd: number, position: number, length: number): boolean;
}

export interface ResponseConnection extends ResponseWriter {
  readonly service: ResponseService;
  /** Whether more is unsent than a producer may add to. */
  readonly isFull: boolean;
  /** The unsent bytes of the connection. */
  readonly bufferedBytes: number;
  /** Whether the connection can be used for another request after this response. */
  keepsAlive(request: HTTPRequest): boolean;
  /** Everything of the response was written. */
  responded(response: object): void;
  abort(): void;
}
