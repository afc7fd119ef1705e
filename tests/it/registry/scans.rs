//! What scanners find: by a program of this machine, sent here, attached; and rules by that.

use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};

use pilothouse_tests::{
    http::Answer,
    registry::{Client, code, digest, registry},
    sandbox::{House, folder},
};
use serde_json::{Value, json};

/// Trivy's report on an image, as `trivy image --format json` writes it.
fn report(digest: &str, holes: &[(&str, &str)]) -> String {
    let hole = |(id, severity): &(&str, &str)| {
        json!({
            "VulnerabilityID": id, "PkgID": "libssl3@3.0.1", "PkgName": "libssl3", "InstalledVersion": "3.0.1", "FixedVersion": "3.0.2",
            "Status": "fixed", "SeveritySource": "debian", "PrimaryURL": format!("https://avd.aquasec.com/nvd/{id}"), "Title": "openssl: a hole",
            "Severity": severity, "CVSS": { "nvd": { "V3Score": 9.8 } },
        })
    };
    let vulnerabilities: Vec<Value> = holes.iter().map(hole).collect();
    json!({
        "SchemaVersion": 2, "CreatedAt": "2026-11-27T12:00:00Z", "ArtifactName": "app", "ArtifactType": "container_image",
        "Metadata": { "OS": { "Family": "debian", "Name": "12" }, "RepoDigests": [format!("app@{digest}")] },
        "Results": [{ "Target": "app (debian 12)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": vulnerabilities }],
    })
    .to_string()
}

/// A scanner that does as its script says, and a house that has it.
struct Scanned {
    house: House,
    program: PathBuf,
}

impl Scanned {
    fn start() -> Self {
        let program = folder("scanner").join("trivy");
        let settings = format!(
            "[[registries]]\nname = \"reg\"\nurl = \"{}\"\n[scanner]\ncommand = \"{}\"\nseconds = 2\narguments = [\"image\", \"--format\", \"json\", \"{{image}}\"]\n",
            registry().url,
            program.display()
        );
        std::fs::write(&program, "").unwrap();
        let house = House::with_settings(&[], &settings);
        let scanned = Self { house, program };
        scanned.says("exit 1");
        scanned
    }

