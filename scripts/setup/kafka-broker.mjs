// A real Apache Kafka broker for tests: its jars from Maven Central, once. Run by itself it prints their folder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from './cache.mjs';
import { quietly } from './command.mjs';

const KAFKA = '4.4.0';
const LOG4J = '2.25.5';
const FETCH_MS_MAX = 600_000;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>halfopen</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>${LOG4J}</version></dependency>
  </dependencies>
</project>
`;

/** @returns the folder of the jars */
export async function kafkaBroker() {
  const folder = await cached(`kafka-${KAFKA}-log4j-${LOG4J}`, async (making) => {
    console.error('halfopen: fetching a Kafka broker for the tests, once');
    writeFileSync(join(making, 'pom.xml'), POM);
    const args = [
      '-q',
      '-B',
      'dependency:copy-dependencies',
      '-DoutputDirectory=libs',
      '-DincludeScope=runtime',
    ];
    try {
      await quietly('mvn', args, { cwd: making, timeout_ms: FETCH_MS_MAX });
    } catch (cause) {
      throw new Error(`tests need Java 17 and Maven to fetch a Kafka broker: ${cause.message}`, { cause });
    }
  });
  return join(folder, 'libs');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await kafkaBroker());
