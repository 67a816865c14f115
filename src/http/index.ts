/** The entry point `ropewalk/http`: servers of HTTP/1.1 and of files, and clients of HTTP/1.1 and HTTP/2. */

export type { HTTPLimit, HTTPRole, HTTPRule } from '../protocols/http/errors.js';
export {
  HTTPContentLengthError,
  HTTPLimitError,
  HTTPMessageError,
  HTTPSequenceError,
  IncompleteHTTPMessageError,
  InvalidHTTPMessageError,
  InvalidHTTPOutputError,
} from '../protocols/http/errors.js';
export type { HTTPFields } from '../protocols/http/field-block.js';
export { FieldBlock } from '../protocols/http/field-block.js';
export type { FieldSection } from '../protocols/http/field-section.js';
export type { HTTPVersion, RequestHead, ResponseHead } from '../protocols/http/heads.js';
export type {
  RequestLimitOptions,
  RequestParserOptions,
  ResponseParserOptions,
} from '../protocols/http/limits.js';
export type { HTTPContent } from '../protocols/http/message-serializer.js';
export type { ReceivedFields, ReceivedResponseHead } from '../protocols/http/received-fields.js';
export {
  HPACKError,
  type HPACKRule,
  HTTP2Error,
  type HTTP2Limit,
  HTTP2LimitError,
  HTTP2ProtocolError,
  type HTTP2Rule,
} from '../protocols/http2/errors.js';
export type { HTTP2Priority } from '../protocols/http2/priority.js';
export type { ContentCoding } from './accept-encoding.js';
export {
  type AccessRecord,
  combinedLogLine,
  commonLogLine,
  jsonLogLine,
} from './access-log.js';
export { Agent } from './agent/agent.js';
export { AgentCall } from './agent/agent-call.js';
export type { AgentOptions } from './agent/agent-options.js';
export type { AgentContent, AgentRequest, AgentTimes } from './agent/agent-request.js';
export { AgentResponse, type ResponseContent, type ResponseFacts } from './agent/agent-response.js';
export type { BodyChoice } from './agent/bodies.js';
export type { CacheStatus, ForwardReason } from './agent/cache/cache-status.js';
export type { HTTPCacheStore, MaybeLater } from './agent/cache/cache-store.js';
export { type CacheCounts, HTTPCache, type HTTPCacheOptions } from './agent/cache/http-cache.js';
export { MemoryCacheStore, type MemoryCacheStoreOptions } from './agent/cache/memory-store.js';
export type { CacheEntry, StoredHead, StoredVariants } from './agent/cache/stored-response.js';
export type { CacheMode } from './agent/cache-mode.js';
export type { EndpointChoice } from './agent/connections.js';
export type { CookieOptions } from './agent/cookies.js';
export type { AgentCredentials, AuthScheme, BasicCredentials } from './agent/credentials.js';
export type { AgentExchange } from './agent/diagnostics.js';
export { DecodedRatioError, HTTPRedirectError, type RedirectRule } from './agent/errors.js';
export type { Fetch } from './agent/fetch.js';
export {
  type AgentFields,
  type FieldList,
  fieldOf,
  withField,
  withoutFields,
} from './agent/field-list.js';
export type { MultipartForm, MultipartPart } from './agent/multipart-body.js';
export type { AgentProxyOptions } from './agent/proxies.js';
export { type ProxyChoice, proxyFromEnvironment } from './agent/proxy-environment.js';
export type { RedirectMode } from './agent/redirect-mode.js';
export type { AgentRequestOptions, RequestDetails } from './agent/request-options.js';
export type { Interceptor, Send } from './agent/send.js';
export type { CookieJar, SameSiteContext } from './agent/tough-cookie.js';
export type { QueryParameters } from './agent/urls.js';
export type { ContentPieces, HTTPClientRequest } from './client/client-request.js';
export { HTTPClientResponse, MAX_RESPONSE_CONTENT_BYTES } from './client/client-response.js';
export { HTTPConnectionPool } from './client/connection-pool.js';
export type { HTTP2Choice, HTTPOrigin } from './client/connection-source.js';
export type { ContentReceiver, PushedContent } from './client/content-receiver.js';
export {
  HTTP2UnprocessedError,
  HTTPPoolClosedError,
  HTTPPoolFullError,
  HTTPResponseTimeoutError,
  HTTPTunnelError,
  InvalidJSONError,
  NoHTTPResponseError,
  type ResponseTimeLimit,
} from './client/errors.js';
export type { HTTP2ClientOptions } from './client/http2-settings.js';
export { type HTTPOriginOptions, httpOrigin } from './client/origin.js';
export type { PoolCounts } from './client/pool-counts.js';
export { type ProxyEndpointOptions, proxyEndpoint } from './client/proxy-endpoint.js';
export type { HTTPConnectionPoolOptions, HTTPRequestTimes } from './client/settings.js';
export { HTTPTunnelEndpoint, type HTTPTunnelOptions } from './client/tunnel-endpoint.js';
export type { CompressionOptions } from './compression-policy.js';
export { type DecodeBodyOptions, decodeBody } from './decode-body.js';
export {
  type ErrorPage,
  type ErrorPageMaker,
  escapeHTML,
  negotiatedErrorPage,
  plainErrorPage,
} from './error-pages.js';
export {
  BodyError,
  DecodedBodyTooLargeError,
  FileTruncatedError,
  FormTooLargeError,
  HTTPStatusError,
  HTTPTimeoutError,
  InvalidContentCodingError,
  InvalidFormError,
  UnsupportedContentCodingError,
  UpgradeRequiredError,
} from './errors.js';
export { EventStream } from './event-stream.js';
export { EventStreams, type EventStreamsOptions } from './event-streams.js';
export {
  type FetchContext,
  type FetchHandler,
  fetchHandler,
  serveFetch,
} from './fetch-handler.js';
export type { FieldValue } from './field-lines.js';
export { partsOf, UploadedPart } from './form-parts.js';
export { type DrainOptions, HTTPFactory } from './http-factory.js';
export { HTTPRequest } from './http-request.js';
export { HTTPResponse } from './http-response.js';
export type { HTTPHandler } from './http-service.js';
export { HTTP2SettingsTimeoutError, HTTP2StreamResetError } from './http2/errors.js';
export type { HTTP2ServerOptions } from './http2/server-settings.js';
export { loadMediaTypes, type MediaTypes } from './media-types.js';
export type { MultipartOptions } from './multipart-form.js';
export type { FormPart } from './part-head.js';
export type { ReceivedHead, ReceivedSection } from './received-head.js';
export { RequestCookies, type RequestCookiesOptions } from './request-cookies.js';
export type { AccessLog } from './response-log.js';
export { staticFiles } from './serve-files.js';
export { HTTPServer, serveHttp } from './serve-http.js';
export type { ServerSentEvent } from './server-sent-event.js';
export type { HTTPServerOptions } from './server-settings.js';
export {
  parseSetCookie,
  type SameSite,
  type SetCookie,
  serializeSetCookie,
} from './set-cookie.js';
export type { StaticFilesOptions } from './static-options.js';
export type { UpgradedProtocol } from './upgraded-protocol.js';
export { type FormField, parseUrlencoded, type UrlencodedOptions } from './urlencoded.js';
