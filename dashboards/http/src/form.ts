import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Busboy } from '@fastify/busboy';
import { BODY_BYTES_MAX } from './body.js';
import { ClickHouseException } from './exceptions.js';

const FIELDS_MAX = 1000;

export function isForm(request: IncomingMessage): boolean {
  return /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
}

/**
 * Names and values, in order.
 *
 * @throws ClickHouseException if the body is no form, or one with files
 */
export async function readForm(
  request: IncomingMessage,
  bytes: Buffer,
): Promise<readonly (readonly [name: string, value: string])[]> {
  const fields: [string, string][] = [];
  let refusal: ClickHouseException | undefined;
  try {
    const form = new Busboy({
      headers: { 'content-type': request.headers['content-type'] ?? '' },
      limits: { fields: FIELDS_MAX, fieldSize: BODY_BYTES_MAX, files: 1 },
    });
    form.on('field', (name, value) => fields.push([name, value]));
    form.on('file', (_name, file) => {
      file.resume();
      refusal = new ClickHouseException(
        'NOT_IMPLEMENTED',
        'external tables are not taken here: join a subquery',
      );
    });
    form.on('fieldsLimit', () => {
      refusal = new ClickHouseException('BAD_ARGUMENTS', `a form has at most ${FIELDS_MAX} fields`);
    });
    const finished = once(form, 'finish');
    form.end(bytes);
    await finished;
  } catch (cause) {
    throw new ClickHouseException('INCORRECT_DATA', 'the body is no whole multipart/form-data', { cause });
  }
  if (refusal !== undefined) throw refusal;
  return fields;
}
