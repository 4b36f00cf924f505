import { place, type Source } from '@halfopen/checked-yaml';
import {
  isQuiet,
  WEBHOOK_SECRET,
  type LinkBases,
  type Route,
  type Routing,
  type Secret,
} from '@halfopen/notify';
import { SEVERITIES } from '@halfopen/telemetry';
import { EXIT, Failure } from '../failure.js';
import { isHttp, PAGERDUTY_KEY, type ConfigFile } from './schema.js';
import { secretOf } from './secrets.js';

export type ReceiverConfig =
  | { readonly kind: 'pagerduty'; readonly name: string; readonly routingKey: Secret; readonly url?: string }
  | { readonly kind: 'webhook'; readonly name: string; readonly url: Secret; readonly secret: Secret };

export interface NotificationsConfig {
  readonly receivers: readonly ReceiverConfig[];
  readonly routing: Routing;
  readonly links: LinkBases;
}

export interface WatchdogConfig {
  readonly url: Secret;
  readonly period_ms: number;
}

/**
 * Who is told of what, with secrets read and names checked.
 *
 * @throws Failure: place, key, what is wrong, what would be right
 */
export function notificationsOf(
  { receivers: given, routes, otherwise, publicUrl, runbooksUrl }: ConfigFile['notifications'],
  source: Source | undefined,
): NotificationsConfig {
  const receivers = given.map((receiver, index) => receiverOf(receiver, at(source, 'receivers', index)));
  const kinds = new Map<string, ReceiverConfig['kind']>();
  for (const [index, { name, kind }] of receivers.entries()) {
    if (kinds.has(name)) throw wrong(source, ['receivers', `${index}`, 'name'], `${name} is there twice`);
    kinds.set(name, kind);
  }
  const known = (names: readonly string[], ...path: string[]): void => {
    for (const [index, name] of names.entries())
      if (!kinds.has(name))
        throw wrong(
          source,
          [...path, `${index}`],
          `no receiver is called ${name}; there are ${[...kinds.keys()].join(', ') || 'none'}`,
        );
  };
  for (const [index, route] of routes.entries()) {
    known(route.receivers, 'routes', `${index}`, 'receivers');
    for (const name of route.receivers)
      if (kinds.get(name) === 'pagerduty' && neverPages(route))
        throw wrong(
          source,
          ['routes', `${index}`],
          `what this route matches is never paged, and ${name} is a pagerduty receiver: name a webhook`,
        );
  }
  known(otherwise ?? [], 'otherwise');
  return {
    receivers,
    routing: { routes, otherwise: otherwise ?? [...kinds.keys()] },
    links: { publicUrl, runbooksUrl },
  };
}

export function watchdogOf(
  { url, urlFile, periodMs }: NonNullable<ConfigFile['watchdog']>,
  source: Source | undefined,
): WatchdogConfig {
  const where = `${place(source, ['watchdog'])} watchdog`;
  return { url: address(where, url, urlFile), period_ms: periodMs };
}

function receiverOf(
  receiver: ConfigFile['notifications']['receivers'][number],
  where: string,
): ReceiverConfig {
  const { name } = receiver;
  switch (receiver.kind) {
    case 'pagerduty': {
      const routingKey = secretOf({
        place: where,
        key: 'routingKey',
        value: receiver.routingKey,
        file: receiver.routingKeyFile,
        isRight: (text) => PAGERDUTY_KEY.test(text),
        wanted: 'an integration key: 32 letters and digits',
      });
      return {
        kind: 'pagerduty',
        name,
        routingKey,
        ...(receiver.url === undefined ? {} : { url: receiver.url }),
      };
    }
    case 'webhook': {
      const secret = secretOf({
        place: where,
        key: 'secret',
        value: receiver.secret,
        file: receiver.secretFile,
        isRight: (text) => WEBHOOK_SECRET.test(text),
        wanted: 'whsec_ and 24 to 64 bytes in base64',
      });
      return { kind: 'webhook', name, url: address(where, receiver.url, receiver.urlFile), secret };
    }
  }
}

function address(where: string, value: string | undefined, file: string | undefined): Secret {
  return secretOf({
    place: where,
    key: 'url',
    value,
    file,
    isRight: isHttp,
    wanted: 'an http or https address',
  });
}

/** All that the route can match is quiet. */
function neverPages({
  severities = SEVERITIES,
  rules = ['any'],
}: Pick<Route, 'severities' | 'rules'>): boolean {
  return severities.every((severity) => rules.every((rule) => isQuiet(rule, severity)));
}

function at(source: Source | undefined, list: string, index: number): string {
  return `${place(source, ['notifications', list, `${index}`])} notifications.${list}.${index}`;
}

function wrong(source: Source | undefined, path: readonly string[], problem: string): Failure {
  const whole = ['notifications', ...path];
  return new Failure(`${place(source, whole)} ${whole.join('.')}: ${problem}`, EXIT.usage);
}
