/** The entry point `ropewalk/web`: sites as trees of resources, over the server of `ropewalk/http`. */

export { Branch } from './branch.js';
export { type ContextKey, contextKey } from './context-key.js';
export { HTML, type HTMLValue, html, rawHTML } from './html.js';
export { type ServeSiteOptions, serveSite } from './serve-site.js';
export { Site, type SiteOptions } from './site.js';
export type { Renderable, RenderedHTML, Resource } from './web-context.js';
export { type RouteParams, WebContext } from './web-context.js';
export type { WebResult } from './web-result.js';
