// The pages: one document, its script and its style, named by their content. Skipped when nothing has changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const OUT = join(HERE, 'dist', 'pages');
const STAMP = join(OUT, 'built.json');

/** @returns whether anything had to be built */
export async function buildPages() {
  if (isFresh()) return false;
  const { build } = await import('esbuild');
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: HERE,
    entryPoints: [join(HERE, 'src', 'pages', 'main.tsx')],
    outdir: join(OUT, 'assets'),
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    metafile: true,
    format: 'esm',
    target: ['es2022'],
    legalComments: 'linked',
    logLevel: 'warning',
  });
  const outputs = Object.keys(metafile.outputs).map((path) => join(HERE, path));
  for (const path of outputs) compress(path);
  const named = (ending) => basename(outputs.find((path) => path.endsWith(ending)) ?? '');
  writeFileSync(join(OUT, 'index.html'), documentOf(named('.js'), named('.css')));
  const inputs = Object.keys(metafile.inputs).filter((path) => existsSync(join(HERE, path)));
  writeFileSync(
    STAMP,
    JSON.stringify({ inputs: Object.fromEntries(inputs.map((path) => [path, hash(path)])) }),
  );
  return true;
}

/** By content: a fresh checkout or a touched file is no change. Sizes and times would be cheaper, and the files are few. */
function isFresh() {
  if (!existsSync(STAMP)) return false;
  const { inputs } = JSON.parse(readFileSync(STAMP, 'utf8'));
  const built = statSync(STAMP).mtimeMs;
  return ['build.mjs', ...Object.keys(inputs)].every((path) => {
    const file = join(HERE, path);
    if (!existsSync(file)) return false;
    return statSync(file).mtimeMs <= built || inputs[path] === hash(path);
  });
}

function hash(path) {
  return createHash('sha256')
    .update(readFileSync(join(HERE, path)))
    .digest('hex');
}

function compress(path) {
  if (!/\.(js|css)$/.test(path)) return;
  const bytes = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(bytes));
}

function documentOf(script, style) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Halfopen</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 1a7 7 0 0 0 0 14z' fill='%23e5484d'/%3E%3Cpath d='M8 1.8a6.2 6.2 0 0 1 0 12.4' fill='none' stroke='%23889' stroke-width='1.6'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/assets/${style}">
<script type="module" src="/assets/${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>The console needs JavaScript. Incidents without it: /api/v1/incidents?status=firing</noscript>
</body>
</html>
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const built = await buildPages();
  console.log(built ? `built ${relative(process.cwd(), OUT)}` : 'the pages are up to date');
}
