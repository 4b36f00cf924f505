import { BY_PARAMETER, type ChannelScope } from './scope.js';
import { EXPECTATION_LOOKBACK_S } from './windows.js';

/**
 * View `expectation_signals(at, channel)`: is the channel in its server's inventory? Expected until absent from two
 * later sweeps of the same server instance; the sweeps' period is the median gap between namings of the same channel.
 */
export function expectationSignalsView(): string {
  return `CREATE OR REPLACE VIEW expectation_signals AS
${expectationSignals(BY_PARAMETER)}`;
}

export function expectationSignals(scope: ChannelScope): string {
  return `WITH
    named AS
    (
        SELECT
            service_instance,
            channel_id,
            any(site) AS site,
            any(gateway) AS gateway,
            any(agent_version) AS agent_version,
            any(service) AS service,
            min(seen_at) AS first_expected_at,
            max(seen_at) AS last_expected_at,
            if(count() > 1, toNullable(dateDiff('millisecond', first_expected_at, last_expected_at) / 1000 / (count() - 1)), NULL) AS period_s
        FROM expected_channels
        WHERE seen_at <= {at:DateTime64(3)}
            AND seen_at > {at:DateTime64(3)} - INTERVAL ${EXPECTATION_LOOKBACK_S} SECOND
            AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${EXPECTATION_LOOKBACK_S} SECOND)
        GROUP BY service_instance, channel_id
    ),
    sweeps AS
    (
        SELECT service_instance, max(last_expected_at) AS last_sweep_at, quantileExactIf(0.5)(assumeNotNull(period_s), period_s IS NOT NULL) AS sweep_period_s
        FROM named
        GROUP BY service_instance
    )
SELECT
    channel_id,
    argMax(n.service, n.last_expected_at) AS service,
    argMax(n.site, n.last_expected_at) AS site,
    argMax(n.gateway, n.last_expected_at) AS gateway,
    argMax(n.agent_version, n.last_expected_at) AS agent_version,
    min(n.first_expected_at) AS first_expected_at,
    max(n.last_expected_at) AS last_expected_at,
    -- the last sweep may still be under way, so one tenth of a period short of two
    toBool(max(sweep_period_s = 0 OR isNaN(sweep_period_s) OR dateDiff('millisecond', n.last_expected_at, last_sweep_at) / 1000 < 1.9 * sweep_period_s)) AS expected
FROM named AS n
INNER JOIN sweeps USING (service_instance)
WHERE ${scope}
GROUP BY channel_id`;
}
