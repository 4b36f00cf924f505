import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../docs/pages.js';

const run = promisify(execFile);

export interface Mount {
  readonly type: 'bind' | 'volume' | 'tmpfs';
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
}

/** A service, as compose-go normalizes it. */
export interface Service {
  readonly image: string;
  readonly build?: { readonly target?: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly {
    readonly host_ip?: string;
    readonly published: string;
    readonly target: number;
  }[];
  readonly volumes?: readonly Mount[];
  readonly secrets?: readonly { readonly source: string; readonly target: string }[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_drop?: readonly string[];
  readonly deploy?: { readonly resources?: { readonly limits?: { readonly memory?: string } } };
}

export interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const FILE = join(ROOT, 'docker-compose.yml');

/**
 * The file as `docker compose` reads it: checked against the specification's schema, variables put in, paths made whole.
 *
 * @throws Error with what compose says is wrong
 */
export async function composeProject(
  variables: Readonly<Record<string, string>> = {},
  file = FILE,
): Promise<Project> {
  const loader = await run(process.execPath, [join(ROOT, 'scripts', 'setup', 'compose.mjs')]);
  const { stdout } = await run(loader.stdout.trim(), [file], {
    cwd: ROOT,
    // Nothing of this machine's own decides what is read.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...variables },
  });
  return JSON.parse(stdout) as Project;
}

/** Processes of ours, with the section of the configuration that has their port. */
export const PROCESSES = [
  { name: 'collector', section: 'collector' },
  { name: 'ingest', section: 'ingest' },
  { name: 'rules', section: 'api' },
] as const;

/** The service, which the file must have. */
export function service(project: Project, name: string): Service {
  const found = project.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}
