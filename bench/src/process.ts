import { readFile } from 'node:fs/promises';

/** Ticks of /proc/PID/stat a second (USER_HZ, 100 on every Linux that Node runs on). */
const TICKS_PER_S = 100;

/** CPU-seconds of a process so far; Linux only. proc(5): user and system time are the 14th and 15th fields, counted behind the name in brackets. */
export async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** Most memory that it has had resident, MB; Linux only. */
export async function peakMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024;
}
