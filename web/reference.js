// The page of the API, drawn from its own description; works with no other host.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

/** Draws the description at `url` in `element`. */
export function create(element, url) {
  return SwaggerUI({
    url,
    domNode: element,
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: true,
    // It would ask a validator of somebody else's.
    validatorUrl: "none",
  });
}
