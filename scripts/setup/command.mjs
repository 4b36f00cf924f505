// Commands of the set-up: quiet while they succeed, their last words shown when they fail.
import { spawn } from 'node:child_process';

const LAST_WORDS_CHARS = 4000;

/** @throws Error with what the command said last */
export function quietly(command, args, { timeout_ms, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeout_ms,
      ...options,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-LAST_WORDS_CHARS)));
    child.once('error', (cause) =>
      reject(new Error(`${command} could not be started: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) =>
      code === 0
        ? resolve()
        : reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}:\n${said.trimEnd()}`)),
    );
  });
}
