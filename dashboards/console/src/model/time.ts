/** How long, in the unit that a person would say: `340 ms`, `3 s`, `2 m 10 s`, `5 h 3 m`, `12 d`. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  if (size < 1) return `${(size * 1000).toFixed(0)} µs`;
  if (size < 1000) return `${size < 10 ? size.toFixed(1) : size.toFixed(0)} ms`;
  const seconds = Math.floor(size / 1000);
  if (seconds < 10) return `${(size / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60)
    return seconds % 60 === 0 || minutes >= 10 ? `${minutes} m` : `${minutes} m ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${minutes % 60} m`;
  return `${Math.floor(hours / 24)} d`;
}

/** For a column of a list: whole seconds, short. */
export function age(at_ms: number | null, now_ms: number): string {
  if (at_ms === null) return '–';
  const seconds = Math.max(0, Math.round((now_ms - at_ms) / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} m`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** `12:03:10`, in the viewer's zone. */
export function clock(at_ms: number, fraction = false): string {
  const at = new Date(at_ms);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  return fraction ? `${time}.${pad(at.getMilliseconds(), 3)}` : time;
}

/** `1 Oct 12:03:10`, in the viewer's zone; with the year when it is another one. */
export function moment(at_ms: number, now_ms: number): string {
  const at = new Date(at_ms);
  const today = new Date(now_ms).toDateString() === at.toDateString();
  if (today) return clock(at_ms);
  const year = at.getFullYear() === new Date(now_ms).getFullYear() ? '' : ` ${at.getFullYear()}`;
  return `${at.getDate()} ${MONTHS[at.getMonth()] ?? ''}${year} ${clock(at_ms)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-10-01 12:03:10.123 UTC` */
export function utc(at_ms: number): string {
  return Number.isFinite(at_ms) ? new Date(at_ms).toISOString().replace('T', ' ').replace('Z', ' UTC') : '';
}

/** `2026-10-01T12:03:10Z`, for addresses: without needless fractions. */
export function instantText(at_ms: number): string {
  return new Date(at_ms).toISOString().replace('.000Z', 'Z');
}

/** Of an address; undefined when it is none. */
export function instantOf(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  // Date.parse alone takes `-1` for a year.
  const at_ms = /^\d{12,14}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d\d-\d\dT/.test(text)
      ? Date.parse(text)
      : NaN;
  return Number.isFinite(at_ms) ? at_ms : undefined;
}