    fn says(&self, script: &str) {
        // Written anew and put in place: one that is being run cannot be written to.
        let fresh = self.program.with_extension("fresh");
        std::fs::write(&fresh, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(&fresh, &self.program).unwrap();
    }

    /// The path of what is known of an image.
    fn path(repository: &str, digest: &str) -> String {
        format!("/api/v1/registries/reg/repositories/{}/vulnerabilities/{digest}", repository.replace('/', "%2F"))
    }

    fn scan(&self, repository: &str, digest: &str, attached: bool) -> Answer {
        self.house.post(&self.house.admin, &Self::path(repository, digest), json!({ "attached": attached }))
    }

    fn put(&self, token: &str, repository: &str, digest: &str, report: &str) -> Answer {
        let body = json!({ "scanner": "ci", "report": report }).to_string();
        self.house.send(token, "PUT", &Self::path(repository, digest), &body)
    }
}

#[test]
fn a_program_scans_an_image_and_one_that_misbehaves_is_told_of() {
    let scanned = Scanned::start();
    let admin = Client::admin(&scanned.house);
    let image = digest(&admin.push("reg/scan/app", "1", "scanned"));
    let beside = scanned.program.parent().unwrap().display().to_string();
    std::fs::write(format!("{beside}/report.json"), report(&image, &[("CVE-2026-1", "CRITICAL"), ("CVE-2026-2", "LOW")])).unwrap();
    scanned.says(&format!("echo \"$@\" > {beside}/arguments; env > {beside}/environment; pwd > {beside}/folder; cat {beside}/report.json"));
    let known = scanned.scan("scan/app", &image, false);
    assert_eq!(known.status, 200, "{known:?}");
    let known = known.json();
    assert_eq!(known["scans"][0]["counts"], json!({ "critical": 1, "high": 0, "medium": 0, "low": 1, "unknown": 0 }));
    assert_eq!((&known["scans"][0]["scanner"], &known["scans"][0]["by"], &known["has_scanner"]), (&"trivy".into(), &"admin".into(), &true.into()));
    assert_eq!((&known["items"][0]["id"], &known["items"][0]["fixed"]), (&"CVE-2026-1".into(), &"3.0.2".into()));
    let read = |name: &str| std::fs::read_to_string(format!("{beside}/{name}")).unwrap();
    let host = registry().url.trim_start_matches("http://");
    assert_eq!(read("arguments").trim(), format!("image --format json {host}/scan/app@{image}"));
    assert!(!read("environment").contains("PILOTHOUSE") && read("environment").contains("DOCKER_CONFIG="), "{}", read("environment"));
    assert!(!std::path::Path::new(read("folder").trim()).exists(), "its folder is left");

    for (script, why) in [
        ("exit 3", "ended with"),
        ("exec sleep 30", "was not done within 2 seconds"),
        ("echo nonsense", "is no JSON"),
        ("echo '{\"SchemaVersion\":2,\"Metadata\":{\"RepoDigests\":[\"app@sha256:00\"]}}'", "is about another image"),
        ("exec yes", "more than 8 MiB"),
    ] {
        scanned.says(script);
        let answer = scanned.scan("scan/app", &image, false);
        assert!(answer.status >= 400 && answer.body.contains(why), "{script}: {answer:?}");
    }
    let kept = scanned.house.get(&scanned.house.admin, &Scanned::path("scan/app", &image)).json();
    assert_eq!(kept["scans"], known["scans"], "what was known is known still");
    let none = scanned.scan("scan/app", &digest("nothing"), false);
    assert_eq!(none.status, 404, "{none:?}");
}

#[test]
fn a_rule_refuses_what_is_too_bad_or_not_scanned() {
    let scanned = Scanned::start();
    let (house, admin) = (&scanned.house, Client::admin(&scanned.house));
    let rule = |more: Value| {
        let mut rule = json!({ "kind": "vulnerabilities", "worst": "high" });
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    let body = json!({ "name": "nothing-critical", "scope": "registry/reg/repository/holes", "rule": rule(json!({})) });
    let id = house.post(&house.admin, "/api/v1/guardrails", body).json()["id"].as_str().unwrap().to_owned();
    let change = |more: Value| {
        let changed = house.send(&house.admin, "PATCH", &format!("/api/v1/guardrails/{id}"), &json!({ "rule": rule(more) }).to_string());
        assert_eq!(changed.status, 200, "{changed:?}");
    };
    let image = digest(&admin.push("reg/holes/app", "1", "full of holes"));
    let pull = || admin.get("/v2/reg/holes/app/manifests/1");
    let why = |answer: &Answer| answer.json()["errors"][0]["message"].as_str().unwrap_or_default().to_owned();
    let refused = pull();
    assert_eq!((refused.status, code(&refused)), (403, "DENIED".to_owned()));
    assert_eq!(why(&refused), "The guardrail \"nothing-critical\" does not allow the image reg/holes/app:1 without a scan here.");
    change(json!({ "unscanned": true }));
    assert_eq!(pull().status, 200);

    let viewer = house.user("vic", "viewer", "registry/reg");
    let deployer = house.user("dea", "deployer", "registry/reg");
    let bad = report(&image, &[("CVE-2026-1", "CRITICAL"), ("CVE-2026-2", "HIGH")]);
    assert_eq!((scanned.put(&viewer, "holes/app", &image, &bad).status, scanned.put(&deployer, "holes/app", &image, &bad).status), (403, 403));
    let stranger = house.user("sue", "viewer", "registry/reg/repository/other");
    assert_eq!(house.get(&stranger, &Scanned::path("holes/app", &image)).status, 404);
    let kept = scanned.put(&house.admin, "holes/app", &image, &bad);
    assert_eq!(kept.status, 200, "{kept:?}");
    let refused = pull();
    assert_eq!(refused.status, 403);
    let sentence = "does not allow the image reg/holes/app:1 with CVE-2026-1 (critical, in libssl3 3.0.1, gone in 3.0.2) here.";
    assert!(why(&refused).ends_with(sentence), "{}", why(&refused));
    change(json!({ "exceptions": ["CVE-2026-1 until 2020-01-01"] }));
    assert_eq!(pull().status, 403, "that is over");
    change(json!({ "exceptions": ["CVE-2026-1 until 9000-01-01"] }));
    assert_eq!(pull().status, 200);

    // Who may pull it finds the image by the hole; others do not.
    let affected = |token: &str| house.get(token, "/api/v1/vulnerabilities/affected?id=CVE-2026-1").json();
    assert_eq!(affected(&viewer)["items"][0]["digest"], image);
    assert_eq!(affected(&stranger)["items"], json!([]));

    // A report that lies in the registry is taken when somebody who may says so.
    admin.attach("reg/holes/app", &image, "application/sarif+json", r#"{"version":"2.1.0","runs":[]}"#);
    let taken = scanned.scan("holes/app", &image, true);
    assert_eq!(taken.status, 200, "{taken:?}");
    assert_eq!(taken.json()["scans"][1]["scanner"], "sarif-attached");
    change(json!({}));
    assert_eq!(pull().status, 403, "what one scanner did not find, another one did");
}
