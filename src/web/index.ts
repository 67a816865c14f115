/** The entry point `ropewalk/web`: sites as trees of resources, over the server of `ropewalk/http`. */

export { deferredResource, fetchResource, handlerResource } from './adapters.js';
export { Branch } from './branch.js';
export { byMethod, type Render } from './by-method.js';
export { type ContextKey, contextKey } from './context-key.js';
export { type CORSOptions, cors } from './cors.js';
export { type CSRFOptions, csrfField, csrfToken, withCSRF } from './csrf/with-csrf.js';
export { currentContext, trackContext, withRequestIds } from './current-context.js';
export { Data, type DataOptions } from './data.js';
export { RouteConflictError } from './errors.js';
export { File, type FileOptions } from './file.js';
export {
  Form,
  type FormFields,
  type FormOptions,
  type FormResult,
  type FormValues,
} from './forms/form.js';
export {
  type ChoiceFieldOptions,
  type FieldKind,
  type FieldProblem,
  type FieldResult,
  type FileFieldOptions,
  field,
  type ListFieldOptions,
  type NumberFieldOptions,
  type TextFieldOptions,
} from './forms/form-fields.js';
export { UploadedFile } from './forms/uploaded-file.js';
export { FormLogin, type FormLoginOptions, type LoginPage } from './guard/form-login.js';
export {
  basicScheme,
  bearerScheme,
  type DigestSchemeOptions,
  digestScheme,
  type GuardScheme,
} from './guard/schemes.js';
export { type GuardOptions, withGuard } from './guard/with-guard.js';
export { HTML, type HTMLValue, html, rawHTML, type SettledHTMLValue, scriptJSON } from './html.js';
export { type LimitRequestsOptions, limitRequests } from './limit-requests.js';
export { type LimitTimeOptions, limitTime } from './limit-time.js';
export { localLocation, type RedirectStatus, redirect, redirectTo } from './redirect.js';
export { type RequestIdsOptions, requestIds } from './request-ids.js';
export { type RewriteRule, rewrite } from './rewrite.js';
export type { ParamParser, ParamTypes, PathParams } from './route-pattern.js';
export { type RouteContext, Router, type RouterOptions, type RouteTarget } from './router.js';
export { type SecurityFieldsOptions, scriptNonce, securityFields } from './security-fields.js';
export { type ServeSiteOptions, serveSite } from './serve-site.js';
export {
  MemorySessionStore,
  type MemorySessionStoreOptions,
} from './sessions/memory-session-store.js';
export {
  type RedisCaller,
  RedisSessionStore,
  type RedisSessionStoreOptions,
} from './sessions/redis-session-store.js';
export {
  MissingWrapperError,
  SessionStoreError,
  SessionTooLargeError,
} from './sessions/session-errors.js';
export { type SessionKey, sessionKey } from './sessions/session-key.js';
export type { SessionCookieOptions, SessionsOptions } from './sessions/session-settings.js';
export type {
  SessionChanges,
  SessionStore,
  SessionTimes,
  SessionValues,
} from './sessions/session-store.js';
export type { RenewOptions, WebSession } from './sessions/web-session.js';
export { sessionOf, withSessions } from './sessions/with-sessions.js';
export { Site, type SiteOptions } from './site.js';
export { NameVirtualHost, type NameVirtualHostOptions } from './virtual-hosts.js';
export {
  type Renderable,
  type RenderedHTML,
  type Resource,
  type RouteParams,
  requestIdOf,
  WebContext,
} from './web-context.js';
export type { WebResult } from './web-result.js';
