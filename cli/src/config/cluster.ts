import { place, type Source } from '@halfopen/checked-yaml';
import type { Secret } from '@halfopen/notify';
import { EXIT, Failure } from '../failure.js';
import type { ConfigFile } from './schema.js';
import { secretOf } from './secrets.js';

type KafkaFile = NonNullable<ConfigFile['kafka']>;
type ClickHouseFile = NonNullable<ConfigFile['clickhouse']>;

export type KafkaConfig = Omit<KafkaFile, 'sasl' | 'deadLetterTopic'> & {
  readonly deadLetterTopic: string;
  readonly sasl?: Omit<NonNullable<KafkaFile['sasl']>, 'password' | 'passwordFile'> & {
    readonly password: Secret;
  };
};

export type ClickHouseConfig = Omit<ClickHouseFile, 'password' | 'passwordFile'> & {
  readonly password?: Secret;
};

/** @throws Failure: place, key, what is wrong, what would be right */
export function kafkaOf({ sasl, ...file }: KafkaFile, source: Source | undefined): KafkaConfig {
  const kafka = { ...file, deadLetterTopic: file.deadLetterTopic ?? `${file.topic}-dead-letters` };
  const others = [kafka.topic];
  for (const key of ['deadLetterTopic', 'rulesTopic'] as const) {
    if (others.includes(kafka[key]))
      throw new Failure(
        `${at(source, 'kafka', key)}: expected a topic of its own, not ${kafka[key]} again`,
        EXIT.usage,
      );
    others.push(kafka[key]);
  }
  const { certFile, keyFile } = kafka.tls ?? {};
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new Failure(`${at(source, 'kafka', 'tls')}: certFile and keyFile: give both or none`, EXIT.usage);
  if (sasl === undefined) return kafka;
  const { password: value, passwordFile, ...who } = sasl;
  return { ...kafka, sasl: { ...who, password: password(at(source, 'kafka', 'sasl'), value, passwordFile) } };
}

/** @throws Failure, likewise */
export function clickHouseOf(
  { password: value, passwordFile: file, ...server }: ClickHouseFile,
  source: Source | undefined,
): ClickHouseConfig {
  if (value === undefined && file === undefined) return server;
  return { ...server, password: password(at(source, 'clickhouse'), value, file) };
}

function password(where: string, value: string | undefined, file: string | undefined): Secret {
  return secretOf({
    place: where,
    key: 'password',
    value,
    file,
    isRight: (text) => text !== '',
    wanted: 'the password',
  });
}

function at(source: Source | undefined, ...path: readonly string[]): string {
  return `${place(source, path)} ${path.join('.')}`;
}
