import 'uplot/dist/uPlot.min.css';
import type { VNode } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import type { ChannelAnswer, CounterSeries } from '../../contract.js';
import { chooseRange } from './range.js';

interface Line {
  readonly key: string;
  readonly name: string;
  /** A custom property of the style. */
  readonly color: string;
  readonly dash?: number[];
}

const CHARTS: readonly { readonly title: string; readonly lines: readonly Line[] }[] = [
  {
    title: 'Commands: lines that part show where they stop',
    lines: [
      { key: 'server tx_commands', name: 'written by the server', color: '--line-1' },
      { key: 'agent rx_commands', name: 'received by the agent', color: '--line-2', dash: [6, 3] },
      { key: 'agent executed', name: 'executed there', color: '--line-3' },
      { key: 'server rx_acks', name: 'acknowledged', color: '--line-4', dash: [2, 2] },
    ],
  },
  {
    title: 'Frames to the server',
    lines: [
      { key: 'agent tx_frames', name: 'written by the agent', color: '--line-1' },
      { key: 'server rx_frames', name: 'received by the server', color: '--line-2', dash: [6, 3] },
    ],
  },
  {
    title: 'Frames waiting to be written',
    lines: [
      { key: 'agent queue_depth', name: 'at the agent', color: '--line-1' },
      { key: 'server queue_depth', name: 'at the server', color: '--line-2', dash: [6, 3] },
    ],
  },
];

/** What each end has counted since the start of the range. */
export function Charts({ answer }: { answer: ChannelAnswer }): VNode {
  const { counters } = answer;
  return (
    <section class="panel">
      <h2>Counters since the start of the range</h2>
      {counters.at_s.length === 0 && <p class="muted">No end has told of its counters in this time.</p>}
      {CHARTS.map(({ title, lines }) => {
        const known = lines.filter(({ key }) => counters.series[key] !== undefined);
        return known.length === 0 ? null : (
          <Chart key={title} title={title} lines={known} counters={counters} />
        );
      })}
    </section>
  );
}

const HEIGHT_PX = 110;

function Chart({
  title,
  lines,
  counters,
}: {
  title: string;
  lines: readonly Line[];
  counters: CounterSeries;
}): VNode {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = box.current;
    if (place === null) return undefined;
    const plot = draw(place, lines, counters);
    const watcher = new ResizeObserver(() => {
      plot.setSize({ width: place.clientWidth, height: HEIGHT_PX });
    });
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      plot.destroy();
    };
  }, [lines.map(({ key }) => key).join(), counters]);
  const last = (key: string): number | null =>
    counters.series[key]?.findLast((value) => value !== null) ?? null;
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={box} aria-hidden="true" class="chart-plot" />
      <ul class="chart-legend">
        {lines.map(({ key, name, color }) => (
          <li key={key}>
            <svg width="18" height="8" aria-hidden="true">
              <line x1="0" y1="4" x2="18" y2="4" class={`chart${color.slice(1)}`} />
            </svg>
            {name} <strong class="number">{last(key) ?? '–'}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function draw(place: HTMLElement, lines: readonly Line[], { at_s, series }: CounterSeries): UPlot {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--muted'),
    font: '11px system-ui',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1, size: 4 },
  };
  return new UPlot(
    {
      width: place.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { points: { size: 5 }, drag: { x: true, y: false, setScale: false } },
      scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.08)] } },
      axes: [
        { ...axis, size: 24, space: 70, values: '{HH}:{mm}:{ss}' },
        { ...axis, size: 38, space: 28 },
      ],
      series: [
        {},
        ...lines.map(({ name, color, dash }) => ({
          label: name,
          stroke: colour(color),
          width: 1.6,
          spanGaps: true,
          points: { show: false },
          ...(dash === undefined ? {} : { dash }),
        })),
      ],
      hooks: {
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 4) return;
            chooseRange({
              from_ms: plot.posToVal(left, 'x') * 1000,
              to_ms: plot.posToVal(left + width, 'x') * 1000,
            });
          },
        ],
      },
    },
    [[...at_s], ...lines.map(({ key }) => [...(series[key] ?? [])])],
    place,
  );
}
