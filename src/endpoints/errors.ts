/** Errors of endpoints and of the strings that describe them. */
import { RopewalkError } from '../core/errors/base.js';
import { ConnectError } from '../core/errors/connecting.js';

/** `connect` of an endpoint: the factory's `buildProtocol` returned null, so the connection was closed. */
export class NoProtocolError extends ConnectError {
  override readonly name = 'NoProtocolError';
  override readonly code = 'ERR_NO_PROTOCOL';
}

/** `listen` of an endpoint whose socket was inherited or adopted: it can listen once. */
export class AlreadyListenedError extends RopewalkError {
  override readonly name = 'AlreadyListenedError';
  override readonly code = 'ERR_ALREADY_LISTENED';
  readonly fd: number;

  constructor(fd: number) {
    super(`descriptor ${fd} has been used for listening already, and can be used only once`);
    this.fd = fd;
  }
}

/** The program inherited no socket that matches a `systemd` endpoint. */
export class NoInheritedSocketError extends RopewalkError {
  override readonly name = 'NoInheritedSocketError';
  override readonly code = 'ERR_NO_INHERITED_SOCKET';
}

const MAX_SHOWN = 200;

/** A part of an endpoint's text, as messages show it. */
export function shown(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** The text of an endpoint is not valid: a wrong, missing or unknown argument. */
export class InvalidEndpointError extends RopewalkError {
  override readonly name: string = 'InvalidEndpointError';
  override readonly code: string = 'ERR_INVALID_ENDPOINT';
  readonly text: string;

  constructor(text: string, reason: string, options?: ErrorOptions) {
    super(`endpoint ${JSON.stringify(shown(text))}: ${reason}`, options);
    this.text = text;
  }
}

/** No endpoint type has that name, or the type has no such side: `known` lists the ones that do. */
export class UnknownEndpointTypeError extends InvalidEndpointError {
  override readonly name = 'UnknownEndpointTypeError';
  override readonly code = 'ERR_UNKNOWN_ENDPOINT_TYPE';
  readonly type: string;
  readonly known: readonly string[];
  /** The type that was probably meant. */
  readonly suggestion: string | undefined;

  constructor(
    text: string,
    side: 'client' | 'server',
    type: string,
    known: readonly string[],
    suggestion: string | undefined,
    existsOnOtherSide = false,
  ) {
    const other = side === 'client' ? 'server' : 'client';
    const meant = existsOnOtherSide
      ? ` It is only a ${other} endpoint type.`
      : suggestion === undefined
        ? ' A string begins with its type, such as tcp: or unix:.'
        : ` Did you mean '${suggestion}'?`;
    const types = known.join(', ');
    super(text, `there is no ${side} endpoint type '${shown(type)}'.${meant} The types: ${types}`);
    this.type = type;
    this.known = known;
    this.suggestion = suggestion;
  }
}
