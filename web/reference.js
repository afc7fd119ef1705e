// The page of the API, drawn from its own description; works with no other host.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { whenThemeChanges } from "./theme.js";

/** Draws the description at `url` in `element`; answers with what ends it. */
export function create(element, url) {
  SwaggerUI({
    url,
    domNode: element,
    // By areas, which open: from a hundred operations on it would draw only those near the eye, and anew while one scrolls.
    docExpansion: "none",
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    // Its colours are too pale to be read.
    syntaxHighlight: { activated: false },
    // It would ask a validator of somebody else's.
    validatorUrl: "none",
    plugins: [withoutNesting],
  });
  // The viewer has dark colours of its own, by a class on the page.
  const root = document.documentElement;
  const set = () => root.classList.toggle("dark-mode", isDark(root));
  const end = whenThemeChanges(set);
  set();
  return () => {
    end();
    root.classList.remove("dark-mode");
  };
}

// The viewer puts its copy buttons inside of the button that opens an operation, where no keyboard finds them.
const withoutNesting = () => ({ wrapComponents: { CopyToClipboardBtn: () => () => null } });

function isDark(root) {
  return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
