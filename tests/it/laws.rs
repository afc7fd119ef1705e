//! The laws of the house, tried on every row of the tables and on every file of the tree.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    path::Path,
};

use pilothouse::access::{
    Kind, Permission,
    table::docker::{Body, REFUSALS, ROWS, Reply, Row},
};
use serde_json::{Value, json};

use pilothouse_tests::{
    http::{self, Answer},
    sandbox::{Behaviour, House, PASSWORD, Recorder},
    store::sql,
};

const DONE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

fn path(row: &Row) -> String {
    let path = row.path.replace("{id}", "some-id").replace("{ref...}", "some/image:tag");
    // Without an image to pull it is an import, which is another right.
    let query = if row.name == "ImageCreate" { "?fromImage=some&tag=tag" } else { "" };
    format!("/engines/fake{path}{query}")
}

/// What its record names.
fn object(row: &Row) -> String {
    if row.name == "ImageCreate" {
        return "some:tag".to_owned();
    }
    let named = row.path.split('/').filter_map(|part| match part {
        "{id}" => Some("some-id"),
        "{ref...}" => Some("some/image:tag"),
        _ => None,
    });
    named.collect::<Vec<_>>().join(" ")
}

/// The stages of every record, in the chain's order: 1 is an intent, 2 the start of a stream, 3 an end.
fn stages(house: &House) -> BTreeMap<i64, Vec<i64>> {
    let mut stages: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in &sql(&house.data, &["SELECT id, stage FROM audit_chain ORDER BY writer, seq"])[0] {
        stages.entry(row[0].as_i64().unwrap()).or_default().push(row[1].as_i64().unwrap());
    }
    stages
}

/// Which operations were refused to whom, as the trail has it.
fn denials(house: &House) -> HashSet<(String, String)> {
    std::thread::sleep(std::time::Duration::from_millis(300));
    let rows = sql(&house.data, &["SELECT operation, username FROM audit WHERE decision = 'denied' AND outcome = 'denied'"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows[0].iter().map(|row| (text(&row[0]), text(&row[1]))).collect()
}

fn id(record: &Value) -> i64 {
    record["id"].as_i64().unwrap()
}

/// One request; a body is JSON.
fn send(house: &House, method: &str, path: &str, body: &str, token: Option<&str>, more: &[(&str, &str)]) -> Answer {
    let bearer = format!("Bearer {}", token.unwrap_or_default());
    let mut headers = more.to_vec();
    headers.extend(token.map(|_| ("Authorization", bearer.as_str())));
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    http::send(house.address, method, path, &headers, body)
}

fn ask(house: &House, row: &Row, token: Option<&str>) -> Answer {
    let body = if row.body == Body::Json { "{}" } else { "" };
    send(house, row.method, &path(row), body, token, &[])
}

#[test]
fn nobody_passes_without_a_right_and_the_engine_hears_nothing_of_it() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let viewer = house.user("vic", "viewer", "engine/fake");
    let stranger = house.user("sue", "viewer", "engine/other");
    let wrong = format!("ph_pat_{}", "a".repeat(38));
    for row in ROWS {
        let what = format!("{} {}", row.method, row.path);
        assert_eq!(ask(&house, row, None).status, 401, "{what} without a credential");
        assert_eq!(ask(&house, row, Some(&wrong)).status, 401, "{what} with a wrong one");
        assert_eq!(ask(&house, row, Some(&stranger)).status, 404, "{what} by who may not see the engine");
        if row.permission.kind() != Kind::View {
            assert_eq!(ask(&house, row, Some(&viewer)).status, 403, "{what} by a viewer");
        }
    }
    for refusal in REFUSALS {
        let path = refusal.path.replace("{id}", "some-id").replace("{any}", "containers/json");
        let answer = house.send(&house.admin, refusal.method, &format!("/engines/fake{path}"), "");
        assert_eq!(answer.status, 403, "{} {path}", refusal.method);
    }
    let denied = denials(&house);
    for row in ROWS {
        let to = |user: &str| denied.contains(&(row.name.to_owned(), user.to_owned()));
        assert!(to("sue"), "nothing says that {} was refused to a stranger", row.name);
        assert_eq!(to("vic"), row.permission.kind() != Kind::View, "what says that {} was refused to a viewer", row.name);
    }
    assert!(denied.contains(&("Unclassified".to_owned(), "admin".to_owned())), "nothing says what has no row");
    assert_eq!(recorder.seen(), "", "the engine heard of something that was refused");
}

#[test]
fn what_is_allowed_arrives_once_and_leaves_an_intent_and_an_outcome() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    for row in ROWS {
        let answer = ask(&house, row, Some(&house.admin));
        assert_eq!(answer.status, 200, "{} {}: {answer:?}", row.method, row.path);
    }
    let seen = recorder.seen();
    for row in ROWS {
        let line = format!("{} {} HTTP/1.1", row.method, path(row).trim_start_matches("/engines/fake"));
        assert_eq!(seen.matches(&line).count(), 1, "{line}");
    }
    assert!(!seen.contains("ph_pat_") && !seen.to_ascii_lowercase().contains("authorization"), "a credential of ours reached the engine");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let (records, stages) = (house.audit("&target=fake"), stages(&house));
    for row in ROWS {
        let of_row: Vec<&Value> = records.iter().filter(|record| record["operation"] == row.name).collect();
        assert_eq!(of_row.len(), 1, "{}", row.name);
        let record = of_row[0];
        assert_eq!(record["permission"], row.permission.name(), "{}", row.name);
        assert_eq!(record["object"], object(row), "{}", row.name);
        let flows = !matches!(row.reply, Reply::Prompt | Reply::Slow);
        assert_eq!(stages[&id(record)], if flows { vec![1, 2, 3] } else { vec![1, 3] }, "{}: its intent and its end", row.name);
        assert_eq!((&record["user"], &record["decision"], &record["outcome"]), (&"admin".into(), &"allowed".into(), &"ok".into()), "{record}");
        assert!(record["reason"].as_str().unwrap().starts_with("admin on all"), "{record}");
    }
}

