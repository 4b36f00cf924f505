#!/usr/bin/env -S UV_THREADPOOL_SIZE=16 node
// The engine, the files and gzip share libuv's threads: with its default of four, a few slow queries would hold up inserts.
// Node reads the number before this file runs, hence the shebang (and scripts/run.mjs).
import { main } from '../main.js';

process.exitCode = await main(process.argv);
