import { statSync } from 'node:fs';
import { MistakeError } from '@halfopen/checked-yaml';
import { filesOf, openRuleBook, openRuleSql, readRuleBook, SHIPPED, type RuleBook } from '@halfopen/rules';
import type { PeopleSql, PeopleStore } from '@halfopen/store';
import type { Config } from '../config/load.js';
import type { Log } from './log.js';

export interface ShelfStatus {
  /** Of the book in force, ms since the epoch. */
  readonly loadedAtMs: number;
  /** What is wrong with the files as they are now: the rules before them go on. */
  readonly mistake?: string;
}

/** The rules in force: what is shipped, and what the files of the configuration make of it. They are looked at again and again. */
export class RuleShelf {
  #book: RuleBook = SHIPPED;
  #status: ShelfStatus = { loadedAtMs: Date.now() };
  /** Of the files that were read last, be it in vain. */
  #seen = '';
  #loading: Promise<void> | undefined;
  readonly #people: PeopleSql;

  private constructor(
    private readonly files: Config['rules'],
    store: PeopleStore,
    private readonly now: () => number,
    private readonly log: Log,
  ) {
    this.#people = openRuleSql(store);
  }

  /**
   * @param now at which SQL is tried out, ms since the epoch
   * @throws MistakeError with file and line
   */
  static async open(
    { rules }: Config,
    store: PeopleStore,
    log: Log,
    now: () => number = Date.now,
  ): Promise<RuleShelf> {
    const shelf = new RuleShelf(rules, store, now, log);
    try {
      await shelf.#load();
      return shelf;
    } catch (error) {
      await shelf.close();
      throw error;
    }
  }

  /** At once; where the files have changed, they are in force a little later. */
  book(): RuleBook {
    if (this.#loading === undefined && this.#fingerprint() !== this.#seen)
      this.#loading = this.#reload().finally(() => (this.#loading = undefined));
    return this.#book;
  }

  status(): ShelfStatus {
    return this.#status;
  }

  async close(): Promise<void> {
    await this.#people.close();
    await this.#loading;
  }

  async #reload(): Promise<void> {
    try {
      await this.#load();
      this.log.info({ rules: this.#book.rules.length }, 'the rule files have changed and are in force');
    } catch (error) {
      const mistake = error instanceof Error ? error.message : String(error);
      this.#status = { ...this.#status, mistake };
      this.log.error({ mistake }, 'the rule files have changed and are wrong: the rules before go on');
      // Of what is no mistake of theirs, such as a store that is away, they may be right at the next look.
      if (!(error instanceof MistakeError)) this.#seen = '';
    }
  }

  async #load(): Promise<void> {
    const { files: rules, causes } = this.files;
    this.#seen = this.#fingerprint();
    if (rules.length === 0 && causes === undefined) return;
    this.#book = await openRuleBook(readRuleBook({ rules, causes }), this.#people, this.now());
    this.#status = { loadedAtMs: Date.now() };
  }

  /** Changes when a file does. */
  #fingerprint(): string {
    const { files, causes } = this.files;
    return [...filesOf(files), ...(causes === undefined ? [] : [causes])]
      .map((file) => {
        const stat = statSync(file, { throwIfNoEntry: false });
        return `${file} ${stat?.ino ?? 'gone'} ${stat?.mtimeMs ?? 0} ${stat?.size ?? 0}`;
      })
      .join('\n');
  }
}