/// One route of the REST API, as its own description has it.
pub struct Route {
    pub operation: String,
    pub method: String,
    /// With the engine `fake` and some object in it.
    pub path: String,
    /// The least that its body may be.
    body: String,
}

pub fn routes(house: &House) -> Vec<Route> {
    let document = house.get(&house.admin, "/api/openapi.json").json();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = if schema.is_null() { String::new() } else { least(schema, &document).to_string() };
            let path = path.replace("engines/{engine}", "engines/fake").replace("engines/{name}", "engines/fake").replace("{registry}", "images");
            let path = path.split('/').map(|part| if part.starts_with('{') { "some-id" } else { part }).collect::<Vec<_>>().join("/");
            routes.push(Route { operation: operation["operationId"].as_str().unwrap().to_owned(), method: method.to_uppercase(), path, body });
        }
    }
    assert!(routes.len() >= 60, "only {} routes are described", routes.len());
    routes
}

/// The least value that a JSON Schema allows.
fn least(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return least(document.pointer(reference.trim_start_matches('#')).unwrap(), document);
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    if let Some(first) = schema["oneOf"].get(0) {
        return least(first, document);
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
            required.map(|name| (name.to_owned(), least(&schema["properties"][name], document))).collect::<serde_json::Map<_, _>>().into()
        }
        Some("array") => Value::Array(Vec::new()),
        Some("boolean") => false.into(),
        Some("integer" | "number") => 1.into(),
        _ => "some-text".into(),
    }
}

/// What the one WebSocket brings along, as a browser would.
const WEBSOCKET: &[(&str, &str)] =
    &[("Connection", "Upgrade, close"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "c29tZSBrZXkgb2YgMTYgYg==")];

fn call(house: &House, route: &Route, token: Option<&str>) -> Answer {
    let more = if route.operation == "ContainerTerminal" { WEBSOCKET } else { &[] };
    send(house, &route.method, &route.path, &route.body, token, more)
}

/// What needs no credential: the reviewed list, which may only shrink.
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
/// What everybody may do who is signed in: their own account, and the way to what else they may.
const OWN: &[&str] = &[
    "AffectedList",
    "AuditViewCreate",
    "AuditViewDelete",
    "AuditViewList",
    "BundleCreate",
    "CertificateCreate",
    "CertificateList",
    "CertificateRevoke",
    "DeviceApprove",
    "DeviceDeny",
    "DeviceLook",
    "EngineList",
    "FactorList",
    "FactorRemove",
    "ImageSearch",
    "Me",
    "Overview",
    "PasskeyAdd",
    "PasskeyStart",
    "PasswordChange",
    "RecoveryRenew",
    "RunList",
    "SessionList",
    "SessionRevoke",
    "SignOut",
    "TokenCreate",
    "TokenList",
    "TokenRevoke",
    "TotpAdd",
    "TotpStart",
    "ViewAsEnd",
];

