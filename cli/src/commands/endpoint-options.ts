import { InvalidArgumentError, type Command } from 'commander';
import type { Overrides } from '../config/load.js';
import type { CommonOptions } from './options.js';

/** Where an `up` listens, as the command line may say it; goes to `loadConfig` as it is. */
export interface EndpointOptions extends CommonOptions, Overrides {}

export function endpointOptions(command: Command): Command {
  return command
    .option(
      '--otlp-port <port>',
      'where OTLP/HTTP is taken; 4318 unless configured; 0 for any free one',
      portNumber,
    )
    .option(
      '--api-port <port>',
      'where the API listens; 8321 unless configured; 0 for any free one',
      portNumber,
    )
    .option(
      '--sql-port <port>',
      "where ClickHouse's HTTP protocol is spoken; 8123 unless configured; 0 for any free one",
      portNumber,
    );
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('expected a port from 0 to 65535.');
  return port;
}
