//! A place that takes log records by OTLP, over HTTP as JSON (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP" and "JSON Protobuf Encoding").

use std::sync::Arc;

use http::{HeaderMap, Uri, header};
use rustls::ClientConfig;
use serde::{Deserialize, Serialize};

use super::{
    super::clean,
    Batch, Item, Sink, SinkError,
    webhook::{origin, post},
};
use crate::clock::now_ms;

/// A collector.
#[derive(Clone)]
pub struct Otlp {
    /// The whole address, with `/v1/logs`.
    pub url: Uri,
    /// What goes along, such as what lets Pilothouse in.
    pub headers: HeaderMap,
    pub tls: Arc<ClientConfig>,
}

impl std::fmt::Debug for Otlp {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Otlp").field("url", &self.shown()).finish_non_exhaustive()
    }
}

// ExportLogsServiceRequest, as far as it is used. By the encoding's rules names are in lowerCamelCase, and integers of 64 bits are texts.

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Export<'a> {
    resource_logs: [ResourceLogs<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceLogs<'a> {
    resource: Resource<'a>,
    scope_logs: [ScopeLogs<'a>; 1],
}

#[derive(Serialize)]
struct Resource<'a> {
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeLogs<'a> {
    scope: Scope,
    log_records: Vec<LogRecord<'a>>,
}

#[derive(Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogRecord<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time_unix_nano: Option<String>,
    observed_time_unix_nano: String,
    severity_number: u8,
    severity_text: &'static str,
    body: AnyValue<'a>,
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: String,
    value: AnyValue<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum AnyValue<'a> {
    StringValue(&'a str),
    IntValue(String),
}

/// ExportLogsServiceResponse.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Response {
    partial_success: Option<PartialSuccess>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    /// A text by the encoding's rules; a number is to be taken too.
    rejected_log_records: serde_json::Value,
    error_message: String,
}

impl Otlp {
    /// Where it is, without its path.
    pub fn shown(&self) -> String {
        origin(&self.url)
    }
}

impl Sink for Otlp {
    const LINES: u32 = 200;

    async fn send(&mut self, batch: &Batch) -> Result<Option<String>, SinkError> {
        let body =
            serde_json::to_vec(&export(&batch.items, now_ms())).map_err(|_| SinkError::Away("A piece cannot be written as JSON.".to_owned()))?;
        let mut request = http::Request::post(self.url.clone());
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.headers);
        }
        let request = request.header(header::CONTENT_TYPE, "application/json").header(header::USER_AGENT, "pilothouse");
        let answer = post(&self.tls, request, body, &self.shown()).await?;
        match answer.status().as_u16() {
            200..=299 => Ok(rejected(answer.body()).map(|why| format!("{} {why}", self.shown()))),
            // The specification says of some that they are not to be sent again. A trail is not to be lost for a wrong password.
            status => Err(SinkError::Away(format!("{} answered {status}.", self.shown()))),
        }
    }
}

/// What of a piece was taken only in part. It must not be sent again (OTLP, "Partial Success").
fn rejected(body: &[u8]) -> Option<String> {
    let response: Response = serde_json::from_slice(body).unwrap_or_default();
    let partial = response.partial_success?;
    let count = match &partial.rejected_log_records {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => "0".to_owned(),
    };
    let why = clean(&partial.error_message);
    match count.parse::<i64>().ok()? {
        0 if why.is_empty() => None,
        0 => Some(format!("took all, and warns: {why}")),
        count => Some(format!("refused {count} records for good: {why}")),
    }
}

fn export(items: &[Item], now: i64) -> Export<'_> {
    let text = |key: &str, value| Attribute { key: key.to_owned(), value: AnyValue::StringValue(value) };
    let resource = Resource { attributes: vec![text("service.name", "pilothouse"), text("service.version", env!("CARGO_PKG_VERSION"))] };
    let scope = Scope { name: "pilothouse.audit", version: env!("CARGO_PKG_VERSION") };
    let scope_logs = [ScopeLogs { scope, log_records: items.iter().map(|item| record(item, now)).collect() }];
    Export { resource_logs: [ResourceLogs { resource, scope_logs }] }
}

fn record(item: &Item, now: i64) -> LogRecord<'_> {
    let attribute = |name: &str, value| Attribute { key: format!("pilothouse.{name}"), value };
    let mut attributes = vec![
        attribute("kind", AnyValue::StringValue(item.kind)),
        attribute("writer", AnyValue::IntValue(item.writer.to_string())),
        attribute("seq", AnyValue::IntValue(item.seq.to_string())),
    ];
    let fields = item.fields.iter().filter(|(_, value)| !value.is_empty());
    attributes.extend(fields.map(|(name, value)| attribute(name, AnyValue::StringValue(value))));
    // SeverityNumber: 9 is INFO, 13 is WARN.
    let (severity_number, severity_text) = if item.warns { (13, "WARN") } else { (9, "INFO") };
    LogRecord {
        time_unix_nano: item.at.map(nanos),
        observed_time_unix_nano: nanos(now),
        severity_number,
        severity_text,
        body: AnyValue::StringValue(&item.line),
        attributes,
    }
}

/// Nanoseconds since the Unix epoch, as text.
fn nanos(ms: i64) -> String {
    (i128::from(ms.max(0)) * 1_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_what_the_specification_s_encoding_asks_for() {
        let item = Item {
            kind: "complete",
            line: "{\"entry\":{}}".to_owned(),
            at: Some(1_795_000_000_123),
            writer: 1,
            seq: 7,
            warns: true,
            fields: vec![("user", "ana".to_owned()), ("object", String::new())],
            record: None,
        };
        let said = serde_json::to_value(export(&[item], 1_795_000_000_999)).unwrap();
        let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
        let int = |key: &str, value: &str| json!({ "key": key, "value": { "intValue": value } });
        assert_eq!(said["resourceLogs"][0]["resource"]["attributes"][0], text("service.name", "pilothouse"));
        assert_eq!(said["resourceLogs"][0]["scopeLogs"][0]["scope"]["name"], "pilothouse.audit");
        assert_eq!(
            said["resourceLogs"][0]["scopeLogs"][0]["logRecords"],
            json!([{
                "timeUnixNano": "1795000000123000000",
                "observedTimeUnixNano": "1795000000999000000",
                "severityNumber": 13,
                "severityText": "WARN",
                "body": { "stringValue": "{\"entry\":{}}" },
                "attributes": [
                    text("pilothouse.kind", "complete"), int("pilothouse.writer", "1"), int("pilothouse.seq", "7"), text("pilothouse.user", "ana"),
                ],
            }])
        );
    }

    #[test]
    fn a_success_in_part_is_told_of() {
        assert_eq!(rejected(b""), None);
        assert_eq!(rejected(b"{}"), None);
        assert_eq!(rejected(br#"{"partialSuccess":{}}"#), None);
        assert_eq!(rejected(br#"{"partialSuccess":{"rejectedLogRecords":"0"}}"#), None);
        assert_eq!(
            rejected(br#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too\nold"}}"#).unwrap(),
            "refused 2 records for good: too\\u{a}old"
        );
        assert_eq!(rejected(br#"{"partialSuccess":{"rejectedLogRecords":3}}"#).unwrap(), "refused 3 records for good: ");
        assert_eq!(rejected(br#"{"partialSuccess":{"errorMessage":"slow"}}"#).unwrap(), "took all, and warns: slow");
    }
}