#[test]
fn the_api_lets_nobody_pass_without_a_right_and_the_engine_hears_nothing_of_it() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::with_settings(&[("fake", recorder.url.clone())], &images(&recorder));
    let viewer = house.user("vic", "viewer", "engine/fake");
    let granted = house.post(&house.admin, "/api/v1/grants", json!({ "user": "vic", "role": "viewer", "scope": "registry/images" }));
    assert_eq!(granted.status, 200, "{granted:?}");
    let stranger = house.user("sue", "viewer", "engine/other");
    let wrong = format!("ph_pat_{}", "a".repeat(38));
    let mut refused = HashSet::new();
    for route in routes(&house).iter().filter(|route| !PUBLIC.contains(&route.operation.as_str())) {
        let what = format!("{}: {} {}", route.operation, route.method, route.path);
        assert_eq!(call(&house, route, None).status, 401, "{what} without a credential");
        assert_eq!(call(&house, route, Some(&wrong)).status, 401, "{what} with a wrong one");
        if OWN.contains(&route.operation.as_str()) {
            continue;
        }
        let on_engine = route.path.starts_with("/api/v1/engines/fake/") || route.operation == "EngineGet";
        let answer = call(&house, route, Some(&stranger));
        let of_target = matches!(route.operation.as_str(), "EngineUpdate" | "EngineDelete") || route.path.starts_with("/api/v1/registries/images");
        let hidden = if on_engine || of_target { 404 } else { 403 };
        assert_eq!(answer.status, hidden, "{what} by who may not see the engine: {answer:?}");
        refused.insert((route.operation.clone(), "sue".to_owned()));
        let on_registries = route.path.starts_with("/api/v1/registries");
        let looks = route.method == "GET" && (on_engine || of_target || on_registries) && route.operation != "ContainerTerminal";
        if !looks {
            let answer = call(&house, route, Some(&viewer));
            assert_eq!(answer.status, 403, "{what} by a viewer: {answer:?}");
            assert!(answer.json()["title"].as_str().unwrap().contains("needs the permission"), "{what} does not say what is missing: {answer:?}");
            refused.insert((route.operation.clone(), "vic".to_owned()));
        }
    }
    let viewer = refused.iter().filter(|(_, user)| user == "vic").count();
    assert!(viewer >= 30, "only {viewer} routes were refused to a viewer");
    let unwritten: Vec<_> = refused.difference(&denials(&house)).cloned().collect();
    assert!(unwritten.is_empty(), "these were refused, and nothing says so: {unwritten:?}");
    assert_eq!(recorder.seen(), "", "the engine heard of something that was refused");
}

/// A registry that the settings declare, at the engine's own address: what it would hear, the recorder does.
fn images(recorder: &Recorder) -> String {
    format!("[[registries]]\nname = \"images\"\nurl = \"{}\"\n", recorder.url.replace("tcp+plain", "http"))
}

/// Whose record does not name the object of the path, and why: a list that may only shrink.
const NAMED_OTHERWISE: &[(&str, &str)] = &[("TotpAdd", "what was begun had an id for a few minutes; the record names the app that came of it")];
const THOSE_NAMED_OTHERWISE: usize = 1;

