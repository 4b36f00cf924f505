import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { ROOT } from '../docs/pages.js';

const run = promisify(execFile);

export interface Mount {
  readonly type: 'bind' | 'volume' | 'tmpfs';
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
}

/** A service, all forms written out. */
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
 * The file as `docker compose` reads it: checked against the specification's schema (the one that comes with the package
 * check-jsonschema), variables put in, short forms written out, paths made whole.
 *
 * @throws Error that says what is wrong
 */
export async function composeProject(
  variables: Readonly<Record<string, string>> = {},
  file = FILE,
): Promise<Project> {
  const python = await run(process.execPath, [join(ROOT, 'scripts', 'setup', 'python.mjs')]);
  const check = ['-m', 'check_jsonschema', '--builtin-schema', 'vendor.compose-spec', file];
  await run(python.stdout.trim(), check).catch((error: unknown) => {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(stdout + stderr);
  });
  const text = withVariables(await readFile(file, 'utf8'), variables);
  const { services, volumes = {}, secrets = {} } = parse(text, { merge: true }) as Written;
  const project: Project = {
    services: Object.fromEntries(
      byName(services).map(([name, definition]) => [name, writtenOut(definition)]),
    ),
    volumes,
    secrets: Object.fromEntries(
      Object.entries(secrets).map(([name, secret]) => [name, { file: join(ROOT, secret.file) }]),
    ),
  };
  assertNamed(project);
  return project;
}

type WrittenService = Omit<Service, 'environment' | 'ports' | 'volumes' | 'secrets'> & {
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly (string | Mount)[];
  readonly secrets?: readonly string[];
};

interface Written {
  readonly services: Readonly<Record<string, WrittenService>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}

/** `${NAME}` and `${NAME:-otherwise}`; no other form is used. */
function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_whole, name: string, otherwise: string | undefined) => {
    const value = variables[name] ?? otherwise;
    if (value === undefined) throw new Error(`the variable ${name} has no value`);
    return value;
  });
}

function byName<T>(named: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1));
}

function writtenOut({
  environment,
  ports,
  volumes,
  secrets,
  depends_on: on,
  ...rest
}: WrittenService): Service {
  return {
    ...rest,
    ...(on === undefined ? {} : { depends_on: Object.fromEntries(byName(on)) }),
    ...(environment === undefined
      ? {}
      : {
          environment: Object.fromEntries(
            Object.entries(environment).map(([name, value]) => [name, String(value)]),
          ),
        }),
    ...(ports === undefined ? {} : { ports: ports.map(portOf) }),
    ...(volumes === undefined ? {} : { volumes: volumes.map(mountOf) }),
    ...(secrets === undefined
      ? {}
      : { secrets: secrets.map((source) => ({ source, target: `/run/secrets/${source}` })) }),
  };
}

function portOf(port: string): NonNullable<Service['ports']>[number] {
  const [, host, published, target] = /^(?:([\d.]+):)?(\d+):(\d+)$/.exec(port) ?? [];
  if (published === undefined) throw new Error(`a port that is not published as it should: ${port}`);
  return { ...(host === undefined ? {} : { host_ip: host }), published, target: Number(target) };
}

function mountOf(mount: string | Mount): Mount {
  if (typeof mount !== 'string')
    return mount.type === 'bind' ? { ...mount, source: join(ROOT, mount.source ?? '') } : mount;
  const [source = '', target = '', mode] = mount.split(':');
  return { type: 'volume', source, target, ...(mode === 'ro' ? { read_only: true } : {}) };
}

/** What `docker compose` asks beyond the schema: whatever is named is there. */
function assertNamed({ services, volumes, secrets }: Project): void {
  for (const [name, { volumes: mounts = [], secrets: used = [], depends_on: on = {} }] of Object.entries(
    services,
  )) {
    for (const { type, source = '' } of mounts)
      if (type === 'volume' && !Object.hasOwn(volumes, source))
        throw new Error(`service ${name} refers to undefined volume ${source}`);
    for (const { source } of used)
      if (!Object.hasOwn(secrets, source))
        throw new Error(`service ${name} refers to undefined secret ${source}`);
    for (const other of Object.keys(on))
      if (!Object.hasOwn(services, other))
        throw new Error(`service ${name} depends on undefined service ${other}`);
  }
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
