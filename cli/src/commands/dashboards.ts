import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PASSWORD_VARIABLE, provisioningFiles } from '@halfopen/grafana';
import { Option, type Command } from 'commander';
import { Failure } from '../failure.js';
import { configOf, EXIT_CODES, withCommonOptions, type CommonOptions } from './options.js';

interface WriteOptions extends CommonOptions {
  readonly host: string;
  readonly port?: string;
  readonly username: string;
  readonly passwordFile?: string;
  readonly publicUrl?: string;
  readonly dashboardsPath?: string;
}

export function addDashboards(program: Command): void {
  const dashboards = program.command('dashboards').description("Grafana's dashboards and how it finds them");
  withCommonOptions(dashboards.command('write'))
    .description('write the dashboards, and what provisions them and their data source, for Grafana to mount')
    .argument('<dir>', 'folder to write into; files of an earlier run are written over')
    .addOption(
      new Option('--host <name>', "host of Halfopen's ClickHouse port, as Grafana reaches it").default(
        '127.0.0.1',
      ),
    )
    .addOption(new Option('--port <number>', 'that port; sql.port of the configuration unless given'))
    .addOption(
      new Option(
        '--username <name>',
        'who asks there; a user of the ClickHouse server where it is one',
      ).default('halfopen'),
    )
    .addOption(
      new Option(
        '--password-file <file>',
        `file that holds the password, as Grafana sees it; ${PASSWORD_VARIABLE} of its environment unless given`,
      ),
    )
    .addOption(
      new Option(
        '--public-url <url>',
        "address of the console, as the reader's browser reaches it; notifications.publicUrl unless given",
      ),
    )
    .addOption(
      new Option(
        '--dashboards-path <dir>',
        'where Grafana will find the folder dashboards/; where it is written unless given',
      ),
    )
    .addHelpText(
      'after',
      `
Writes DIR/dashboards/*.json, DIR/provisioning/datasources/halfopen.yaml and
DIR/provisioning/dashboards/halfopen.yaml. The token is not written: Grafana
reads it from its own environment, ${PASSWORD_VARIABLE}, or from --password-file.

Example:
  halfopen dashboards write ./grafana
  docker run --network host -e ${PASSWORD_VARIABLE} -e GF_INSTALL_PLUGINS=grafana-clickhouse-datasource \\
    -v ./grafana/provisioning:/etc/grafana/provisioning -v ./grafana/dashboards:/var/lib/grafana/halfopen \\
    grafana/grafana:12.3.0        (with --dashboards-path /var/lib/grafana/halfopen)
${EXIT_CODES}`,
    )
    .action(async (dir: string, options: WriteOptions) => {
      for (const file of await write(dir, options)) console.log(file);
    });
}

/** @returns the files written */
async function write(dir: string, options: WriteOptions): Promise<string[]> {
  const { notifications, api, sql } = configOf(options);
  const { publicUrl = `http://127.0.0.1:${api.port}`, runbooksUrl } = notifications.links;
  const files = provisioningFiles({
    host: options.host,
    port: options.port === undefined ? sql.port : portOf(options.port),
    username: options.username,
    ...(options.passwordFile === undefined ? {} : { passwordFile: options.passwordFile }),
    publicUrl: options.publicUrl === undefined ? publicUrl : addressOf(options.publicUrl),
    runbooksUrl,
    dashboardsPath: options.dashboardsPath ?? resolve(dir, 'dashboards'),
  });
  const written: string[] = [];
  for (const [name, text] of files) {
    const file = join(dir, name);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Failure(`${file} could not be written: ${reason}`, 1, { cause });
    }
    written.push(file);
  }
  return written;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535)
    throw new Failure(`--port ${text}: expected a port from 1 to 65535, as in --port 8123`, 2);
  return port;
}

function addressOf(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text;
  throw new Failure(
    `--public-url ${text}: expected an http or https address, as in https://halfopen.example.net`,
    2,
  );
}
