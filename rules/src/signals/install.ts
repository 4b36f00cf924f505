import type { Store } from '@halfopen/store';
import { clockViews } from './clock-offsets.js';
import { connectionSignalsView } from './connection-signals.js';
import { duplicateSignalsView } from './duplicate-signals.js';
import { endArraysView } from './end-arrays.js';
import { endSignalsView } from './end-signals.js';
import { expectationSignalsView } from './expectation-signals.js';
import { fleetAtView, fleetView } from './fleet.js';
import { heartbeatSignalsView } from './heartbeat-signals.js';
import { pendingSignalsView } from './pending-signals.js';

/** Puts this build's views of the signals in place; they hold no data, so every start may replace them. */
export async function installSignals(store: Store): Promise<void> {
  const views = [
    pendingSignalsView(),
    endArraysView(),
    endSignalsView(),
    connectionSignalsView(),
    expectationSignalsView(),
    heartbeatSignalsView(),
    duplicateSignalsView(),
    ...clockViews(),
    fleetAtView(),
    fleetView(),
  ];
  for (const view of views) await store.command(view);
}
