import type { OtlpEncoding } from '@halfopen/otlp';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendRefusal, sendSuccess } from './answer.js';
import { authenticator } from './auth.js';
import { requireEncoding } from './content.js';
import type { TraceIntake } from './intake.js';
import type { CollectorMetrics } from './metrics.js';
import { refuseForNow } from './refusal.js';
import { TRACES_PATH, unmatched } from './unmatched.js';

interface TracesRoute {
  readonly bearerToken: string | undefined;
  readonly intake: TraceIntake;
  readonly metrics: CollectorMetrics;
  readonly isClosing: () => boolean;
}

/** `POST /v1/traces`, and an answer in OTLP's words to all that goes wrong, there and on paths that do not exist. */
export function addTracesRoute(app: FastifyInstance, route: TracesRoute): void {
  const { intake, metrics, isClosing } = route;
  const authenticate = authenticator(route.bearerToken);

  /** Takes the spans of a request, and says how its answer is to be written. */
  async function take({ headers, raw }: FastifyRequest): Promise<OtlpEncoding> {
    if (isClosing())
      throw refuseForNow('closed', 'the collector is closing: send it again, to another or later');
    authenticate(headers.authorization);
    const encoding = requireEncoding(headers);
    await intake.take(raw, encoding);
    return encoding;
  }

  app.post(TRACES_PATH, async (request, reply) => {
    metrics.inFlight.inc();
    const encoding = await take(request).finally(() => {
      metrics.inFlight.dec();
      metrics.duration.observe(reply.elapsedTime / 1000);
    });
    return sendSuccess(reply, encoding, metrics);
  });

  app.setNotFoundHandler((request, reply) => {
    return sendRefusal(unmatched(request.method, request.url), request, reply, metrics);
  });
}
