import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Written by `build.mjs`; from `dist/src/server/` as from wherever the package lies. */
const BUILT = fileURLToPath(new URL('../../pages/', import.meta.url));

/** Every view has an address of its own; all of them are one document, which looks at the address. */
export const PAGE_ROUTES = ['/', '/channels/*', '/incidents', '/incidents/*', '/silences', '/sql'] as const;

/** The pages hold no data: they are for everybody, and what they ask is guarded. */
export function isPage(path: string): boolean {
  return (
    path.startsWith('/assets/') ||
    PAGE_ROUTES.some((route) => (route.endsWith('/*') ? path.startsWith(route.slice(0, -1)) : path === route))
  );
}

export async function addPages(app: FastifyInstance): Promise<void> {
  const index = join(BUILT, 'index.html');
  if (!existsSync(index)) {
    for (const route of PAGE_ROUTES)
      app.get(route, (_request, reply) =>
        reply
          .code(503)
          .type('text/plain; charset=utf-8')
          .send('The console is not built: npm start builds it.\n'),
      );
    return;
  }
  const document = readFileSync(index);
  for (const route of PAGE_ROUTES)
    app.get(route, (_request, reply) => reply.type('text/html; charset=utf-8').send(document));
  // The names hold a hash of the content: what a name holds never changes.
  await app.register(fastifyStatic, {
    root: join(BUILT, 'assets'),
    prefix: '/assets/',
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (response) => {
      void response.header('cache-control', 'public, max-age=31536000, immutable');
    },
  });
}
