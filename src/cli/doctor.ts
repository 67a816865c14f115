/** `ropewalk doctor`: reports whether the native reactor works on this machine, why not, and what to change. */
import { type DoctorReport, examine } from './doctor-report.js';
import { parseFlags } from './parse-flags.js';
import { REACTOR_CHOICES } from './reactor-choice.js';

export const DOCTOR_USAGE: string = `Usage: ropewalk doctor [--json]

Reports the platform, the addon or why it does not load, pollers, the engine of
TLS and limits, and what to change for servers with very many connections.

Exit code 0: the native reactor works; 1: only the pure-JS reactor does.
`;

const NATIVE = 0;
const PURE_JS = 1;

/**
 * Prints the report.
 * @returns The exit code.
 * @throws UsageError
 */
export async function runDoctor(args: readonly string[], version: string): Promise<number> {
  const flags = parseFlags('doctor', args, FLAGS).values;
  if (flags.help === true) {
    process.stdout.write(DOCTOR_USAGE);
    return 0;
  }
  const report = await examine(version);
  const text = flags.json === true ? JSON.stringify(report, undefined, 2) : describeReport(report);
  process.stdout.write(`${text}\n`);
  return report.pollers.length > 0 ? NATIVE : PURE_JS;
}

const FLAGS = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } as const;

export function describeReport(report: DoctorReport): string {
  const { libc, addon, problem, attempts, pollers, pollerProblem, advice } = report;
  const rows: [string, string][] = [
    ['ropewalk', report.version],
    ['platform', `${report.platform}${libc ? ` (${libc})` : ''}, ${report.system}`],
    ['engine', report.engine],
    ['reactor', report.reactor === 'native' ? 'native' : 'node, the pure-JS one'],
    ...chosenRow(report),
    ['addon', addon ?? problem ?? ''],
    ...attempts.map(({ file, error }): [string, string] => ['  tried', `${file}: ${error}`]),
    ['pollers', pollers.join(', ') || 'none'],
    ...(pollerProblem === undefined ? [] : [['  failed', pollerProblem] as [string, string]]),
    ['TLS', describeTLS(report)],
    ['IPv6', report.ipv6Loopback ? 'yes' : 'no: nothing can listen on ::1'],
    ['thread pool', `${report.threadPoolThreads} threads (UV_THREADPOOL_SIZE)`],
    ...limitRows(report.limits),
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(14)}${value}`);
  if (advice.length > 0) lines.push('', 'To change:');
  for (const { why, what } of advice) lines.push(`  ${why}:`, `    ${what}`);
  return lines.join('\n');
}

function chosenRow({ chosen }: DoctorReport): [string, string][] {
  if (chosen === undefined) return [];
  const known = REACTOR_CHOICES.some((choice) => choice === chosen);
  const problem = known ? '' : `; it must be one of ${REACTOR_CHOICES.join(', ')}`;
  return [['  chosen', `${chosen}, by ROPEWALK_REACTOR${problem}`]];
}

function describeTLS({ tls, tlsVersion = '', tlsProblem = '' }: DoctorReport): string {
  return tls === 'native' ? `native, over ${tlsVersion}` : `node:tls, because ${tlsProblem}`;
}

function limitRows(limits: DoctorReport['limits']): [string, string][] {
  const rows: [string, number | string | undefined][] = [
    [
      'open files',
      limits.openFiles &&
        `${shown(limits.openFiles)} (hard limit ${shown(limits.openFilesHard)}, fs.nr_open ${shown(limits.openFilesMax)})`,
    ],
    ['accept queue', limits.acceptQueue],
    ['local ports', limits.localPorts?.join('-')],
    ['tcp_migrate', limits.migrateRequests],
    ['rmem_max', limits.receiveBufferBytes],
    ['wmem_max', limits.sendBufferBytes],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
}

function shown(limit: number | undefined): string {
  if (limit === undefined) return 'unknown';
  return limit === Number.MAX_SAFE_INTEGER ? 'unlimited' : String(limit);
}
