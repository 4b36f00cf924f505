import { suggestion } from '@halfopen/checked-yaml';
import { RULE_NAMES } from '@halfopen/telemetry';
import { isDetector } from '../detection/detectors.js';
import { isProbeId, PROBE_IDS } from '../probes/probes.js';
import type { Condition } from './condition.js';

/** What is wrong with a condition, for whoever wrote it. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
}

const TOKEN = /\s*(?:([()])|([A-Za-z0-9_-]+)|(\S))/gy;
const DEPTH_MAX = 64;
const TOKENS_MAX = 1000;

/**
 * `writes-stall and not (hears-nothing or heartbeat-gap)`: names of probes and of the rules that are shipped; `not` binds
 * closest, then `and`, then `or`.
 *
 * @throws ConditionError
 */
export function parseCondition(text: string): Condition {
  const tokens = tokensOf(text);
  const parser = new Parser(tokens);
  const condition = parser.or(0);
  parser.expectEnd();
  return condition;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (const [, bracket, word, other] of text.trim().matchAll(TOKEN)) {
    if (other !== undefined)
      throw new ConditionError(
        `${JSON.stringify(other)} has no meaning in a condition: names, and, or, not and brackets have (SQL begins with SELECT or WITH)`,
      );
    tokens.push(bracket ?? word ?? '');
    if (tokens.length > TOKENS_MAX) throw new ConditionError(`more than ${TOKENS_MAX} words`);
  }
  return tokens;
}

class Parser {
  #next = 0;

  constructor(private readonly tokens: readonly string[]) {}

  or(depth: number): Condition {
    return this.#chain('or', () => this.#and(depth));
  }

  expectEnd(): void {
    const token = this.tokens[this.#next];
    if (token !== undefined) throw new ConditionError(`expected and, or or the end, not ${token}`);
  }

  #and(depth: number): Condition {
    return this.#chain('and', () => this.#not(depth));
  }

  #chain(kind: 'and' | 'or', part: () => Condition): Condition {
    const parts = [part()];
    while (this.#peek() === kind) {
      this.#next++;
      parts.push(part());
    }
    const [first] = parts;
    return parts.length === 1 && first !== undefined ? first : { kind, parts };
  }

  #not(depth: number): Condition {
    if (depth > DEPTH_MAX) throw new ConditionError(`nested deeper than ${DEPTH_MAX} levels`);
    if (this.#peek() === 'not') {
      this.#next++;
      return { kind: 'not', of: this.#not(depth + 1) };
    }
    if (this.#peek() !== '(') return this.#name();
    this.#next++;
    const inner = this.or(depth + 1);
    if (this.#peek() !== ')') throw new ConditionError(`a bracket is not closed`);
    this.#next++;
    return inner;
  }

  #name(): Condition {
    const token = this.tokens[this.#next++];
    if (token === undefined || token === ')' || ['and', 'or'].includes(token.toLowerCase()))
      throw new ConditionError(`expected the name of a probe or rule, not ${token ?? 'the end'}`);
    if (isDetector(token)) return { kind: 'detector', name: token };
    if (isProbeId(token)) return { kind: 'probe', id: token };
    throw new ConditionError(
      `no probe or shipped rule is called ${token}; ${suggestion([...RULE_NAMES, ...PROBE_IDS], token)}`,
    );
  }

  #peek(): string | undefined {
    const token = this.tokens[this.#next];
    // As in PromQL and SQL, words are words in either case; names are not.
    return token !== undefined && /^(and|or|not)$/i.test(token) ? token.toLowerCase() : token;
  }
}
