/** The lines that the demo prints: the first, the last, and one each second if there is no terminal. */
import type { DemoFigures } from './demo-meter.js';
import type { DemoView } from './demo-screen.js';
import { formatBytes, formatDuration, group } from './figures.js';

/** The first line: the reactor and the ports. */
export function readyLine(
  view: Pick<DemoView, 'reactor' | 'poller' | 'workers' | 'echoPort' | 'chatPort'>,
): string {
  const { reactor, poller, workers, echoPort, chatPort } = view;
  const threads = workers === 0 ? '' : `, ${workers} worker${workers === 1 ? '' : 's'}`;
  const what = `ropewalk demo (${reactor}, ${poller}${threads})`;
  return `${what}: echo on port ${echoPort}, chat on port ${chatPort}`;
}

/** One second. Unknown values are `-`. */
export function plainLine(view: DemoView): string {
  const { figures, load, chatting, errors } = view;
  return keyValues([
    ['seconds', figures.uptimeSeconds.toFixed(0)],
    ['open', figures.connectionsOpen],
    ['total', figures.connectionsTotal],
    ['messages_in_s', figures.messagesIn.perSecond.toFixed(0)],
    ['messages_out_s', figures.messagesOut.perSecond.toFixed(0)],
    ['bytes_in_s', figures.bytesIn.perSecond.toFixed(0)],
    ['bytes_out_s', figures.bytesOut.perSecond.toFixed(0)],
    ['turns_s', figures.turnsPerSecond.toFixed(0)],
    ['turn_ms_p50', figures.turnMsP50?.toFixed(3)],
    ['turn_ms_p99', figures.turnMsP99?.toFixed(3)],
    ['rss_mb', (figures.rssBytes / 1e6).toFixed(1)],
    ['bytes_per_connection', figures.bytesPerConnection?.toFixed(0)],
    ['cpu_percent', figures.cpuPercent.toFixed(1)],
    ['chatting', chatting],
    ['load', load?.open],
    ['errors', errors],
  ]);
}

/** The last line on a terminal: the totals. */
export function goodbye(figures: DemoFigures): string {
  const { connectionsTotal, messagesIn, messagesOut, bytesIn, bytesOut, uptimeSeconds } = figures;
  return (
    `Goodbye after ${formatDuration(uptimeSeconds)}: ${group(connectionsTotal)} connections, ` +
    `${group(messagesIn.total)} messages in (${formatBytes(bytesIn.total)}), ` +
    `${group(messagesOut.total)} out (${formatBytes(bytesOut.total)}).`
  );
}

/** The last line without a terminal. */
export function goodbyeLine(figures: DemoFigures): string {
  const totals = keyValues([
    ['connections', figures.connectionsTotal],
    ['messages_in', figures.messagesIn.total],
    ['messages_out', figures.messagesOut.total],
    ['bytes_in', figures.bytesIn.total],
    ['bytes_out', figures.bytesOut.total],
    ['seconds', figures.uptimeSeconds.toFixed(1)],
  ]);
  return `goodbye: ${totals}`;
}

function keyValues(pairs: readonly (readonly [string, string | number | undefined])[]): string {
  return pairs.map(([key, value]) => `${key}=${value ?? '-'}`).join(' ');
}
