/**
 * Properties that frameworks add to each request and response. V8 gives an object a hidden class of its own for each property that is
 * added after its prototype was replaced, which costs several microseconds and more than a kilobyte of garbage; writing to one
 * that exists costs nothing. So those that Express and the middleware for it always add exist from the beginning, as undefined.
 */

interface ReservedRequest {
  [symbol: symbol]: unknown;
  _eventsCount: number;
  res: unknown;
  next: unknown;
  baseUrl: unknown;
  originalUrl: unknown;
  _parsedUrl: unknown;
  params: unknown;
  route: unknown;
  body: unknown;
}

interface ReservedResponse {
  _eventsCount: number;
  locals: unknown;
  statusMessage: unknown;
}

/** The next of connect's, and the names of Express 4 and 5. */
export function reserveRequest(request: ReservedRequest): void {
  request._eventsCount = 0;
  request.res = undefined;
  request.next = undefined;
  request.baseUrl = undefined;
  request.originalUrl = undefined;
  request._parsedUrl = undefined;
  request.params = undefined;
  request.route = undefined;
  request.body = undefined;
  for (const symbol of routerSymbols) request[symbol] = undefined;
}

/** The symbols of Express's router, which cannot be imported: found on the first requests that it has handled. */
const routerSymbols: symbol[] = [];
const MAX_SYMBOLS = 4;
const MAX_LEARNED = 32;
let learned = 0;

/** Looks for the router's symbols on a request that was answered. */
export function learnFrom(request: object): void {
  if (learned >= MAX_LEARNED) return;
  learned += 1;
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    const isRouters = symbol.description?.startsWith('router.') === true;
    if (isRouters && !routerSymbols.includes(symbol) && routerSymbols.length < MAX_SYMBOLS) {
      routerSymbols.push(symbol);
    }
  }
}

export function reserveResponse(response: ReservedResponse): void {
  response.locals = undefined;
  response.statusMessage = undefined;
}
