/** The context of the request that the running code works for. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { checkFunction } from '../internal/check.js';
import type { LogObserver } from '../logger/event.js';
import { checkResource, type Resource, type WebContext } from './web-context.js';

const storage = new AsyncLocalStorage<WebContext>();

/**
 * A resource whose requests have a {@link currentContext}, through promises, timers and callbacks. Entering a context costs about as much as a
 * small resource, so it is not the default: pass the context as an argument if you can.
 *
 * @throws InvalidArgumentTypeError
 */
export function trackContext(resource: Resource): Resource {
  checkResource('resource', resource);
  return { isLeaf: true, render: (context) => storage.run(context, enter, context, resource) };
}

function enter(context: WebContext, resource: Resource): ReturnType<Resource['render']> {
  return context.delegate(resource);
}

/** The context of the request that called this code, if it is below {@link trackContext}; otherwise undefined. */
export function currentContext(): WebContext | undefined {
  return storage.getStore();
}

/**
 * An observer that adds the field `requestId` to the events that are logged for a request below {@link trackContext}, also by loggers that know
 * nothing of it.
 *
 * @throws InvalidArgumentTypeError
 */
export function withRequestIds(observer: LogObserver): LogObserver {
  checkFunction('observer', observer);
  return (event) => {
    const context = storage.getStore();
    if (context === undefined || event.fields.requestId !== undefined) observer(event);
    else observer({ ...event, fields: { ...event.fields, requestId: context.id } });
  };
}
