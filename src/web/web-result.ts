/** The values that resources return. */
/**
 * The result of a resource, or a promise of it:
 *
 * - text: sent as `text/plain; charset=utf-8`
 * - bytes: a Uint8Array, sent as `application/octet-stream`
 * - a Renderable, such as the result of `html`: sent as `text/html; charset=utf-8`
 * - a `Response` of the Web
 * - an asynchronous iterable of text and bytes, such as a generator or a ReadableStream: each piece is sent when the client has taken the
 *   ones before
 * - a plain object, an array, or an object with `toJSON`: sent as `application/json`
 * - undefined: the resource has answered through `context.response`, or has called `context.answersLater()`
 *
 * Types apply unless Content-Type was set. The compiler accepts any object, because interfaces describe plain objects too; other
 * objects fail with an InvalidArgumentTypeError.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: functions that answer through the response return nothing.
export type WebResult = string | object | undefined | void;
