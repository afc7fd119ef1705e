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
  const note = document.createElement("p");
  note.className = "chart-note";
  note.hidden = true;
  const plot = new uPlot(settings(element, options, format, note), [[], ...options.series.map(() => [])], element);
  element.append(note);
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
      note.remove();
    },
  };
}

function settings(element, options, format, note) {
  const ink = (name) => () => colour(element, name);
  const axis = { stroke: ink("--text-3"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line"), width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
  return {
    width: element.clientWidth || 300,
    height: options.height ?? 160,
    cursor: { drag: { setScale: false }, points: { size: 6 }, ...(options.sync && { sync: { key: options.sync } }) },
    legend: { show: false },
    hooks: { setCursor: [(plot) => tell(plot, note, options, format)] },
    scales: { y: { range: (_, low, high) => bounds(low, high, options) } },
    axes: [
      { ...axis, size: 28, values: (_, ticks, __, ___, step) => ticks.map((at) => clock(at, step < 60)) },
      { ...axis, size: 62, values: (_, ticks) => ticks.map(format), ...(options.unit?.startsWith("bytes") && { incrs: doublings }) },
    ],
    series: [
      {},
      ...options.series.map((series, i) => {
        const stroke = ink(series.colour ?? `--series-${i + 1}`);
        return {
          label: series.label,
          stroke,
          fill: series.fill === false ? undefined : () => faded(stroke()),
          width: 1.5,
          points: { show: false },
        };
      }),
    ],
  };
}

// What the crosshair stands on.
function tell(plot, note, options, format) {
  const { idx } = plot.cursor;
  const at = idx == null ? null : plot.data[0][idx];
  note.hidden = at == null;
  if (at == null) return;
  const value = (series, i) => {
    const measured = plot.data[i + 1][idx];
    const text = measured == null ? "–" : format(measured);
    return options.series.length > 1 ? `${series.label} ${text}` : text;
  };
  note.textContent = [clock(at, true), ...options.series.map(value)].join("   ");
}

// The console's times are UTC everywhere.
const clock = (seconds, fine) => new Date(seconds * 1000).toISOString().slice(11, fine ? 19 : 16);

// Ticks of bytes stand at 1, 2, 4, ... of a unit, not at 9.5 MiB.
const doublings = Array.from({ length: 50 }, (_, i) => 2 ** i);

// The least that a scale reaches up to, so that next to nothing looks like it.
const least = { bytes: 1024 ** 2, "bytes/s": 1024, percent: 1 };

// Never a flat line stretched over the whole height: some room above, and zero at the foot.
function bounds(low, high, { min = 0, max, unit }) {
  const top = max ?? Math.max((high ?? 0) * 1.15, least[unit] ?? 0);
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
