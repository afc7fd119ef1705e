// A time series on a canvas, as wide as its element, in the colours of the page.
import uPlot from "uplot";
import { whenThemeChanges } from "./theme.js";

/**
 * Draws a chart in `element`.
 *
 * `options`: `series` (a list of `{ label, colour?, fill? }`; `colour` is a custom property such as `--series-1`), `height`,
 * `unit` ("bytes", "bytes/s", "percent" or none), `min`, `max`, and `sync`: charts with the same word share their cursor.
 */
export function create(element, options) {
  const format = formats[options.unit] ?? formats.plain;
  const plot = new uPlot(settings(element, options, format), [[], ...options.series.map(() => [])], element);
  const fit = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: options.height ?? 160 }));
  fit.observe(element);
  const endTheme = whenThemeChanges(() => plot.redraw(false, true));
  return {
    /** `data` is `[[seconds...], [values of the first series...], ...]`; a gap is `null`. */
    setData: (data) => plot.setData(data),
    destroy() {
      endTheme();
      fit.disconnect();
      plot.destroy();
    },
  };
}

function settings(element, options, format) {
  const ink = (name) => () => colour(element, name);
  const axis = { stroke: ink("--text-3"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line"), width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
  return {
    width: element.clientWidth || 300,
    height: options.height ?? 160,
    cursor: { drag: { setScale: false }, points: { size: 6 }, ...(options.sync && { sync: { key: options.sync } }) },
    legend: { live: true, markers: { fill: (plot, i) => colour(element, options.series[i - 1]?.colour ?? `--series-${i}`) } },
    scales: { y: { range: (_, low, high) => bounds(low, high, options) } },
    axes: [{ ...axis }, { ...axis, size: 62, values: (_, ticks) => ticks.map(format) }],
    series: [
      { value: (_, at) => (at == null ? "" : new Date(at * 1000).toLocaleTimeString()) },
      ...options.series.map((series, i) => {
        const stroke = ink(series.colour ?? `--series-${i + 1}`);
        return {
          label: series.label,
          stroke,
          fill: series.fill === false ? undefined : () => faded(stroke()),
          width: 1.5,
          points: { show: false },
          value: (_, value) => (value == null ? "–" : format(value)),
        };
      }),
    ],
  };
}

// Never a flat line stretched over the whole height: some room above, and zero at the foot.
function bounds(low, high, { min = 0, max }) {
  const top = max ?? Math.max((high ?? 0) * 1.15, min + Number.EPSILON);
  return [Math.min(min, low ?? min), top > min ? top : min + 1];
}

const binary = (value, unit) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = value > 0 ? Math.min(Math.max(Math.floor(Math.log2(value) / 10), 0), units.length - 1) : 0;
  const scaled = value / 1024 ** step;
  return `${scaled.toFixed(scaled < 10 && step ? 1 : 0)} ${units[step]}${unit}`;
};

const formats = {
  bytes: (value) => binary(value, ""),
  "bytes/s": (value) => binary(value, "/s"),
  percent: (value) => `${value.toFixed(value < 10 ? 1 : 0)} %`,
  plain: (value) => value.toLocaleString(undefined, { maximumFractionDigits: 2 }),
};

// What a custom property comes to here, `light-dark(...)` and all.
function colour(element, name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

const faded = (rgb) => rgb.replace(/^rgb\(([^)]*)\)$/, "rgba($1, 0.12)");
