/** `ropewalk completion`: scripts that complete the command in bash, zsh and fish. */
import { BUILT_INS } from './built-ins.js';
import { DASHBOARD_USAGE } from './dashboard.js';
import { DEMO_USAGE } from './demo-options.js';
import { DOCTOR_USAGE } from './doctor.js';
import { parseFlags } from './parse-flags.js';
import { choice } from './reactor-choice.js';
import { RUN_USAGE } from './run-options.js';
import { TALK_USAGE } from './talk-options.js';
import { UsageError } from './usage-error.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

const COMPLETION_USAGE = `Usage: ropewalk completion bash|zsh|fish

Prints a script that completes commands, flags and files.

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

function flagsOf(command: string): string[] {
  const found = (USAGES[command] ?? '').matchAll(/^ {2}(--[a-z-]+)/gm);
  return [...new Set([...found].map(([, flag]) => flag as string))].sort();
}

/** The words behind a command, besides files. */
function wordsOf(command: string): string[] {
  if (command === 'completion') return [...SHELLS];
  return command === 'help' ? Object.keys(USAGES) : flagsOf(command);
}

function bash(): string {
  const cases = Object.keys(USAGES).map((command) => {
    return `    ${command}) words='${wordsOf(command).join(' ')}' ;;`;
  });
  return `_ropewalk() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${Object.keys(USAGES).join(' ')}' -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _ropewalk ropewalk
`;
}

/** zsh runs the functions of bash. */
function zsh(): string {
  return `autoload -U +X bashcompinit && bashcompinit\n${bash()}`;
}

function fish(): string {
  const commands = Object.keys(USAGES);
  const lines = commands.map((command) => {
    return `complete -c ropewalk -n __fish_use_subcommand -f -a ${command}`;
  });
  for (const command of commands) {
    const behind = `complete -c ropewalk -n '__fish_seen_subcommand_from ${command}'`;
    for (const word of wordsOf(command)) {
      lines.push(
        word.startsWith('--') ? `${behind} -l ${word.slice(2)}` : `${behind} -f -a ${word}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
