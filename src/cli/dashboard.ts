/** `ropewalk dashboard`: finds the dashboard of a running program, prints its figures, and opens its page. */
import { spawn } from 'node:child_process';
import { printable } from '../internal/printable.js';
import { formatBytes, formatCount } from './figures.js';
import { parseFlags } from './parse-flags.js';
import { UsageError } from './usage-error.js';

const DEFAULT_URL = 'http://127.0.0.1:7009/';
const TIMEOUT_MS = 3_000;
const NOT_FOUND = 1;

export const DASHBOARD_USAGE: string = `Usage: ropewalk dashboard [PORT | ADDRESS | URL] [flags]

Finds the dashboard of a running program, prints its figures, and opens its
page in the browser. The default is that of \`ropewalk demo\`:
${DEFAULT_URL}

  --no-open   print only
  --json      print the figures as JSON, and open nothing
  --help      show this

A program enables its dashboard with

  import { serverFromString } from 'ropewalk';
  import { serveDashboard } from 'ropewalk/dashboard';
  const endpoint = serverFromString(reactor, 'tcp:7009:interface=127.0.0.1');
  await serveDashboard(reactor, endpoint);
`;

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  'no-open': { type: 'boolean' },
} as const;

interface Status {
  readonly program: string;
  readonly title: string;
  readonly reactor: { readonly kind: string; readonly poller: string };
  readonly pid: number;
  readonly meters: readonly string[];
  readonly sample: {
    readonly open: number;
    readonly receivedPerSecond: number;
    readonly sentPerSecond: number;
    readonly rssBytes: number;
    readonly cpuPercent: number;
    readonly meters: readonly number[];
  } | null;
}

/**
 * @returns The exit code.
 * @throws UsageError
 */
export async function runDashboard(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags('dashboard', args, FLAGS, true);
  if (values.help) {
    process.stdout.write(DASHBOARD_USAGE);
    return 0;
  }
  if (positionals.length > 1) throw new UsageError('dashboard takes one port, address or URL');
  const url = dashboardUrl(positionals[0]);
  const status = await readStatus(url);
  if (typeof status === 'string') {
    process.stderr.write(
      `ropewalk: no dashboard at ${url}: ${status}. Start \`ropewalk demo\`, or enable the dashboard of a program: ` +
        '`ropewalk dashboard --help`\n',
    );
    return NOT_FOUND;
  }
  if (values.json) {
    process.stdout.write(`${JSON.stringify(status)}\n`);
    return 0;
  }
  process.stdout.write(printable(textOf(status, url)));
  if (!values['no-open'] && process.stdout.isTTY) openBrowser(url);
  return 0;
}

/** @throws UsageError */
function dashboardUrl(text: string | undefined): URL {
  if (text === undefined) return new URL(DEFAULT_URL);
  const address = /^\d+$/.test(text) ? `127.0.0.1:${text}` : text;
  const given = /^[^/]+:\d+$/.test(address) ? `http://${address}/` : text;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError(
    `"${text}" is not a port, an address or the URL of a dashboard, such as ${DEFAULT_URL}`,
  );
}

/** @returns The status, or why there is none. */
async function readStatus(url: URL): Promise<Status | string> {
  try {
    const response = await fetch(new URL('status.json', url), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) return `it answers with status ${response.status}`;
    const status = (await response.json()) as Partial<Status> | null;
    return status?.program === 'ropewalk dashboard'
      ? (status as Status)
      : 'another program answers';
  } catch (error) {
    const { cause, name, message } = error as Error & { cause?: Error & { code?: string } };
    if (cause?.code === 'ECONNREFUSED') return 'nothing listens there';
    if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`;
    return error instanceof SyntaxError
      ? 'another program answers'
      : (cause?.code ?? cause?.message ?? message);
  }
}

function textOf({ title, reactor, pid, meters, sample }: Status, url: URL): string {
  const lines = [`${title} (${reactor.kind}, ${reactor.poller}), process ${pid}: ${url}`];
  if (sample !== null) {
    const rates = meters.map((name, at) => `${name} ${formatCount(sample.meters[at] ?? 0)}/s`);
    const facts = [
      `${formatCount(sample.open)} connections`,
      ...rates,
      `received ${formatBytes(sample.receivedPerSecond)}/s`,
      `sent ${formatBytes(sample.sentPerSecond)}/s`,
      `memory ${formatBytes(sample.rssBytes)}`,
      `processor ${sample.cpuPercent.toFixed(0)} %`,
    ];
    lines.push(facts.join(', '));
  }
  return `${lines.join('\n')}\n`;
}

/** A machine without a browser has the printed URL. */
function openBrowser({ href }: URL): void {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(command as string, [...args, href], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
