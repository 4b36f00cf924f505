import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { pages, read, ROOT, withoutCode } from './pages.js';

interface Link {
  readonly page: string;
  readonly href: string;
}

/** What is wrong with a relative link; undefined when it leads somewhere. */
function problemOf({ page, href }: Link): string | undefined {
  const [path = '', anchor] = href.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return `${page}: ${href}: no such file`;
  if (anchor === undefined || statSync(join(ROOT, target)).isDirectory()) return undefined;
  return anchors(read(target)).has(anchor) ? undefined : `${page}: ${href}: no such heading`;
}

/** As GitHub makes them of headings. */
function anchors(text: string): Set<string> {
  const headings = [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function links(page: string): Link[] {
  return [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, href = '']) => ({ page, href }))
    .filter(({ href }) => !/^[a-z]+:/.test(href));
}

test('every relative link of the pages leads to a file and a heading', () => {
  const all = pages().flatMap(links);
  assert.ok(all.length > 20, `${all.length} links`);
  assert.deepEqual(
    all.flatMap((link) => problemOf(link) ?? []),
    [],
  );
});

test('a link that leads nowhere is noticed', () => {
  assert.match(problemOf({ page: 'README.md', href: 'docs/none.md' }) ?? '', /no such file/);
  assert.match(problemOf({ page: 'README.md', href: 'docs/causes.md#none' }) ?? '', /no such heading/);
  assert.equal(problemOf({ page: 'README.md', href: 'docs/causes.md#handler-dead' }), undefined);
});
