import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/load.js';
import { portFailure, urlOf } from './address.js';

/**
 * Has the API's server listen where the configuration says.
 *
 * @returns its address
 * @throws Failure that names the key of a port that is taken
 */
export async function listenApi(api: FastifyInstance, config: Config): Promise<string> {
  const { host, port } = config.api;
  try {
    await api.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (cause) {
    throw portFailure(cause, 'api.port', port, '--api-port');
  }
  return urlOf(host, api.server.address() as AddressInfo);
}
