// Plays recordings of terminals (asciicast v2) in a page, and shows sessions that go on.
import { find, index } from "./shown.js";
import { screen } from "./screen.js";

// How long nothing may happen before it is skipped, and how much of that is left, in seconds.
const IDLE = 1.5;
const LEFT = 0.3;
// How much of what was typed is told.
const TYPED = 60;

/**
 * A player in `element`. `on` may hold `ready({ duration })`, `time({ at, duration, playing, typed })` and `failed(why)`.
 * `tty` is false for what a program without a terminal wrote: its lines end with a line feed alone.
 */
export function play(element, { columns, rows, tty }, on = {}) {
  const { term, show, destroy } = screen(element, { cols: columns, rows, convertEol: !tty, disableStdin: true, scrollback: 5_000, cursorBlink: false });
  show();
  const fetching = new AbortController();
  let events = [];
  let words;
  let next = 0; // the first event that is not shown
  let at = 0;
  let duration = 0;
  let speed = 1;
  let skips = true;
  let playing = false;
  let before; // when it was drawn last
  let gone = false;
  let fitting; // the timer

  // The whole width of what was recorded is shown, in smaller letters where there is no room.
  // Soon, and once: a session says its size as it begins, and letters that change twice at a time are measured wrong.
  const fit = () => {
    clearTimeout(fitting);
    fitting = setTimeout(resized, 100);
  };
  const resized = () => {
    if (gone || !element.isConnected || !element.clientWidth) return;
    const room = Math.floor((element.clientWidth - 16) / (term.cols * 0.605));
    const size = Math.max(6, Math.min(13, room));
    if (term.options.fontSize !== size) term.options.fontSize = size;
  };
  const watch = new ResizeObserver(fit);
  watch.observe(element);
  fit();

  const tell = () => !gone && on.time?.({ at, duration, playing, typed: typed() });
  const typed = () => {
    let text = "";
    for (let n = next - 1; n >= 0 && text.length < TYPED; n--) if (events[n][1] === "i") text = events[n][2] + text;
    return visible(text.slice(-TYPED));
  };
  const resize = (data) => {
    const [columns, rows] = data.split("x").map(Number);
    if (columns > 0 && rows > 0 && columns <= 1000 && rows <= 1000) {
      term.resize(columns, rows);
      fit();
    }
  };

  // Shows all that happened until `time`, at once.
  const showUntil = (time) => {
    let text = "";
    let size;
    for (; next < events.length && events[next][0] <= time; next++) {
      const [, code, data] = events[next];
      if (code === "o") text += data;
      if (code === "r") size = data;
    }
    if (size) resize(size);
    if (text) term.write(text);
  };
  const seek = (time) => {
    // The end is reached by who comes close to it: a slider knows tenths of a second.
    const to = time > duration - 0.1 ? duration : Math.max(0, time);
    if (to < at || next === 0) {
      next = 0;
      term.reset();
      term.resize(columns, rows);
    }
    at = to;
    before = undefined;
    showUntil(at);
    tell();
  };
  const step = (now) => {
    if (gone || !playing) return;
    if (before !== undefined) at += ((now - before) / 1000) * speed;
    before = now;
    const coming = events[next]?.[0] ?? duration;
    if (skips && coming - at > IDLE) at = coming - LEFT;
    showUntil(at);
    if (next >= events.length && at >= duration) {
      at = duration;
      playing = false;
    }
    tell();
    if (playing) requestAnimationFrame(step);
  };
  const start = () => {
    if (playing || gone) return;
    if (at >= duration) seek(0);
    playing = true;
    before = undefined;
    requestAnimationFrame(step);
    tell();
  };
  const pause = () => {
    playing = false;
    tell();
  };

  return {
    /** Reads a recording, and shows it as it was at `time`, or, where none is given, the first that it shows. */
    async load(url, time) {
      try {
        const answer = await fetch(url, { signal: fetching.signal });
        if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).title ?? `The recording could not be read (${answer.status}).`);
        events = parse(await answer.text());
      } catch (error) {
        if (!gone) on.failed?.(error instanceof TypeError ? "The recording broke off while it was read. It may not be what was written." : error.message);
        return;
      }
      if (gone) return;
      duration = events.at(-1)?.[0] ?? 0;
      on.ready?.({ duration });
      seek(time ?? events.find(shows)?.[0] ?? 0);
    },
    /** Shows what happens at this moment in a session that goes on. */
    feed(time, code, data) {
      at = duration = Math.max(duration, time);
      if (code === "o") term.write(data);
      if (code === "r") resize(data);
      if (code === "i") {
        events.push([time, code, data]);
        next = events.length;
        if (events.length > 1_000) events = events.slice(-500);
        next = events.length;
      }
      tell();
    },
    reset: () => term.reset(),
    toggle: () => (playing ? pause() : start()),
    pause,
    seek,
    speed: (times) => (speed = times),
    skip: (yes) => (skips = yes),
    /** Where this was shown, as JSON: `[{ at, line }]`. */
    search(text) {
      words ??= index(events);
      return JSON.stringify(find(words, text));
    },
    destroy() {
      gone = true;
      playing = false;
      clearTimeout(fitting);
      fetching.abort();
      watch.disconnect();
      destroy();
    },
  };
}

// The events of a recording. A line that is none ends it: what follows was not written by us.
function parse(text) {
  const events = [];
  for (const line of text.split("\n").slice(1)) {
    if (!line) continue;
    const event = JSON.parse(line);
    if (!Array.isArray(event) || typeof event[0] !== "number") break;
    events.push(event);
  }
  return events;
}

// Whether an event puts anything on the screen: the first only sets up the terminal, often.
function shows([, code, data]) {
  return code === "o" && /[^\s\x00-\x1f]/.test(data.replace(/\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07/g, ""));
}

// What was typed, with keys that show nothing as signs.
function visible(text) {
  return text.replace(/\r/g, "\u21b5").replace(/\x7f/g, "\u232b").replace(/\t/g, "\u21e5").replace(/\x1b\[[0-9;]*[A-Za-z~]/g, "\u241b").replace(/[\x00-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)));
}
