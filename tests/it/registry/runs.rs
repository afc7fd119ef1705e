//! Where images run: known from the engine, cut to what one may see; and what a container's tag means by now.

use std::path::Path;

use pilothouse_tests::{
    registry::registry,
    sandbox::{House, engine, folder, until},
};
use serde_json::{Value, json};

use super::docker::{Terminal, layer, within_reach};

const NAMES: [&str; 3] = ["runs-by-tag", "runs-by-digest", "runs-newer"];

/// Takes away what the test made on the engine that others use, too.
struct Clean<'a>(&'a Terminal<'a>, String);

impl Drop for Clean<'_> {
    fn drop(&mut self) {
        let _ = self.0.run(&[&["rm", "--force"], &NAMES[..]].concat());
        let _ = self.0.run(&["rmi", "--force", &self.1]);
    }
}

/// What one is told of what runs: the names, and how many more.
fn told(house: &House, token: &str, query: &str) -> (Vec<String>, u64) {
    let answer = house.get(token, &format!("/api/v1/runs?{query}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let runs = answer.json();
    let names = runs["items"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap().to_owned());
    (names.collect(), runs["unseen"].as_u64().unwrap())
}

fn origin(house: &House, token: &str, container: &str) -> Value {
    let answer = house.get(token, &format!("/api/v1/engines/demo/containers/{container}/origin"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[test]
fn what_runs_is_found_by_its_digest_and_whoever_may_not_look_is_told_a_number() {
    let engines = [("demo", format!("unix://{}", engine().socket.display())), ("gone", "unix:///nowhere/docker.sock".to_owned())];
    let settings = format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\n", registry().url);
    let (house, host) = within_reach(House::with_settings(&engines, &settings));
    let docker = ["/usr/bin/docker", "/usr/local/bin/docker"].into_iter().find(|docker| Path::new(docker).exists()).expect("docker is installed");
    let admin = Terminal { docker, config: folder("runs") };
    admin.good(&["login", "-u", "admin", "-p", &house.admin, &host]);
    let image = format!("{host}/reg/runs/app:1");
    let clean = Clean(&admin, image.clone());
    let push = |n| {
        admin.good(&["import", &layer(n), &image]);
        admin.good(&["push", &image]);
        let said = admin.good(&["image", "inspect", "--format", "{{json .RepoDigests}}", &image]);
        let digests: Vec<String> = serde_json::from_str(said.trim()).unwrap();
        digests[0].clone()
    };
    let create = |name: &str, image: &str| admin.good(&["create", "--name", name, "--label", "pilothouse.project=runs-shop", image, "true"]);

    let old = push(71);
    create("runs-by-tag", &image);
    admin.good(&["create", "--name", "runs-by-digest", &old, "true"]);
    let digest = old.split_once('@').unwrap().1.to_owned();
    let anywhere = format!("digest={digest}");
    let there = format!("{anywhere}&registry=reg&repository=runs/app");
    let both = (vec!["runs-by-digest".to_owned(), "runs-by-tag".to_owned()], 0);
    until("both containers are found", 20, || told(&house, &house.admin, &anywhere) == both);
    assert_eq!(told(&house, &house.admin, &there), both);
    assert_eq!(house.get(&house.admin, &format!("/api/v1/runs?{anywhere}")).json()["silent_engines"], json!(["gone"]));

    // Each sees their own, and of the rest the number, if the image is theirs to pull.
    let ana = house.user("runs-ana", "viewer", "engine/demo/project/runs-shop");
    let ben = house.user("runs-ben", "viewer", "registry/reg/repository/runs");
    let cal = house.user("runs-cal", "viewer", "registry/reg/repository/other");
    let granted =
        house.post(&house.admin, "/api/v1/grants", json!({ "user": "runs-ana", "role": "viewer", "scope": "registry/reg/repository/runs" }));
    assert_eq!(granted.status, 200, "{granted:?}");
    assert_eq!(told(&house, &ana, &there), (vec!["runs-by-tag".to_owned()], 1));
    assert_eq!(told(&house, &ana, &anywhere), (vec!["runs-by-tag".to_owned()], 0));
    assert_eq!(told(&house, &ben, &there), (vec![], 2));
    assert_eq!(told(&house, &cal, &anywhere), (vec![], 0));
    let silent = house.get(&ben, &format!("/api/v1/runs?{there}")).json()["silent_engines"].clone();
    assert_eq!(silent, json!([]), "an engine that one may not see has no name");
    assert_eq!(house.get(&cal, &format!("/api/v1/runs?{there}")).status, 404);
    assert_eq!(house.get(&house.admin, "/api/v1/runs?digest=latest").status, 400);
    // Of what is not in the repository that is theirs to pull, nothing is counted.
    assert_eq!(told(&house, &ben, &there.replace(&digest[..20], &"sha256:0000000000000"[..20])), (vec![], 0));

    // The tag moves on: what runs is known by its digest all the same, and that there is something newer.
    let new = push(72).split_once('@').unwrap().1.to_owned();
    create("runs-newer", &image);
    assert_ne!(new, digest);
    let newer = (vec!["runs-newer".to_owned()], 0);
    until("the newer one is found", 20, || told(&house, &house.admin, &format!("digest={new}")) == newer);
    assert_eq!(told(&house, &house.admin, &there), both);
    let by_tag = origin(&house, &house.admin, "runs-by-tag");
    let place = |origin: &Value| [&origin["registry"], &origin["repository"], &origin["tag"]].map(|part| part.as_str().unwrap_or("-").to_owned());
    assert_eq!((place(&by_tag), &by_tag["newer"]), (["reg", "runs/app", "1"].map(str::to_owned), &json!(new)), "{by_tag}");
    assert_eq!(by_tag["digests"], json!([digest]));
    assert!(by_tag["checked_at"].is_i64(), "{by_tag}");
    let by_digest = origin(&house, &house.admin, "runs-by-digest");
    assert_eq!((place(&by_digest), &by_digest["newer"]), (["reg", "runs/app", "-"].map(str::to_owned), &Value::Null), "{by_digest}");
    let is_new = origin(&house, &house.admin, "runs-newer");
    assert_eq!((&is_new["tag"], &is_new["newer"]), (&json!("1"), &Value::Null), "{is_new}");
    // Whoever may not pull it is not told where it is from.
    let dan = house.user("runs-dan", "viewer", "engine/demo");
    let hidden = origin(&house, &dan, "runs-by-tag");
    assert_eq!((&hidden["registry"], &hidden["newer"], &hidden["image"]), (&Value::Null, &Value::Null, &json!(image)));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let asked = house.audit("&user=admin").into_iter().filter(|record| record["operation"] == "ManifestHead" && record["door"] == "api");
    let asked: Vec<Value> = asked.map(|record| record["object"].clone()).collect();
    assert_eq!(asked, ["reg/runs/app:1"], "a tag is asked for once for everybody");

    // The engine lets go of the digest, and the containers are there all the same.
    admin.good(&["rmi", "--force", &old]);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(told(&house, &house.admin, &anywhere), both);
    admin.good(&["rm", "runs-by-tag", "runs-by-digest"]);
    until("they are gone", 20, || told(&house, &house.admin, &anywhere).0.is_empty());
    drop(clean);
}
