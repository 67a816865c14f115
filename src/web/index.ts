/** The entry point `ropewalk/web`: sites as trees of resources, over the server of `ropewalk/http`. */

export { deferredResource, fetchResource, handlerResource } from './adapters.js';
export { Branch } from './branch.js';
export { byMethod, type Render } from './by-method.js';
export { type ContextKey, contextKey } from './context-key.js';
export { type CORSOptions, cors } from './cors.js';
export { currentContext, trackContext, withRequestIds } from './current-context.js';
export { Data, type DataOptions } from './data.js';
export { RouteConflictError } from './errors.js';
export { File, type FileOptions } from './file.js';
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
