import type { DeadLetterDesk } from '@halfopen/stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { letterJson, LETTERS_MAX, parsePosition } from '../dead-letters/letters.js';
import { parseInstant } from '../instant.js';
import { valid } from './request.js';

const listQuery = z.strictObject({
  reason: z.string().min(1).max(64).optional(),
  since: z.string().max(64).optional(),
  whole: z.literal('only').optional(),
  limit: z.coerce.number().int().min(1).max(LETTERS_MAX).default(100),
});
const offerBody = z.strictObject({ positions: z.array(z.string().max(300)).min(1).max(LETTERS_MAX) });

/** Messages that could not be read: which there are, and another try for them. */
export function addDeadLetters(app: FastifyInstance, desk: DeadLetterDesk): void {
  app.get('/api/v1/dead-letters', async (request) => {
    const { reason, since, whole, limit } = valid(listQuery, request.query);
    const sinceMs = since === undefined ? undefined : parseInstant(since, 'since');
    const { letters, more } = await desk.open({ reason, sinceMs, wholeOnly: whole === 'only' }, limit);
    return { dead_letters: letters.map(letterJson), more };
  });
  let offering = false;
  app.post('/api/v1/dead-letters/offer', async (request, reply) => {
    const { positions } = valid(offerBody, request.body);
    const wanted = positions.map(parsePosition);
    // Each is in memory whole, and as large as a message may be.
    if (offering)
      return reply
        .code(429)
        .header('Retry-After', '10')
        .send({ error: 'dead letters are being offered; try again when that has ended' });
    offering = true;
    try {
      return { outcomes: await desk.offer(wanted) };
    } finally {
      offering = false;
    }
  });
}
