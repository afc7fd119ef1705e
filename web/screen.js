// What a terminal is drawn on: xterm.js under our security policy, in the colours of the page.
import { Terminal } from "@xterm/xterm";
import { whenThemeChanges } from "./theme.js";

/**
 * A terminal for `element`, drawn by `show()`. Its colours are those of the custom properties `--terminal-*` of `element`, read again when
 * the page's theme changes.
 */
export function screen(element, options) {
  const strict = strictDocument();
  const term = new Terminal({
    allowProposedApi: true, // decorations of what a search found
    documentOverride: strict,
    fontFamily: token(element, "--mono", "monospace"),
    fontSize: 13,
    theme: theme(element),
    ...options,
  });
  const endTheme = whenThemeChanges(() => (term.options.theme = theme(element)));
  return {
    term,
    show() {
      document.createElement = strict.createElement;
      try {
        term.open(element);
      } finally {
        delete document.createElement;
      }
    },
    destroy() {
      endTheme();
      term.dispose();
    },
  };
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
