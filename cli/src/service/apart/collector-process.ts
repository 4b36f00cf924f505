import { createCollector } from '@halfopen/collector';
import { Registry } from 'prom-client';
import type { Config } from '../../config/load.js';
import { portFailure, urlOf } from '../address.js';
import type { Log } from '../log.js';
import { needKafka, PatientProducer } from './kafka.js';

/** A process of its own that does one part of the work. */
export interface PartProcess {
  readonly url: string;
  close(): Promise<void>;
}

/** Takes OTLP/HTTP, and publishes it into Kafka: a 200 means acknowledged by all in-sync replicas. */
export async function startCollectorProcess(config: Config, log: Log): Promise<PartProcess> {
  const producer = new PatientProducer(needKafka(config, 'collector'), log);
  const { host, port, wireBytesMax, inflatedBytesMax, connectionsMax } = config.collector;
  const collector = createCollector({
    producer,
    registry: new Registry(),
    logger: log,
    config: {
      host,
      port,
      wireBytesMax,
      inflatedBytesMax,
      connectionsMax,
      bearerToken: config.token?.reveal(),
    },
    ready: () => {
      const { obstacle } = producer;
      return obstacle === undefined ? { ready: true } : { ready: false, reason: obstacle };
    },
  });
  try {
    const address = await collector.listen();
    producer.start();
    return {
      url: urlOf(host, address),
      async close() {
        await collector.close();
        await producer.close();
      },
    };
  } catch (error) {
    await producer.close();
    throw portFailure(error, 'collector.port', port);
  }
}
