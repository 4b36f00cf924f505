#!/usr/bin/env -S UV_THREADPOOL_SIZE=16 node
// Committed, not compiled: npm links commands at install, before anything is built.
// The engine, the files and gzip share libuv's threads: with its default of four, a few slow queries would hold up
// inserts. Node reads the number before this file runs, hence the shebang (and scripts/run.mjs).
import { main } from '../dist/src/index.js';

process.exitCode = await main(process.argv);
