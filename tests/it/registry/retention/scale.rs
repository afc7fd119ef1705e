//! Two thousand tags over three hundred manifests, some of which run on a real engine.

use std::{collections::BTreeSet, process::Command};

use pilothouse_tests::{
    registry::{INDEX, MANIFEST, digest, manifest, part},
    sandbox::{engine, folder},
};
use serde_json::{Value, json};

use super::{Direct, add_rule, config, deletions, ended, good, planned, preview, start, text};

/// Puts images with these configs on the engine, made of its busybox, and runs one container of each.
fn run_on_engine(configs: &[Value]) -> Vec<String> {
    let docker = |arguments: &[&str]| {
        let host = format!("unix://{}", engine().socket.display());
        let done = Command::new("/usr/bin/docker").args(arguments).env("DOCKER_HOST", host).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    let dir = folder("images");
    let tar = |arguments: &[&str]| assert!(Command::new("tar").arg("-C").arg(&dir).args(arguments).status().unwrap().success());
    let (saved, made) = (dir.join("saved.tar").display().to_string(), dir.join("made.tar").display().to_string());
    docker(&["save", "-o", &saved, "busybox:latest"]);
    tar(&["-xf", &saved]);
    let read = |name: &str| serde_json::from_slice::<Value>(&std::fs::read(dir.join(name)).unwrap()).unwrap();
    let image = read("manifest.json")[0].clone();
    let base = read(image["Config"].as_str().unwrap());
    let mut texts = Vec::new();
    for (n, more) in configs.iter().enumerate() {
        let mut config = base.clone();
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (file, text) = (format!("config-{n}.json"), config.to_string());
        std::fs::write(dir.join(&file), &text).unwrap();
        let name = format!("kept-{n}:1");
        let listed = json!([{ "Config": file, "RepoTags": [name], "Layers": image["Layers"] }]);
        std::fs::write(dir.join("manifest.json"), listed.to_string()).unwrap();
        // Some versions read this first.
        let _ = std::fs::remove_file(dir.join("index.json"));
        let layers: Vec<&str> = image["Layers"].as_array().unwrap().iter().map(|layer| layer.as_str().unwrap()).collect();
        tar(&[&["-cf", &made, "manifest.json", &file], layers.as_slice()].concat());
        docker(&["load", "-i", &made]);
        let container = format!("kept-{n}");
        let _ = Command::new("/usr/bin/docker")
            .args(["rm", "-f", &container])
            .env("DOCKER_HOST", format!("unix://{}", engine().socket.display()))
            .output();
        docker(&["run", "-d", "--network", "none", "--stop-signal", "KILL", "--name", &container, &name, "sleep", "600"]);
        assert_eq!(docker(&["inspect", "-f", "{{.Image}}", &container]), digest(&text), "an engine knows an image by its config");
        texts.push(text);
    }
    texts
}

fn stop_on_engine(count: usize) {
    for n in 0..count {
        let host = format!("unix://{}", engine().socket.display());
        let _ = Command::new("/usr/bin/docker").args(["rm", "-f", &format!("kept-{n}")]).env("DOCKER_HOST", host).output();
    }
}

// How many digests there are, how many tags, and how many of the newest are kept.
const DIGESTS: usize = 300;
const TAGS: usize = 2_000;
const NEWEST: usize = 1_800;

#[test]
fn of_two_thousand_tags_exactly_those_go_that_the_preview_shows_and_nothing_that_runs() {
    let (direct, repository) = (Direct::start(), "keep/app");
    let old = |n: usize| json!({ "created": format!("2019-01-0{}T00:00:00Z", n + 1), "comment": format!("kept {n}") });
    let running = run_on_engine(&[old(0), old(1), old(2)]);
    // The last of the digests are those that run, and as old as any.
    let configs: Vec<String> = (0..DIGESTS - running.len()).map(config).chain(running.iter().cloned()).collect();
    direct.blob(repository, "layer");
    let manifests: Vec<String> = configs.iter().map(|config| manifest(config, "layer")).collect();
    let name = |t: usize| if t % 400 == 7 { format!("keep-{t}") } else { format!("t{t:04}") };
    let of = |t: usize| t * 7_919 % DIGESTS;
    std::thread::scope(|scope| {
        for worker in 0..8 {
            let (direct, configs, manifests) = (&direct, &configs, &manifests);
            scope.spawn(move || {
                for n in (worker..DIGESTS).step_by(8) {
                    direct.blob(repository, &configs[n]);
                    (0..TAGS - 1).filter(|t| of(*t) == n).for_each(|t| direct.tag(repository, &name(t), MANIFEST, &manifests[n]));
                }
            });
        }
    });
    // And an index of two old ones, which a pattern keeps.
    let children = [3, 4].map(|n: usize| part(MANIFEST, &manifests[n]));
    direct.tag(repository, "keep-index", INDEX, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children }).to_string());
    let before = direct.tags(repository);
    assert_eq!(before.len(), TAGS);

    // What has to go, worked out once more: neither among the newest nor kept by a pattern, by no tag of its digest, and not in use.
    let age = |n: usize| if n < DIGESTS - running.len() { n + 10 } else { n + running.len() - DIGESTS };
    let mut aged: Vec<(usize, String)> = (0..TAGS - 1).map(|t| (age(of(t)), name(t))).chain([(14, "keep-index".to_owned())]).collect();
    aged.sort_by(|a, b| b.cmp(a));
    let newest: BTreeSet<&str> = aged.iter().take(NEWEST).map(|(_, name)| name.as_str()).collect();
    let is_kept = |t: usize| newest.contains(name(t).as_str()) || name(t).starts_with("keep-");
    let kept: BTreeSet<usize> = (0..TAGS - 1).filter(|t| is_kept(*t)).map(of).chain([3, 4]).chain(DIGESTS - running.len()..DIGESTS).collect();
    let goes: BTreeSet<String> = (0..TAGS - 1).filter(|t| !kept.contains(&of(*t))).map(name).collect();
    assert!(goes.len() > 100, "only {} go: this proves little", goes.len());

    let house = direct.house(&[("demo", format!("unix://{}", engine().socket.display()))]);
    let rule = add_rule(&house, json!({ "prefix": "keep", "keep": { "newest": NEWEST, "patterns": ["keep-*"] } }));
    let plan = preview(&house, &rule);
    assert_eq!((&plan["problems"], &plan["tags"]), (&json!([]), &json!(TAGS)), "{plan}");
    let going = planned(&house, &plan, "goes");
    assert_eq!(going.keys().cloned().collect::<BTreeSet<_>>(), goes, "the preview");
    let stays = planned(&house, &plan, "stays");
    let runs = stays.values().filter(|item| item["reason"] == "runs").count();
    assert_eq!(runs, (0..TAGS - 1).filter(|t| of(*t) >= DIGESTS - running.len()).count(), "what runs stays for that");
    assert_eq!(direct.tags(repository), before, "to look deletes nothing");

    good(&start(&house, &house.admin, &plan));
    let run = ended(&house);
    assert_eq!((&run["state"], &run["spared"], &run["failed"]), (&"done".into(), &0.into(), &0.into()), "{run}");
    assert_eq!((&run["digests_gone"], &run["tags_gone"]), (&plan["digests_going"], &plan["tags_going"]), "the run is the preview");
    assert_eq!(direct.tags(repository), before.difference(&goes).cloned().collect(), "0 wrong deletions, and none left out");
    let whole = |n: usize| direct.send("GET", &format!("/v2/{repository}/manifests/{}", digest(&manifests[n])), &[("Accept", MANIFEST)], "").status;
    assert!(kept.iter().all(|n| whole(*n) == 200), "what stays can be pulled");
    // Each by itself in the trail, by whoever asked.
    let deleted = deletions(&house);
    assert_eq!(deleted.len(), plan["digests_going"].as_u64().unwrap() as usize);
    let first = &deleted[0];
    assert_eq!(
        (&first["permission"], &first["user"], &first["outcome"]),
        (&"registry.repository.delete".into(), &"admin".into(), &"ok".into()),
        "{first}"
    );
    assert!(text(&first["object"]).starts_with("reg/keep/app@sha256:") && first["changes"].to_string().contains("tags"), "{first}");
    assert_eq!(start(&house, &house.admin, &plan).status, 409, "a plan is run once");
    stop_on_engine(running.len());
}
