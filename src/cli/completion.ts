/** `ropewalk completion`: scripts that complete the command in bash, zsh and fish. */
import { BUILT_INS } from './built-ins.js';
import { DASHBOARD_USAGE } from './dashboard.js';
import { DEMO_USAGE } from './demo-options.js';
import { DOCTOR_USAGE } from './doctor.js';
import { NEW_USAGE } from './new.js';
import { parseFlags } from './parse-flags.js';
import { PASSWD_USAGE } from './passwd.js';
import type { PluginKind } from './plugin-manifest.js';
import { PLUGINS_USAGE } from './plugins-command.js';
import { choice, REACTOR_CHOICES } from './reactor-choice.js';
import { LOG_FORMATS, RUN_USAGE } from './run-options.js';
import { TALK_USAGE } from './talk-options.js';
import { UsageError } from './usage-error.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const COMPLETION_USAGE = `Usage: ropewalk completion bash|zsh|fish

Prints a script that completes commands, flags, files and names of plug-ins.

  bash: source <(ropewalk completion bash)      in ~/.bashrc
  zsh:  source <(ropewalk completion zsh)       in ~/.zshrc, after compinit
  fish: ropewalk completion fish | source       in config.fish
`;

/** The flags of the commands are those that their help explains. */
const USAGES: Readonly<Record<string, string>> = {
  completion: COMPLETION_USAGE,
  dashboard: DASHBOARD_USAGE,
  demo: DEMO_USAGE,
  doctor: DOCTOR_USAGE,
  help: '',
  new: NEW_USAGE,
  passwd: PASSWD_USAGE,
  plugins: PLUGINS_USAGE,
  run: RUN_USAGE,
  talk: TALK_USAGE,
  version: '',
  ...Object.fromEntries(BUILT_INS.map(({ name, usage }) => [name, usage + RUN_USAGE])),
};

/** @returns The exit code. @throws UsageError */
export function runCompletion(args: readonly string[]): number {
  const flags = { help: { type: 'boolean', short: 'h' } } as const;
  const { values, positionals } = parseFlags('completion', args, flags, true);
  if (values.help === true) {
    process.stdout.write(COMPLETION_USAGE);
    return 0;
  }
  const [shell, ...rest] = positionals;
  if (shell === undefined || rest.length > 0) {
    throw new UsageError('completion takes one shell: bash, zsh or fish');
  }
  const chosen = choice('the shell', shell, SHELLS);
  process.stdout.write(chosen === 'fish' ? fish() : chosen === 'zsh' ? zsh() : bash());
  return 0;
}

/** Commands that take names of plug-ins, by kind. */
const PLUGINS_BEHIND: Readonly<Record<string, PluginKind>> = { help: 'commands', run: 'services' };

function flagsOf(command: string): string[] {
  const found = (USAGES[command] ?? '').matchAll(/^ {2}(--[a-z\d-]+)/gm);
  return [...new Set([...found].map(([, flag]) => flag as string))].sort();
}

/** The values of flags that have few. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--log': LOG_FORMATS,
  '--reactor': REACTOR_CHOICES,
};

/** The flags of all commands with a value, which is a file or anything else unless it is one of VALUES. */
function flagsWithValue(): string[] {
  const found = Object.values(USAGES)
    .join('\n')
    .matchAll(/^ {2}(--[a-z\d-]+) [A-Z]/gm);
  return [...new Set([...found].map(([, flag]) => flag as string))].sort();
}

/** The words behind a command, besides flags, files and names of plug-ins. */
function wordsOf(command: string): readonly string[] {
  if (command === 'completion') return SHELLS;
  if (command === 'new') return ['protocol', 'service'];
  return command === 'help' ? Object.keys(USAGES) : [];
}

/** Lines of `case` for the word before. */
function bashValues(): string[] {
  const chosen = Object.entries(VALUES).map(
    ([flag, values]) => `    ${flag}) words='${values.join(' ')}' ;;`,
  );
  const others = flagsWithValue().filter((flag) => VALUES[flag] === undefined);
  return [...chosen, `    ${others.join('|')}) words='' ;;`];
}

/** Flags are completed behind a hyphen; other words are files if none of the words matches. */
function bash(): string {
  const cases = Object.keys(USAGES).map((command) => {
    const kind = PLUGINS_BEHIND[command];
    const plugins = kind === undefined ? '' : ` $("$1" plugins --names ${kind} 2>/dev/null)`;
    const words = `words="${wordsOf(command).join(' ')}${plugins}"`;
    return `    ${command}) flags='${flagsOf(command).join(' ')}'; [[ $word == -* ]] || ${words} ;;`;
  });
  return `_ropewalk() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words='' flags=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${Object.keys(USAGES).join(' ')} $("$1" plugins --names commands 2>/dev/null)"
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${bashValues().join('\n')}
  esac
  if [[ $word == -* ]]; then words=$flags; fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _ropewalk ropewalk
`;
}

/** zsh runs the functions of bash. */
function zsh(): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash()}`;
}

function fishValue(flag: string): string {
  const values = VALUES[flag];
  if (values !== undefined) return ` -x -a '${values.join(' ')}'`;
  return flagsWithValue().includes(flag) ? ' -r' : '';
}

function fish(): string {
  const plugins = (kind: PluginKind): string => {
    return `-a '(ropewalk plugins --names ${kind} 2>/dev/null)'`;
  };
  const lines = Object.keys(USAGES).map((command) => {
    return `complete -c ropewalk -n __fish_use_subcommand -f -a ${command}`;
  });
  lines.push(`complete -c ropewalk -n __fish_use_subcommand -f ${plugins('commands')}`);
  for (const command of Object.keys(USAGES)) {
    const behind = `complete -c ropewalk -n '__fish_seen_subcommand_from ${command}'`;
    const kind = PLUGINS_BEHIND[command];
    if (kind !== undefined) lines.push(`${behind} ${plugins(kind)}`);
    for (const flag of flagsOf(command))
      lines.push(`${behind} -l ${flag.slice(2)}${fishValue(flag)}`);
    for (const word of wordsOf(command)) lines.push(`${behind} -f -a ${word}`);
  }
  return `${lines.join('\n')}\n`;
}
