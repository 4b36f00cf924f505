import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Copy, DockerfileParser, From, type Instruction } from 'dockerfile-ast';
import { ROOT } from '../docs/pages.js';

/** What stands behind one FROM. */
export interface Stage {
  readonly name: string;
  readonly base: string;
  /** Keyword and the words behind it, flags left out; of a COPY `from` is the stage it takes from. */
  readonly steps: readonly {
    readonly keyword: string;
    readonly words: readonly string[];
    readonly from?: string;
  }[];
}

/** The stages of the Dockerfile, in order. */
export function stages(text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')): Stage[] {
  const found: { name: string; base: string; steps: Stage['steps'][number][] }[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction instanceof From)
      found.push({ name: instruction.getBuildStage() ?? '', base: instruction.getImage() ?? '', steps: [] });
    else found.at(-1)?.steps.push(stepOf(instruction));
  }
  return found;
}

function stepOf(instruction: Instruction): Stage['steps'][number] {
  const keyword = instruction.getKeyword();
  const text = instruction.getRawArgumentsContent() ?? '';
  const from = instruction instanceof Copy ? (instruction.getFromFlag()?.getValue() ?? undefined) : undefined;
  const words = text.startsWith('[')
    ? (JSON.parse(text) as string[])
    : text
        .replace(/\\\n/g, ' ')
        .split(/\s+/)
        .filter((word) => word !== '' && (keyword === 'RUN' || !word.startsWith('--')));
  return { keyword, words, ...(from === undefined ? {} : { from }) };
}

/** The last one's words: what holds in an image of this stage, those that it builds on included. */
export function inForce(all: readonly Stage[], name: string, keyword: string): readonly string[] {
  const stage = all.find((candidate) => candidate.name === name);
  if (stage === undefined) return [];
  const own = stage.steps.findLast((step) => step.keyword === keyword)?.words;
  return own ?? inForce(all, stage.base, keyword);
}
