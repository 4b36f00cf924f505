/**
 * The engine server as a process of its own, to be killed. Before it takes anything it looks at what the last one left,
 * and carries out the statements. Prints one line: its address, and rows by table.
 *
 *     node engine-server-process.js DIR PORT [STATEMENT...]
 */
import { join } from 'node:path';
import { Session } from 'chdb';
import { EngineServer } from './engine-server.js';

const [dir = '', port = '0', ...statements] = process.argv.slice(2);
const session = new Session(join(dir, 'engine-server', 'engine'));
const left = await session.queryAsync(
  `SELECT mapFromArrays(groupArray(table), groupArray(rows)) AS left
   FROM (SELECT table, sum(rows) AS rows FROM system.parts WHERE active AND database = 'default' GROUP BY table)`,
  { format: 'JSONEachRow' },
);
for (const statement of statements) await session.queryAsync(statement);
const server = await EngineServer.open(dir, Number(port));
process.stdout.write(`${JSON.stringify({ url: server.url, ...(JSON.parse(left.text()) as object) })}\n`);
