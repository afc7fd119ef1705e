//! Retention: what a rule would let go, and what went, on a real registry and a real engine.

mod scale;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
};

use pilothouse_tests::{
    http::{self, Answer},
    registry::{INDEX, MANIFEST, Registry, digest, manifest, part},
    sandbox::{Behaviour, House, Recorder, until},
    store::sql,
};
use serde_json::{Value, json};

const RULES: &str = "/api/v1/registries/reg/retention/rules";

/// A registry of its own, spoken to without Pilothouse.
struct Direct {
    registry: Registry,
}

impl Direct {
    fn start() -> Self {
        Self { registry: Registry::start() }
    }

    fn address(&self) -> SocketAddr {
        self.registry.url.trim_start_matches("http://").parse().unwrap()
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        http::send(self.address(), method, path, headers, body)
    }

    fn blob(&self, repository: &str, text: &str) {
        let begun = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), &[], "");
        let location = begun.header("location").unwrap().replace(&self.registry.url, "");
        let done = self.send("PUT", &format!("{location}&digest={}", digest(text)), &[("Content-Type", "application/octet-stream")], text);
        assert_eq!(done.status, 201, "{done:?}");
    }

    fn tag(&self, repository: &str, tag: &str, media: &str, text: &str) {
        let done = self.send("PUT", &format!("/v2/{repository}/manifests/{tag}"), &[("Content-Type", media)], text);
        assert_eq!(done.status, 201, "{done:?}");
    }

    /// Uploads an image with this config, and says its manifest.
    fn image(&self, repository: &str, config: &str) -> String {
        self.blob(repository, config);
        self.blob(repository, "layer");
        manifest(config, "layer")
    }

    fn tags(&self, repository: &str) -> BTreeSet<String> {
        let answer = self.send("GET", &format!("/v2/{repository}/tags/list"), &[], "");
        if answer.status == 404 {
            return BTreeSet::new();
        }
        answer.json()["tags"].as_array().into_iter().flatten().map(|tag| tag.as_str().unwrap().to_owned()).collect()
    }

    /// A house in front of it, which calls it `reg`, and of these engines.
    fn house(&self, engines: &[(&str, String)]) -> House {
        House::with_settings(engines, &format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\n", self.registry.url))
    }
}

