import { Option, type Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/load.js';

export interface CommonOptions {
  readonly config?: string;
  readonly data?: string;
}

/** `--config` and `--data`, which every command has. */
export function withCommonOptions(command: Command): Command {
  return command
    .addOption(new Option('--config <file>', 'configuration (YAML); all keys have defaults'))
    .addOption(
      new Option('--data <dir>', 'data directory; ./halfopen-data unless the configuration says otherwise'),
    );
}

export function configOf({ config, data }: CommonOptions): Config {
  return loadConfig(config, data === undefined ? {} : { data });
}

export const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 the call or the configuration is wrong,
            3 another process owns the data directory and can't be asked`;
