import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** Can requests be answered with a 200 now? */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, for people. */
  readonly reason?: string;
}

/** `/healthz`: the process is up. `/readyz`: requests have a chance. `/metrics`: Prometheus text. All without a token. */
export function addHealthRoutes(
  app: FastifyInstance,
  readiness: () => Readiness[],
  registry: Registry,
): void {
  app.get('/healthz', () => ({ status: 'up' }));

  app.get('/readyz', (_request, reply) => {
    const unready = readiness().filter(({ ready }) => !ready);
    const reasons = unready.map(({ reason = 'no reason given' }) => reason);
    return reply.code(unready.length === 0 ? 200 : 503).send({ ready: unready.length === 0, reasons });
  });

  app.get('/metrics', async (_request, reply) => {
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}
