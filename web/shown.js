// What was shown in a recording, as text to search in, with the moment of each part of it.

// How many places one search finds.
const MOST = 200;
// A control sequence that did not end with its event may go on in the next one, if it is no longer than this.
const LONGEST = 256;

const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])/g;
const UNENDED = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)$/;

/** All that was shown: its text, and where in it each event begins. */
export function index(events) {
  const parts = [];
  const starts = [];
  const times = [];
  let length = 0;
  let carried = "";
  for (const [time, code, data] of events) {
    if (code !== "o") continue;
    let text = carried + data;
    carried = "";
    const unended = UNENDED.exec(text);
    if (unended && text.length - unended.index <= LONGEST) {
      carried = text.slice(unended.index);
      text = text.slice(0, unended.index);
    }
    const plain = text.replace(SEQUENCE, "").replace(/\r+\n/g, "\n").replace(/\r/g, "\n").replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");
    if (!plain) continue;
    starts.push(length);
    times.push(time);
    parts.push(plain);
    length += plain.length;
  }
  const text = parts.join("");
  return { text, folded: fold(text), starts, times };
}

/** Where `words` were shown, whatever their case: the moment, and the line. */
export function find({ text, folded, starts, times }, words) {
  const wanted = fold(words);
  const found = [];
  if (!wanted) return found;
  for (let place = folded.indexOf(wanted); place >= 0 && found.length < MOST; place = folded.indexOf(wanted, place + wanted.length)) {
    const from = Math.max(text.lastIndexOf("\n", place - 1) + 1, place - 60);
    const end = text.indexOf("\n", place + wanted.length);
    const to = Math.min(end < 0 ? text.length : end, place + wanted.length + 80);
    // The moment at which the last of it had come.
    found.push({ at: times[event(starts, place + wanted.length - 1)], line: text.slice(from, to).trim() });
  }
  return found;
}

// In lower case, and as long as before: where something stands must not change.
function fold(text) {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : Array.from(text, (c) => (c.toLowerCase().length === c.length ? c.toLowerCase() : c)).join("");
}

// The last event that begins at or before `place`.
function event(starts, place) {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}
