import { readText } from '@halfopen/checked-yaml';
import { Secret } from '@halfopen/notify';
import { EXIT, Failure } from '../failure.js';

/** A secret that stands in the configuration, or in a file of its own. */
export interface SecretChoice {
  /** Where in the configuration: `halfopen.yaml:3:7 notifications.receivers.0`. */
  readonly place: string;
  /** Its key; that of the file's name ends in `File`. */
  readonly key: string;
  readonly value: string | undefined;
  readonly file: string | undefined;
  readonly isRight: (text: string) => boolean;
  /** What is right, as a message says it. */
  readonly wanted: string;
}

/** @throws Failure where both or none are given, or the file holds something else; the message never has the secret */
export function secretOf({ place, key, value, file, isRight, wanted }: SecretChoice): Secret {
  if ((value === undefined) === (file === undefined))
    throw new Failure(`${place}: ${key} and ${key}File: give one of the two`, EXIT.usage);
  if (value !== undefined) return new Secret(value);
  const text = readText(file ?? '', key).trim();
  if (!isRight(text)) throw new Failure(`${file ?? ''}: ${key}File must hold ${wanted}`, EXIT.usage);
  return new Secret(text);
}
