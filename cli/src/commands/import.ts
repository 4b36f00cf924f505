import { basename } from 'node:path';
import type { Command } from 'commander';
import { currentOwner, own } from '../data-dir/owner.js';
import type { Config } from '../config/load.js';
import { EXIT, Failure } from '../failure.js';
import { openLog } from '../service/log.js';
import { openPipeline } from '../service/pipeline.js';
import { remoteOf } from '../service/access.js';
import { directSink, importFile, remoteSink, type Imported, type Sink } from '../recording/import-file.js';
import { configOf, EXIT_CODES, withCommonOptions, type CommonOptions } from './options.js';

export function addImport(program: Command): void {
  withCommonOptions(program.command('import'))
    .description('load recorded telemetry: OTLP JSON lines, or protobuf with 4-byte length prefixes; .gz too')
    .argument('<file...>', "as the OpenTelemetry Collector's file exporter writes them")
    .addHelpText(
      'after',
      `
What is stored already is not stored again, so the same file twice makes no duplicates.
A line that can't be read ends its file with exit code 1; what came before it is kept.

Example:
  halfopen import recording.jsonl.gz
${EXIT_CODES}`,
    )
    .action(async (files: string[], options: CommonOptions) => {
      await withSink(configOf(options), async (sink) => {
        for (const file of files) report(file, await importFile(file, sink, progress(file)));
      });
    });
}

async function withSink(config: Config, work: (sink: Sink) => Promise<void>): Promise<void> {
  const ownership = await own(config.data, 'import');
  if (ownership === undefined) {
    const remote = remoteOf(config);
    await work(
      remoteSink(
        new URL('/v1/traces', remote.collectorUrl),
        remote.headers(),
        currentOwner(config.data)?.pid ?? 0,
      ),
    );
    return;
  }
  try {
    const quiet = { ...config, log: { level: 'error' as const } };
    const pipeline = await openPipeline(quiet, openLog(quiet));
    try {
      await work(directSink(pipeline));
    } finally {
      await pipeline.close();
    }
  } finally {
    await ownership.release();
  }
}

/** On a terminal, one line that counts up. */
function progress(file: string): (imported: Imported) => void {
  if (!process.stderr.isTTY) return () => undefined;
  let last = 0;
  return ({ spans, requests }) => {
    if (Date.now() - last < 100) return;
    last = Date.now();
    process.stderr.write(`\r${basename(file)}: ${spans} spans in ${requests} requests`);
  };
}

function report(file: string, imported: Imported): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const { spans, requests, duplicates, failure } = imported;
  const known =
    duplicates === undefined
      ? ''
      : ` (${duplicates === 0 ? 'none' : duplicates === requests ? 'all' : String(duplicates)} of them stored before)`;
  process.stdout.write(`${spans} spans in ${requests} requests from ${basename(file)}${known}\n`);
  if (failure !== undefined) throw new Failure(failure, EXIT.failed);
}
