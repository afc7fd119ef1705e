//! By OTLP: to a receiver that reads as the specification's encoding has it, and takes nothing else.

use pilothouse_tests::receiver::{Got, Mood, Receiver};
use serde::Deserialize;

use super::{file, house, in_order, length, standing, until, verified, work};

// opentelemetry-proto, collector/logs/v1/logs_service.proto and logs/v1/logs.proto, as its JSON encoding has them.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Export {
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceLogs {
    resource: Resource,
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScopeLogs {
    scope: Scope,
    log_records: Vec<LogRecord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    name: String,
    #[serde(rename = "version")]
    _version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LogRecord {
    time_unix_nano: String,
    observed_time_unix_nano: String,
    severity_number: i32,
    severity_text: String,
    body: AnyValue,
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyValue {
    key: String,
    value: AnyValue,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum AnyValue {
    StringValue(String),
    IntValue(String),
}

impl LogRecord {
    fn line(&self) -> &str {
        let AnyValue::StringValue(line) = &self.body else { panic!("the body is a text") };
        line
    }

    fn attribute(&self, key: &str) -> Option<&AnyValue> {
        self.attributes.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
    }
}

/// The records of one request.
fn records(got: &Got) -> Vec<LogRecord> {
    let export: Export = serde_json::from_str(&got.body).unwrap_or_else(|e| panic!("{e}: {}", got.body));
    let [logs] = export.resource_logs.try_into().ok().unwrap();
    assert!(logs.resource.attributes.iter().any(|a| a.key == "service.name" && a.value == AnyValue::StringValue("pilothouse".to_owned())));
    let [scope] = logs.scope_logs.try_into().ok().unwrap();
    assert_eq!(scope.scope.name, "pilothouse.audit");
    scope.log_records
}

#[test]
fn a_collector_gets_every_entry_as_a_log_record() {
    let receiver = Receiver::start();
    receiver.mood(Mood::Say(200, "{\"partialSuccess\":{}}"));
    let settings = format!(
        "from = \"beginning\"\notlp = {{ url = \"{}\", headers = {{ X-Tenant = \"one\" }}, authorization_file = \"{}\" }}",
        receiver.url("/v1/logs"),
        file("Bearer of the collector\n")
    );
    let (mut house, _recorder) = house(&settings);
    work(&house, 0..50);
    assert_eq!(house.send(&house.admin, "GET", "/engines/fake/unheard-of", "").status, 403);
    let last = |receiver: &Receiver| {
        let taken = receiver.got().into_iter().filter(|got| got.taken);
        taken
            .flat_map(|got| records(&got))
            .filter_map(|record| super::seq(record.line()).filter(|_| record.line().starts_with("{\"entry\"")))
            .max()
            .unwrap_or(0)
    };
    until("all has arrived", 20, || last(&receiver) == length(&house));
    receiver.mood(Mood::Say(503, ""));
    work(&house, 50..300);
    house.crash();
    until("it answers 503", 20, || standing(&house)["error"].as_str().is_some_and(|error| error.ends_with("answered 503.")));
    receiver.mood(Mood::Say(200, ""));
    until("all has arrived", 40, || last(&receiver) == length(&house));
    let got = receiver.got();
    for got in &got {
        assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/v1/logs"));
        assert_eq!((got.header("content-type"), got.header("x-tenant")), (Some("application/json"), Some("one")));
        assert_eq!((got.header("authorization"), got.header("cookie")), (Some("Bearer of the collector"), None));
    }
    let records: Vec<LogRecord> = got.iter().filter(|got| got.taken).flat_map(records).collect();
    let mut denied = 0;
    for record in &records {
        let line: serde_json::Value = serde_json::from_str(record.line()).unwrap();
        let at = line["entry"]["at"].as_i64().or_else(|| line["checkpoint"]["at"].as_i64()).unwrap();
        assert_eq!(record.time_unix_nano, format!("{at}000000"));
        assert!(record.observed_time_unix_nano.parse::<u64>().unwrap() > 0);
        let refused = line["entry"]["decision"] == "denied";
        denied += i32::from(refused);
        assert!(matches!((record.severity_number, record.severity_text.as_str()), (9, "INFO") | (13, "WARN")));
        assert!(!refused || record.severity_number == 13, "{line}");
        if let Some(seq) = line["entry"]["seq"].as_i64() {
            assert_eq!(record.attribute("pilothouse.seq"), Some(&AnyValue::IntValue(seq.to_string())));
            assert!(record.attribute("pilothouse.user").is_some() && record.attribute("pilothouse.operation").is_some());
        }
    }
    assert!(denied >= 1, "a refusal is a warning");
    let lines: Vec<&str> = records.iter().map(LogRecord::line).collect();
    in_order(&lines, 1);
    let verdict = verified(&lines);
    assert!(verdict.is_whole(), "{verdict:?}");
    // What is refused for good is told of, and not sent again.
    receiver.mood(Mood::Say(200, "{\"partialSuccess\":{\"rejectedLogRecords\":\"2\",\"errorMessage\":\"too old\"}}"));
    work(&house, 300..301);
    until("it is told", 20, || standing(&house)["error"].as_str().is_some_and(|error| error.contains("refused 2 records for good: too old")));
    assert!(house.log().contains("Not all of the audit trail was taken"));
}
