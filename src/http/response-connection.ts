/** The connection and the server of a response, as far as it uses them. */
import type { ErrorPage } from './error-pages.js';
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

export interface ResponseConnection {
  readonly service: ResponseService;
  /** Whether more is unsent than a producer may add to. */
  readonly isFull: boolean;
  /** The unsent bytes of the connection. */
  readonly bufferedBytes: number;
  /** Whether the connection can be used for another request after this response. */
  keepsAlive(request: HTTPRequest): boolean;
  write(data: string | Uint8Array): void;
  /** {@link SendsFiles.sendFile}. */
  writeFile(fd: number, position: number, length: number): boolean;
  /** Everything of the response was written. */
  responded(response: object): void;
  abort(): void;
}
