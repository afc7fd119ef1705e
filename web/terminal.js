// A terminal in the page, over a WebSocket: binary messages are bytes both ways, text messages are control, as JSON.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { screen } from "./screen.js";

export { play } from "./player.js";

// How much may wait to be drawn before the next read: `yes` in a container must not fill the tab.
const MOST_UNDRAWN = 128 * 1024;

/**
 * Opens a terminal in `element` on the WebSocket at `url`.
 *
 * `on` may hold `open()`, `close({ code, reason })`, `recorded({ typed })`, `title(text)` and `found({ index, count })`.
 * The colours are those of the custom properties `--terminal-*` of `element`, read again when the page's theme changes.
 */
export function open(element, url, on = {}) {
  const { term, show, destroy } = screen(element, { cursorBlink: true, scrollback: 10_000, screenReaderMode: on.screenReader ?? false });
  const fit = new FitAddon();
  const search = new SearchAddon();
  term.loadAddon(fit);
  term.loadAddon(search);
  show();
  fit.fit();

  const utf8 = new TextEncoder();
  const link = connect(url, {
    open() {
      resized();
      on.open?.();
      term.focus();
    },
    bytes: (chunk) => new Promise((drawn) => term.write(chunk, drawn)),
    text(text) {
      const notice = JSON.parse(text);
      if (notice.type === "recorded") on.recorded?.(notice);
    },
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
      watch.disconnect();
      link.close();
      destroy();
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
      if (typeof message === "string") {
        on.text(message);
        continue;
      }
      const chunk = new Uint8Array(message);
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
    if (typeof data === "string") return on.text(data);
    const chunk = new Uint8Array(data);
    undrawn += chunk.length;
    on.bytes(chunk).then(() => (undrawn -= chunk.length));
    if (undrawn > 256 * MOST_UNDRAWN) socket.close(4000, "more output than this browser can draw");
  };
  socket.onclose = ({ code, reason }) => on.close({ code, reason });
  const send = (message) => socket.readyState === WebSocket.OPEN && socket.send(message);
  return { bytes: send, text: send, close: () => socket.close(1000) };
}

function wholeText(term) {
  const buffer = term.buffer.active;
  const lines = Array.from({ length: buffer.length }, (_, i) => buffer.getLine(i)?.translateToString(true) ?? "");
  return lines.join("\n").trimEnd();
}
