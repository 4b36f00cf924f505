import { FaultyServer } from './faulty-server.js';

/** Takes whatever comes, and keeps it. */
export class WebhookRecorder extends FaultyServer {
  constructor() {
    super(() => ({ status: 200, body: 'ok' }));
  }
}
