import { serverService } from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import { GROUPED_BY } from '../incidents/sharing.js';

/** What stands for a property of the channel in an annotation, as in Prometheus: `{{ $labels.site }}`. */
const PROPERTIES: Readonly<Record<string, (signals: ChannelSignals) => string>> = {
  channel_id: ({ channel }) => channel,
  site: GROUPED_BY['channel.site'],
  gateway: GROUPED_BY['channel.gateway'],
  service: serverService,
  agent_version: (signals) => GROUPED_BY['channel.agent.version'](signals) ?? '',
};

const PLACEHOLDER = /\{\{(.*?)\}\}/g;
const KNOWN = /^\s*\$labels\.(\w+)\s*$/;

/** @throws what `wrong` makes of the problem */
export function assertTemplate(text: string, wrong: (problem: string) => Error): void {
  for (const [whole, inner = ''] of text.matchAll(PLACEHOLDER)) {
    const name = KNOWN.exec(inner)?.[1] ?? '';
    if (!Object.hasOwn(PROPERTIES, name))
      throw wrong(
        `${whole} stands for nothing here: ${Object.keys(PROPERTIES)
          .map((property) => `{{ $labels.${property} }}`)
          .join(', ')} do`,
      );
  }
}

export function expanded(text: string, signals: ChannelSignals): string {
  return text.replaceAll(PLACEHOLDER, (_whole, inner: string) => {
    const property = PROPERTIES[KNOWN.exec(inner)?.[1] ?? ''];
    return property === undefined ? '' : property(signals);
  });
}
