/**
 * Seeded randomness. Every part of the fleet draws from a stream of its own, forked by name, so that a fault on one
 * channel changes nothing that another channel draws.
 *
 * The generator is sfc32 (Doty-Humphrey, PractRand); its state is filled from the seed's text by FNV-1a with
 * Murmur3's finaliser.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    this.#a = hash(seed, 1);
    this.#b = hash(seed, 2);
    this.#c = hash(seed, 3);
    for (let round = 0; round < 12; round += 1) this.uint32();
  }

  /** An independent stream: depends on this one's seed and the name, not on what has been drawn. */
  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer in [from, to). */
  integer(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from));
  }

  /** A waiting time of a Poisson process, as an integer. */
  exponential(mean: number): number {
    return Math.round(-Math.log(1 - this.fraction()) * mean);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** `words` times 32 bits as lower-case hex digits. */
  hex(words: number): string {
    let text = '';
    for (let word = 0; word < words; word += 1) text += this.uint32().toString(16).padStart(8, '0');
    return text;
  }
}

function hash(text: string, salt: number): number {
  let state = 0x811c9dc5 ^ salt;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return state ^ (state >>> 16);
}
