/** The variables of a CGI script (RFC 3875 section 4.1). */
import type { HTTPRequest } from '../http/http-request.js';
import { CONNECTION_FIELDS } from '../protocols/http/connection-fields.js';

/** Where a request is in the tree. */
export interface ScriptPlace {
  /** The path of the script's file. */
  readonly file: string;
  /** The decoded path of the script's resource: `/cgi-bin/search`. */
  readonly scriptName: string;
  /** The decoded rest of the path, `/` before each segment; empty if there is none. */
  readonly pathInfo: string;
}

/**
 * Fields that do not become variables: `Proxy` would become HTTP_PROXY, by which programs find their proxy (httpoxy, CVE-2016-5385); credentials are
 * for the server (section 4.1.18); the others have variables of their own, or belong to the connection.
 */
const WITHHELD: ReadonlySet<string> = new Set([
  ...CONNECTION_FIELDS,
  'authorization',
  'content-length',
  'content-type',
  'expect',
  'proxy',
  'proxy-authorization',
  'trailer',
]);
/** An underscore would become the same name as a hyphen: a client could then pretend a field that a proxy removes. */
const FIELD_NAME = /^[a-z0-9-]+$/;

/** @param contentLength Undefined if there is no content. */
export function cgiEnvironment(
  request: HTTPRequest,
  place: ScriptPlace,
  contentLength: number | undefined,
): Record<string, string> {
  const { scriptName, pathInfo, file } = place;
  const { name, port } = serverOf(request);
  const variables: Record<string, string> = {
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_SOFTWARE: 'ropewalk',
    SERVER_PROTOCOL: `HTTP/${request.version}`,
    SERVER_NAME: name,
    SERVER_PORT: port,
    REQUEST_METHOD: request.method,
    REQUEST_URI: request.target,
    SCRIPT_NAME: scriptName,
    SCRIPT_FILENAME: file,
    QUERY_STRING: request.query,
    ...remoteOf(request),
  };
  if (pathInfo !== '') variables.PATH_INFO = pathInfo;
  if (request.secure) variables.HTTPS = 'on';
  const type = request.field('content-type');
  if (type !== undefined) variables.CONTENT_TYPE = type;
  if (contentLength !== undefined) variables.CONTENT_LENGTH = String(contentLength);
  addFields(variables, request);
  return variables;
}

function remoteOf({ remoteAddress }: HTTPRequest): Record<string, string> {
  const { host, port } = remoteAddress as { host?: string; port?: number };
  if (host === undefined) return {};
  return { REMOTE_ADDR: host, REMOTE_HOST: host, REMOTE_PORT: String(port) };
}

/** The host that was requested, whose syntax the HTTP engine has checked. */
function serverOf({ host = '', secure }: HTTPRequest): { name: string; port: string } {
  const match = /^(.*?)(?::(\d{1,5}))?$/.exec(host);
  return { name: match?.[1] || 'localhost', port: match?.[2] ?? (secure ? '443' : '80') };
}

function addFields(variables: Record<string, string>, request: HTTPRequest): void {
  for (const [name, value] of request.rawFields()) {
    const lower = name.toLowerCase();
    if (WITHHELD.has(lower) || !FIELD_NAME.test(lower)) continue;
    const variable = `HTTP_${lower.replaceAll('-', '_').toUpperCase()}`;
    const before = variables[variable];
    const separator = lower === 'cookie' ? '; ' : ', ';
    variables[variable] = before === undefined ? value : `${before}${separator}${value}`;
  }
}
