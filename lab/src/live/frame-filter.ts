/** RFC 6455, section 5.2. */
const TEXT = 0x1;

/** A head that is longer is no answer to an upgrade. */
const HEAD_BYTES_MAX = 65_536;

/**
 * The bytes of a WebSocket from the upgrade's answer on, with whole text messages taken out while that is asked for. The
 * rest passes unchanged, control frames as well.
 */
export class FrameFilter {
  dropping = false;
  dropped = 0;
  #kept: Buffer = Buffer.alloc(0);
  #headPassed = false;
  /** Of the frame whose header has been seen: bytes of it still to come, and whether they pass. */
  #rest = { bytes: 0, passes: true };

  /** @returns what goes on of these bytes, and of those kept before */
  push(chunk: Buffer): Buffer[] {
    let bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const out: Buffer[] = [];
    if (!this.#headPassed) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0 && bytes.length < HEAD_BYTES_MAX) {
        this.#kept = bytes;
        return out;
      }
      this.#headPassed = true;
      out.push(bytes.subarray(0, end < 0 ? bytes.length : end + 4));
      bytes = bytes.subarray(end < 0 ? bytes.length : end + 4);
    }
    while (bytes.length > 0) {
      if (this.#rest.bytes === 0) {
        const length = frameLength(bytes);
        if (length === undefined) break;
        const passes = !(this.dropping && ((bytes[0] ?? 0) & 0x8f) === (0x80 | TEXT)); // FIN and text
        if (!passes) this.dropped += 1;
        this.#rest = { bytes: length, passes };
      }
      const taken = Math.min(this.#rest.bytes, bytes.length);
      if (this.#rest.passes) out.push(bytes.subarray(0, taken));
      this.#rest.bytes -= taken;
      bytes = bytes.subarray(taken);
    }
    this.#kept = bytes;
    return out;
  }
}

/** Header and payload of the frame that begins here; undefined until its header is whole. */
function frameLength(bytes: Buffer): number | undefined {
  const second = bytes[1];
  if (second === undefined) return undefined;
  const mask = second >= 0x80 ? 4 : 0;
  const short = second & 0x7f;
  if (short < 126) return 2 + mask + short;
  if (short === 126) return bytes.length < 4 ? undefined : 4 + mask + bytes.readUInt16BE(2);
  return bytes.length < 10 ? undefined : 10 + mask + Number(bytes.readBigUInt64BE(2));
}