/// A config of an image that was made on the `n`th day of a year of 28 days a month.
fn config(n: usize) -> String {
    format!(r#"{{"architecture":"amd64","os":"linux","created":"{}-{:02}-{:02}T00:00:00Z","n":{n}}}"#, 2020 + n / 336, n / 28 % 12 + 1, n % 28 + 1)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn good(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn add_rule(house: &House, rule: Value) -> String {
    text(&good(&house.post(&house.admin, RULES, rule))["id"])
}

fn preview(house: &House, rule: &str) -> Value {
    good(&house.post(&house.admin, &format!("{RULES}/{rule}/plans"), json!({})))
}

/// The tags of a plan that are in this state.
fn planned(house: &House, plan: &Value, state: &str) -> BTreeMap<String, Value> {
    let (mut found, mut after) = (BTreeMap::new(), String::new());
    loop {
        let path = format!("/api/v1/registries/reg/retention/plans/{}/tags?limit=500&filter=state:{state}{after}", text(&plan["id"]));
        let page = good(&house.get(&house.admin, &path));
        found.extend(page["items"].as_array().unwrap().iter().map(|item| (text(&item["tag"]), item.clone())));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

fn start(house: &House, token: &str, plan: &Value) -> Answer {
    let counts = json!({ "digests": plan["digests_going"], "tags": plan["tags_going"] });
    house.post(token, &format!("/api/v1/registries/reg/retention/plans/{}/run", text(&plan["id"])), counts)
}

/// The last run, once it has ended.
fn ended(house: &House) -> Value {
    let mut last = Value::Null;
    until("the run ends", 60, || {
        last = good(&house.get(&house.admin, "/api/v1/registries/reg/retention/runs"))["items"][0].clone();
        last["ended_at"].is_i64()
    });
    last
}

/// The trail's records of deletions, once all are written.
fn deletions(house: &House) -> Vec<Value> {
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut records = house.audit("&permission=registry.repository.delete");
    records.retain(|record| record["operation"] == "RetentionDelete");
    records
}

#[test]
fn what_was_moved_or_pushed_since_the_preview_stays_and_a_schedule_runs_as_pilothouse() {
    let direct = Direct::start();
    let images: Vec<String> = (0..5).map(|n| direct.image("team/x", &config(n))).collect();
    for (n, tag) in ["moved", "shared", "gone", "new"].iter().enumerate() {
        direct.tag("team/x", tag, MANIFEST, &images[n]);
    }
    let house = direct.house(&[]);
    let rule = add_rule(&house, json!({ "prefix": "team", "keep": { "newest": 1 } }));
    let plan = preview(&house, &rule);
    assert_eq!(planned(&house, &plan, "goes").into_keys().collect::<Vec<_>>(), ["gone", "moved", "shared"]);
    // Whoever saw other counts runs nothing.
    let wrong = json!({ "digests": 2, "tags": 3 });
    assert_eq!(house.post(&house.admin, &format!("/api/v1/registries/reg/retention/plans/{}/run", text(&plan["id"])), wrong).status, 409);
    // One comes to mean something newer, and another gets a tag that the rule would keep.
    direct.tag("team/x", "moved", MANIFEST, &images[4]);
    direct.tag("team/x", "zz-later", MANIFEST, &images[1]);
    good(&start(&house, &house.admin, &plan));
    let run = ended(&house);
    assert_eq!((&run["digests_gone"], &run["tags_gone"], &run["spared"]), (&1.into(), &1.into(), &2.into()), "{run}");
    let left: Vec<String> = direct.tags("team/x").into_iter().collect();
    assert_eq!(left, ["moved", "new", "shared", "zz-later"]);
    let mut spared = deletions(&house);
    spared.retain(|record| record["outcome"] == "failed");
    assert!(spared.len() == 2 && spared.iter().all(|record| text(&record["note"]).contains("was spared")), "{spared:?}");

    // By its schedule: what is due is run within seconds, as Pilothouse itself.
    let path = format!("{RULES}/{rule}");
    let daily = json!({ "prefix": "team", "keep": { "newest": 1 }, "schedule": { "every": "day", "hour": 3 } });
    good(&house.send(&house.admin, "PUT", &path, &daily.to_string()));
    sql(&house.data, &["UPDATE retention_rules SET followed_at = 0"]);
    until("the schedule was followed", 30, || direct.tags("team/x").len() == 1);
    let run = ended(&house);
    assert_eq!((&run["started_by"], &run["state"]), (&Value::Null, &"done".into()), "{run}");
    assert_eq!(direct.tags("team/x").into_iter().collect::<Vec<_>>(), ["moved"]);
    let mut by_itself = deletions(&house);
    by_itself.retain(|record| record["door"] == "start");
    assert!(!by_itself.is_empty() && by_itself.iter().all(|record| record["user"] == "-" && text(&record["reason"]).contains("retention rule team")));
}

#[test]
fn an_index_goes_before_its_images_and_a_signature_before_what_it_speaks_of() {
    let direct = Direct::start();
    let images: Vec<String> = (0..3).map(|n| direct.image("team/x", &config(n))).collect();
    let tag = |tag: &str, media: &str, text: &str| direct.tag("team/x", tag, media, text);
    ["amd64", "arm64", "new"].iter().zip(&images).for_each(|(name, image)| tag(name, MANIFEST, image));
    let of = |manifests: Value| json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }).to_string();
    let both = of(json!([part(MANIFEST, &images[0]), part(MANIFEST, &images[1])]));
    tag("both", INDEX, &both);
    // What clients leave where a registry has no list of referrers.
    let signature = direct.image("team/x", r#"{"signed":true}"#);
    tag(&format!("{}.sig", digest(&images[2]).replace(':', "-")), MANIFEST, &signature);
    tag(&digest(&both).replace(':', "-"), INDEX, &of(json!([part(MANIFEST, &signature)])));
    let house = direct.house(&[]);
    let rule = add_rule(&house, json!({ "keep": { "newest": 1 } }));
    let plan = preview(&house, &rule);
    // The signature is one of what stays, and so is what the going index's own list names.
    let going = planned(&house, &plan, "goes");
    assert_eq!(going.keys().filter(|tag| !tag.starts_with("sha256-")).collect::<Vec<_>>(), ["amd64", "arm64", "both"], "{going:?}");
    assert_eq!(going.len(), 4, "{going:?}");
    good(&start(&house, &house.admin, &plan));
    let run = ended(&house);
    assert_eq!((&run["digests_gone"], &run["spared"], &run["state"]), (&4.into(), &0.into(), &"done".into()), "{run}");
    let order: Vec<String> = deletions(&house).iter().rev().map(|record| text(&record["object"])).collect();
    let at = |digest: String| order.iter().position(|object| object.ends_with(&digest)).unwrap();
    assert!(at(digest(&both)) < at(digest(&images[0])) && at(digest(&both)) < at(digest(&images[1])), "{order:?}");
    assert_eq!(direct.tags("team/x").len(), 2, "the new one and its signature");
}

#[test]
fn where_an_engine_is_silent_nothing_goes() {
    let direct = Direct::start();
    for n in 0..2 {
        direct.tag("team/x", &format!("v{n}"), MANIFEST, &direct.image("team/x", &config(n)));
    }
    let silent = Recorder::start(Behaviour::Say("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"));
    let house = direct.house(&[("quiet", silent.url.clone())]);
    let rule = add_rule(&house, json!({ "keep": { "newest": 1 } }));
    let plan = preview(&house, &rule);
    assert_eq!(text(&plan["problems"][0]), "An engine does not say what it runs.", "who reads a plan may not see all engines: {plan}");
    assert_eq!((&plan["tags_going"], planned(&house, &plan, "goes").len()), (&0.into(), 0));
    assert_eq!(start(&house, &house.admin, &plan).status, 409);
    assert_eq!(direct.tags("team/x").len(), 2);
}

#[test]
fn rules_are_for_those_who_manage_there_and_schedules_for_those_who_may_delete() {
    let direct = Direct::start();
    direct.tag("team/x", "v0", MANIFEST, &direct.image("team/x", &config(0)));
    direct.tag("team/x", "v1", MANIFEST, &direct.image("team/x", &config(1)));
    let house = direct.house(&[]);
    let keeper = json!({ "name": "keeper", "permissions": ["registry.retention.view", "registry.retention.manage", "registry.repository.pull"] });
    good(&house.post(&house.admin, "/api/v1/roles", keeper));
    let (kim, vic) = (house.user("kim", "keeper", "registry/reg/repository/team"), house.user("vic", "viewer", "registry/reg/repository/team"));
    let stranger = house.user("sue", "viewer", "registry/reg/repository/other");
    let rule = |prefix: &str, every: &str| json!({ "prefix": prefix, "keep": { "newest": 1 }, "schedule": { "every": every, "hour": 1 } });
    let add = |token: &str, body: Value| house.post(token, RULES, body).status;
    // A part of the registry is theirs, and no more; and nobody is asked any more once there is a schedule.
    assert_eq!((add(&kim, rule("", "never")), add(&kim, rule("other", "never")), add(&kim, rule("teams", "never"))), (403, 403, 403));
    assert_eq!((add(&kim, rule("team", "day")), add(&vic, rule("team", "never"))), (403, 403));
    assert_eq!((add(&kim, rule("team", "never")), add(&kim, rule("team", "never"))), (200, 409));
    let wide = add_rule(&house, rule("", "day"));
    let list = |token: &str| good(&house.get(token, RULES))["items"].as_array().unwrap().len();
    assert_eq!((list(&house.admin), list(&kim), list(&vic), list(&stranger)), (2, 1, 1, 0));
    assert_eq!(house.send(&kim, "DELETE", &format!("{RULES}/{wide}"), "").status, 404, "what may not be seen is not there");
    // To look is one thing, to delete another.
    let id = text(&good(&house.get(&kim, RULES))["items"][0]["id"]);
    let plan = good(&house.post(&kim, &format!("{RULES}/{id}/plans"), json!({})));
    assert_eq!((&plan["tags_going"], start(&house, &kim, &plan).status), (&1.into(), 403));
    let place = format!("/api/v1/registries/reg/retention/plans/{}", text(&plan["id"]));
    assert_eq!((house.get(&vic, &place).status, house.get(&stranger, &place).status), (200, 404));
    // A rule that keeps nothing has to say so.
    let nothing = json!({ "prefix": "other", "keep": {} });
    let refused = house.post(&house.admin, RULES, nothing);
    assert_eq!((refused.status, text(&refused.json()["field"])), (400, "sentence".to_owned()));
    let meant = json!({ "prefix": "other", "keep": {}, "sentence": "Keep nothing but what is in use." });
    assert_eq!(add(&house.admin, meant), 200);
    assert_eq!(direct.tags("team/x").len(), 2);
}

#[test]
fn the_code_that_plans_cannot_delete() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/registry_retention");
    let read = |name: &str| std::fs::read_to_string(room.join(name)).unwrap();
    for name in ["plan/mod.rs", "plan/pattern.rs", "read.rs", "ask.rs", "look.rs", "mod.rs", "due.rs"] {
        let text = read(name);
        for word in ["Method::DELETE", "Method::PUT", "Method::POST", "Method::PATCH", "\"DELETE\""] {
            assert!(!text.contains(word), "{name} says {word}");
        }
    }
    let deletes = read("run.rs").matches("Method::DELETE").count();
    assert_eq!(deletes, 1, "one request deletes, and it is in run.rs");
}
