import { positionText, type DeadLetterDesk, type OfferOutcome } from '@halfopen/stream';
import { letterOf, type LetterJson } from './letters.js';

/** Answers of the API of a running `up`. */
export interface DeadLettersApi {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
}

/** One request offers so many: each is stored before it is answered. */
const OFFERS_AT_ONCE = 50;

export function deskThroughApi(api: DeadLettersApi): DeadLetterDesk {
  return {
    async open({ reason, sinceMs, wholeOnly }, limit) {
      const params = new URLSearchParams({
        limit: String(limit),
        ...(reason === undefined ? {} : { reason }),
        ...(sinceMs === undefined ? {} : { since: String(sinceMs) }),
        ...(wholeOnly === true ? { whole: 'only' } : {}),
      });
      const { dead_letters: letters, more } = (await api.get(
        `/api/v1/dead-letters?${params.toString()}`,
      )) as { dead_letters: LetterJson[]; more: number };
      return { letters: letters.map(letterOf), more };
    },
    async offer(positions) {
      const outcomes: OfferOutcome[] = [];
      for (let at = 0; at < positions.length; at += OFFERS_AT_ONCE) {
        const part = positions.slice(at, at + OFFERS_AT_ONCE).map(positionText);
        const answer = await api.post('/api/v1/dead-letters/offer', { positions: part });
        outcomes.push(...(answer as { outcomes: OfferOutcome[] }).outcomes);
      }
      return outcomes;
    },
  };
}
