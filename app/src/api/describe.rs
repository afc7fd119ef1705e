//! The OpenAPI 3.1 document, made from the contract's types.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{Endpoint, Live, Problem};

/// What needs no credential.
const PUBLIC: &[&str] = &[
    "SignIn",
    "SetupGet",
    "Setup",
    "WayList",
    "OidcStart",
    "OidcCallback",
    "SecondStepGet",
    "SecondFactor",
    "PasskeySignInStart",
    "PasskeySignIn",
    "DeviceBegin",
    "DevicePoll",
];

/// Collects what the contract offers.
pub struct Reference {
    paths: Map<String, Value>,
    schemas: SchemaGenerator,
}

impl Default for Reference {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
        Self { paths: Map::new(), schemas: settings.into_generator() }
    }
}

impl Reference {
    /// Adds an endpoint that answers once.
    pub fn endpoint<E: Endpoint>(&mut self, name: &str) {
        let output = self.schema::<E::Output>();
        let answer = json!({ "description": "Done.", "content": { "application/json": { "schema": output } } });
        self.operation::<E::Input>(&E::METHOD, E::PATH, name, E::SUMMARY, answer);
    }

    /// Adds an endpoint that answers with events.
    pub fn live<L: Live>(&mut self, name: &str) {
        let item = self.schema::<L::Item>();
        let answer = json!({
            "description": "Server-sent events; the data of each is one item. An event named `end` carries a problem and is the last.",
            "content": { "text/event-stream": { "schema": item } },
        });
        self.operation::<L::Input>(&L::METHOD, L::PATH, name, L::SUMMARY, answer);
    }

    /// Adds an endpoint that answers with a file.
    pub fn file<E: Endpoint>(&mut self, name: &str, media: &str) {
        let answer = json!({ "description": "The file.", "content": { media: { "schema": { "type": "string", "format": "binary" } } } });
        self.operation::<E::Input>(&E::METHOD, E::PATH, name, E::SUMMARY, answer);
    }

    /// Adds what answers with neither JSON nor events: a file, or a raw stream.
    pub fn raw<I: JsonSchema>(&mut self, path: &'static str, name: &str, summary: &str, status: &str, answer: &str) {
        self.operation::<I>(&http::Method::GET, path, name, summary, json!({ "description": answer }));
        let responses = &mut self.paths[path]["get"]["responses"];
        if status != "200" {
            let described = responses["200"].take();
            *responses = json!({ status: described, "default": { "$ref": "#/components/responses/Problem" } });
        }
    }

    /// The whole document.
    pub fn document(mut self, version: &str) -> Value {
        let problem = self.schema::<Problem>();
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Pilothouse",
                "version": version,
                "description": "Times are milliseconds since the Unix epoch, sizes are bytes. Errors are RFC 9457 problems with a stable code.",
            },
            "paths": self.paths,
            "components": {
                "schemas": self.schemas.take_definitions(true),
                "responses": {
                    "Problem": { "description": "Why it was not done.", "content": { "application/problem+json": { "schema": problem } } },
                },
                "securitySchemes": {
                    "token": { "type": "http", "scheme": "bearer", "description": "A personal token, `ph_pat_...`." },
                    "session": { "type": "apiKey", "in": "cookie", "name": "__Host-pilothouse" },
                    "certificate": { "type": "mutualTLS", "description": "A client certificate that Pilothouse has signed; not from pages." },
                },
            },
            "security": [{ "token": [] }, { "session": [] }, { "certificate": [] }],
        })
    }

    fn schema<T: JsonSchema>(&mut self) -> Value {
        self.schemas.subschema_for::<T>().to_value()
    }

    fn operation<I: JsonSchema>(&mut self, method: &http::Method, path: &'static str, name: &str, summary: &str, answer: Value) {
        let in_query = matches!(*method, http::Method::GET | http::Method::DELETE);
        let segments = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> =
            segments.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect();
        let mut operation = json!({ "operationId": name, "summary": summary, "tags": [tag(path)] });
        if in_query {
            parameters.extend(self.query::<I>());
        } else if I::schema_name() != "Empty" {
            let schema = self.schema::<I>();
            operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        if PUBLIC.contains(&name) {
            operation["security"] = json!([]);
        }
        operation["parameters"] = Value::Array(parameters);
        operation["responses"] = json!({ "200": answer, "default": { "$ref": "#/components/responses/Problem" } });
        let item = self.paths.entry(path).or_insert_with(|| json!({}));
        item[method.as_str().to_ascii_lowercase()] = operation;
    }

    /// One parameter for each field of a query.
    fn query<I: JsonSchema>(&mut self) -> Vec<Value> {
        let whole = I::json_schema(&mut self.schemas).to_value();
        let required = |name: &str| whole["required"].as_array().is_some_and(|list| list.iter().any(|item| item == name));
        let Some(fields) = whole["properties"].as_object() else { return Vec::new() };
        fields.iter().map(|(name, schema)| json!({ "name": name, "in": "query", "required": required(name), "schema": schema })).collect()
    }
}

/// What the reference groups an operation under: the last part of its path that is not a parameter and not a verb.
fn tag(path: &str) -> &str {
    let parts: Vec<&str> = path.trim_start_matches("/api/v1/").split('/').collect();
    match parts.as_slice() {
        ["engines", _, kind, ..] => kind,
        [first, ..] => first,
        [] => path,
    }
}