#[test]
fn every_call_of_the_api_leaves_an_intent_and_an_outcome() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let mut called = Vec::new();
    // What ends this very credential, or changes what is listened to, comes to nothing here: its names are of nobody.
    for route in routes(&house).into_iter().filter(|route| !PUBLIC.contains(&route.operation.as_str())) {
        let answer = call(&house, &route, Some(&house.admin));
        assert_ne!(answer.status, 401, "{} ended the credential: {answer:?}", route.operation);
        called.push((route, answer.status));
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let (records, stages) = (house.audit(""), stages(&house));
    let mut otherwise = Vec::new();
    for (route, status) in called {
        let operation = route.operation.as_str();
        // The look into the trail is in it too, and not over yet.
        let mut of_it = records.iter().filter(|record| record["operation"] == operation);
        let record = of_it.find(|record| record["outcome"] != "open");
        let record = record.unwrap_or_else(|| panic!("{operation} ({status}) was not written down, or has no outcome"));
        assert_eq!((&record["user"], &record["door"], &record["decision"]), (&"admin".into(), &"api".into(), &"allowed".into()), "{record}");
        assert!(record["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{record}");
        assert!(record["permission"].as_str().and_then(Permission::named).is_some(), "{record}");
        let target = match operation {
            // Of the engine or the registry that the body names.
            "EngineCreate" | "EngineTest" | "RegistryCreate" | "RegistryTest" => "some-text",
            _ if route.path.starts_with("/api/v1/engines/fake") => "fake",
            _ if route.path.starts_with("/api/v1/registries/images") => "images",
            _ => "-",
        };
        assert_eq!(record["target"], target, "{record}");
        if route.path.contains("some-id") && !record["object"].as_str().unwrap().contains("some-id") {
            otherwise.push(route.operation.clone());
        }
        match stages[&id(record)].as_slice() {
            [1, 3] => assert_eq!(record["status"], status, "{record}"),
            // Once a stream flows, what it ends with is not what it began with.
            [1, 2, 3] => {}
            other => panic!("{operation}: its intent and its end: {other:?}"),
        }
    }
    assert_eq!(
        otherwise,
        NAMED_OTHERWISE.iter().map(|(operation, _)| *operation).collect::<Vec<_>>(),
        "these records do not name what they are about"
    );
    assert_eq!(NAMED_OTHERWISE.len(), THOSE_NAMED_OTHERWISE, "the list may only shrink");
}

/// What leaves no record where nobody is signed in, and why: a list that may only shrink.
const UNWRITTEN: &[(&str, &str)] = &[
    ("DeviceBegin", "nothing was done, and nobody is known; whoever says yes or no is"),
    ("DevicePoll", "nobody has said anything yet; the token that is handed out has a record"),
    ("SecondStepGet", "shows what the browser's own cookie stands for"),
    ("OidcCallback", "of a provider that is none; of one that is, it is a sign-in"),
    ("OidcStart", "sends a browser elsewhere; the sign-in is what it comes back with"),
    ("PasskeySignInStart", "hands out a challenge; the sign-in is what is made of it"),
    ("WayList", "shows what everybody may see"),
    ("SetupGet", "shows what everybody may see"),
];
const THOSE_UNWRITTEN: usize = 8;

#[test]
fn every_call_without_a_credential_is_written_down_or_stated_here() {
    let house = House::start(&[]);
    let routes: Vec<_> = routes(&house).into_iter().filter(|route| PUBLIC.contains(&route.operation.as_str())).collect();
    assert_eq!(routes.len(), PUBLIC.len());
    let newest = || sql(&house.data, &["SELECT coalesce(max(id), 0) FROM audit"])[0][0][0].as_i64().unwrap();
    let mut unwritten = Vec::new();
    for route in routes {
        let before = newest();
        let answer = call(&house, &route, None);
        std::thread::sleep(std::time::Duration::from_millis(150));
        assert!((200..500).contains(&answer.status), "{}: {answer:?}", route.operation);
        if newest() == before {
            unwritten.push(route.operation);
        }
    }
    assert_eq!(unwritten, UNWRITTEN.iter().map(|(operation, _)| *operation).collect::<Vec<_>>(), "these leave no record");
    assert_eq!(UNWRITTEN.len(), THOSE_UNWRITTEN, "the list may only shrink");
    let ends = sql(&house.data, &["SELECT operation FROM audit WHERE outcome = 'open'"]);
    assert_eq!(ends[0], Vec::<Vec<Value>>::new());
}

#[test]
fn what_needs_no_credential_is_written_down_too() {
    let house = House::empty(&[], None);
    let secret = house.setup_link().split("#secret=").nth(1).unwrap().to_owned();
    let set_up = |secret: &str| house.post_as(&[], "/api/v1/setup", json!({ "secret": secret, "username": "admin", "password": PASSWORD })).status;
    assert_eq!((set_up("wrong"), set_up(&secret)), (403, 200));
    let sign_in = |password: &str| house.post_as(&[], "/api/v1/session", json!({ "username": "admin", "password": password })).status;
    assert_eq!((sign_in("wrong wrong wrong"), sign_in(PASSWORD)), (401, 200));
    let token = house.token_of("admin", PASSWORD);
    let records = house.get(&token, "/api/v1/audit?limit=500").json()["items"].as_array().unwrap().clone();
    let of = |operation: &str, decision: &str, outcome: &str| {
        let fits = |record: &&Value| record["operation"] == operation && record["decision"] == decision && record["outcome"] == outcome;
        records.iter().filter(fits).filter(|record| record["object"] == "admin").count()
    };
    assert_eq!(of("Setup", "denied", "denied"), 1, "{records:?}");
    assert_eq!(of("Setup", "allowed", "ok"), 1, "{records:?}");
    assert_eq!(of("SignIn", "denied", "denied"), 1, "{records:?}");
    // The set-up signs in, and so does the making of the token.
    assert_eq!(of("SignIn", "allowed", "ok"), 3, "{records:?}");
    let start = House::start(&[]);
    let record = start.audit("").into_iter().find(|record| record["operation"] == "Setup").expect("the settings' own administrator is written down");
    assert_eq!(
        (&record["door"], &record["reason"], &record["outcome"]),
        (&"start".into(), &"PILOTHOUSE_ADMIN_PASSWORD".into(), &"ok".into()),
        "{record}"
    );
}

#[test]
fn what_is_refused_before_it_is_an_operation_is_written_down_and_a_flood_of_it_is_counted() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let bearer = format!("Bearer {}", house.admin);
    let ask = |method: &str, path: &str, headers: &[(&str, &str)]| http::send(house.address, method, path, headers, "").status;
    let own = ("Authorization", bearer.as_str());
    assert_eq!(ask("POST", "/engines/fake/containers/x/start", &[own, ("Origin", "http://evil.example")]), 403);
    assert_eq!(ask("DELETE", "/api/v1/session", &[own, ("Origin", "http://evil.example")]), 403);
    assert_eq!(ask("GET", "/engines/fake/info", &[own, ("Pilothouse-Engine", "other")]), 400);
    assert_eq!(ask("GET", "/engines/fake/info", &[own, ("Some_Name", "x")]), 400);
    assert_eq!(ask("GET", "/engines/fake/unheard-of", &[own]), 403);
    assert_eq!(ask("GET", "/engines/fake/info", &[]), 401);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house.audit("&outcome=denied");
    for (operation, user, times) in [("CrossOrigin", "admin", 2), ("Unclassified", "admin", 2), ("Malformed", "-", 1), ("Unclassified", "-", 1)] {
        let of = records.iter().filter(|record| record["operation"] == operation && record["user"] == user).count();
        assert_eq!(of, times, "{operation} by {user}: {records:?}");
    }
    for _ in 0..400 {
        assert_eq!(ask("GET", "/api/v1/me", &[]), 401);
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let written = house.audit("&outcome=denied").iter().filter(|record| record["operation"] == "Unauthenticated").count();
    assert!((100..=400).contains(&written), "{written} of 400 were written down");
    assert_eq!(recorder.seen(), "");
}

/// Which rooms of the browser half may not import which.
const APP_MAY_NOT: &[(&str, &[&str])] = &[
    ("api", &["client", "pages", "parts", "ui", "widgets"]),
    ("client", &["pages", "parts", "ui", "widgets"]),
    ("ui", &["api", "client", "pages", "parts", "widgets"]),
    ("widgets", &["pages", "parts"]),
    ("pages", &["parts"]),
];
/// Which rooms of the server may import which. What is not named here may import anything.
const MAY_NOT: &[(&str, &[&str])] = &[
    ("access", &["api", "audit", "authn", "backends", "gateway", "house", "http", "store", "observe", "fleet", "registries"]),
    ("store", &["access", "api", "audit", "authn", "backends", "gateway", "house", "http", "observe", "fleet", "registries"]),
    ("backends", &["api", "audit", "authn", "gateway", "house", "http", "store", "fleet", "registries"]),
    ("gateway", &["api", "store", "house", "http"]),
    ("registry_retention", &["api", "gateway", "house", "http", "fleet"]),
    // What plans a deletion cannot do one.
    (
        "registry_retention/plan",
        &[
            "api",
            "audit",
            "authn",
            "backends",
            "clock",
            "fleet",
            "gateway",
            "house",
            "http",
            "jobs",
            "observe",
            "operate",
            "outgoing",
            "registries",
            "store",
        ],
    ),
    ("recordings", &["api", "backends", "gateway", "house", "http", "fleet"]),
    ("api", &["gateway"]),
];

fn sources(dir: &Path, out: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Whether `text` says `crate::other`, in either way of writing it: a path of its own, and a line in a braced list.
fn imports(text: &str, other: &str) -> bool {
    let direct = text.contains(&format!("crate::{other}::"));
    let in_list = |list: &str| {
        let list = list.split("};").next().unwrap_or_default();
        list.split([',', '\n']).any(|item| item.trim().starts_with(&format!("{other}::")) || item.trim() == other)
    };
    direct || text.split("use crate::{").skip(1).any(in_list)
}

#[test]
fn the_rooms_import_only_what_they_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (half, rules, least) in [("server/src", MAY_NOT, 30), ("app/src", APP_MAY_NOT, 80)] {
        let mut count = 0;
        for (room, forbidden) in rules {
            let mut files = Vec::new();
            sources(&root.join(half).join(room), &mut files);
            count += files.len();
            for (file, text) in files {
                for other in *forbidden {
                    assert!(!imports(&text, other), "{file} imports {other}, which {room} may not");
                }
            }
        }
        assert!(count > least, "only {count} files of {half} were read");
    }
    let mut files = Vec::new();
    sources(&root.join("server/src"), &mut files);
    for (file, text) in files {
        assert!(file.contains("/store/") || !text.contains("sqlx::"), "{file} says sqlx");
    }
}
