// A terminal in the page, over a WebSocket: binary messages are bytes both ways, text messages are control, as JSON.
import { Terminal } from "@xterm/xterm";
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { whenThemeChanges } from "./theme.js";

// How much may wait to be drawn before the next read: `yes` in a container must not fill the tab.
const MOST_UNDRAWN = 128 * 1024;

/**
 * Opens a terminal in `element` on the WebSocket at `url`.
 *
 * `on` may hold `open()`, `close({ code, reason })`, `title(text)` and `found({ index, count })`.
 * The colours are those of the custom properties `--terminal-*` of `element`, read again when the page's theme changes.
 */
export function open(element, url, on = {}) {
  const strict = strictDocument();
  const term = new Terminal({
    allowProposedApi: true, // decorations of what a search found
    cursorBlink: true,
    documentOverride: strict,
    fontFamily: token(element, "--mono", "monospace"),
    fontSize: 13,
    scrollback: 10_000,
    screenReaderMode: on.screenReader ?? false,
    theme: theme(element),
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  term.loadAddon(fit);
  term.loadAddon(search);
  document.createElement = strict.createElement;
  try {
    term.open(element);
  } finally {
    delete document.createElement;
  }
  fit.fit();

  const utf8 = new TextEncoder();
  const link = connect(url, {
    open() {
      resized();
      on.open?.();
      term.focus();
    },
    bytes: (chunk) => new Promise((drawn) => term.write(chunk, drawn)),
    close: (why) => on.close?.(why),
  });
  const resized = () => link.text(JSON.stringify({ type: "resize", columns: term.cols, rows: term.rows }));

  term.onData((text) => link.bytes(utf8.encode(text)));
  term.onBinary((text) => link.bytes(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  term.onResize(resized);
  term.onTitleChange((title) => on.title?.(title));
  search.onDidChangeResults(({ resultIndex, resultCount }) => on.found?.({ index: resultIndex, count: resultCount }));
  const watch = new ResizeObserver(() => element.isConnected && fit.fit());
  watch.observe(element);
  const endTheme = whenThemeChanges(() => (term.options.theme = theme(element)));

  const found = { matchBackground: "#7a5b00", matchOverviewRuler: "#7a5b00", activeMatchBackground: "#b58900", activeMatchColorOverviewRuler: "#b58900" };
  return {
    focus: () => term.focus(),
    /** Says something of ours, not of the container's. */
    say: (text) => term.write(`\r\n\x1b[2m${text}\x1b[0m\r\n`),
    clear: () => term.clear(),
    text: () => term.getSelection() || wholeText(term),
    paste: (text) => term.paste(text),
    findNext: (text) => search.findNext(text, { decorations: found }),
    findPrevious: (text) => search.findPrevious(text, { decorations: found }),
    endSearch: () => search.clearDecorations(),
    destroy() {
      endTheme();
      watch.disconnect();
      link.close();
      term.dispose();
    },
  };
}

// A WebSocketStream is read when there is room; a plain WebSocket pushes, so all that is left is to end a flood.
function connect(url, on) {
  const address = new URL(url, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return globalThis.WebSocketStream ? pulled(address, on) : pushed(address, on);
}

function pulled(address, on) {
  const socket = new WebSocketStream(address.href);
  let writer;
  (async () => {
    const { readable, writable } = await socket.opened;
    writer = writable.getWriter();
    on.open();
    let undrawn = 0;
    let room = () => {};
    for await (const message of readable) {
      const chunk = typeof message === "string" ? new TextEncoder().encode(message) : new Uint8Array(message);
      undrawn += chunk.length;
      on.bytes(chunk).then(() => {
        undrawn -= chunk.length;
        room();
      });
      while (undrawn > MOST_UNDRAWN) await new Promise((done) => (room = done));
    }
  })().catch(() => {}); // why it ended is told by `closed`
  socket.closed
    .then(({ closeCode, reason }) => on.close({ code: closeCode, reason }))
    .catch((error) => on.close({ code: error.closeCode ?? 1006, reason: error.reason ?? "" }));
  const send = (message) => writer?.write(message).catch(() => {});
  return {
    bytes: send,
    text: send,
    close: () => {
      try {
        socket.close({ closeCode: 1000 });
      } catch {
        // It never opened, or has ended already.
      }
    },
  };
}

function pushed(address, on) {
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  let undrawn = 0;
  socket.onopen = () => on.open();
  socket.onmessage = ({ data }) => {
    const chunk = typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data);
    undrawn += chunk.length;
    on.bytes(chunk).then(() => (undrawn -= chunk.length));
    if (undrawn > 256 * MOST_UNDRAWN) socket.close(4000, "more output than this browser can draw");
  };
  socket.onclose = ({ code, reason }) => on.close({ code, reason });
  const send = (message) => socket.readyState === WebSocket.OPEN && socket.send(message);
  return { bytes: send, text: send, close: () => socket.close(1000) };
}

// xterm.js writes <style> elements and style attributes, and our security policy takes neither. Sheets and declarations that
// are made by script are fine, so its document makes those instead; while it opens, the page's own does too, for the part of it
// that asks there whatever document it was given.
function strictDocument() {
  const create = (name) => (name === "style" ? adoptedStyle() : scriptedStyle(Document.prototype.createElement.call(document, name)));
  return new Proxy(document, {
    get(target, key) {
      if (key === "createElement") return create;
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value),
  });
}

function scriptedStyle(element) {
  const setAttribute = element.setAttribute.bind(element);
  element.setAttribute = (name, value) => {
    if (name === "style") element.style.cssText = value;
    else setAttribute(name, value);
  };
  return element;
}

function adoptedStyle() {
  const sheet = new CSSStyleSheet();
  const standIn = document.createElement("template");
  const remove = standIn.remove.bind(standIn);
  document.adoptedStyleSheets.push(sheet);
  Object.defineProperty(standIn, "textContent", { set: (css) => sheet.replaceSync(css) });
  standIn.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    remove();
  };
  return standIn;
}

const COLOURS = [
  "background", "foreground", "cursor", "cursorAccent", "selectionBackground",
  "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
  "brightBlack", "brightRed", "brightGreen", "brightYellow", "brightBlue", "brightMagenta", "brightCyan", "brightWhite",
];

// Reads `--terminal-bright-red` and the like; what the page does not set stays as xterm.js has it.
function theme(element) {
  const kebab = (name) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
  const colours = COLOURS.map((name) => [name, colour(element, `--terminal-${kebab(name)}`)]);
  return Object.fromEntries(colours.filter(([, value]) => value));
}

// A custom property may hold `light-dark(...)` or another `var(...)`: only the browser can tell what colour that is here.
function colour(element, name) {
  if (!token(element, name)) return undefined;
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function token(element, name, fallback) {
  return getComputedStyle(element).getPropertyValue(name).trim() || fallback;
}

function wholeText(term) {
  const buffer = term.buffer.active;
  const lines = Array.from({ length: buffer.length }, (_, i) => buffer.getLine(i)?.translateToString(true) ?? "");
  return lines.join("\n").trimEnd();
}
