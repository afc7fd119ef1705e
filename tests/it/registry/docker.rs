//! Real `docker` command lines, of both versions, through the door: two teams, each with a prefix of its own.

use std::{path::Path, process::Command};

use pilothouse_tests::{
    registry::{Client, in_front_of, registry},
    sandbox::{House, PASSWORD, engine, folder},
};

/// Somebody at a command line, with a configuration of their own.
pub(super) struct Terminal<'a> {
    pub docker: &'a str,
    pub config: std::path::PathBuf,
}

impl Terminal<'_> {
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let done = Command::new(self.docker)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("DOCKER_HOST", format!("unix://{}", engine().socket.display()))
            .env("DOCKER_CONFIG", &self.config)
            .env("DOCKER_BUILDKIT", "0")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        if done.status.success() { Ok(text) } else { Err(text) }
    }

    pub fn good(&self, arguments: &[&str]) -> String {
        self.run(arguments).unwrap_or_else(|text| panic!("{} {arguments:?}: {text}", self.docker))
    }

    fn bad(&self, arguments: &[&str]) -> String {
        self.run(arguments).err().unwrap_or_else(|| panic!("{} {arguments:?} went well", self.docker))
    }
}

/// The house at an address that the engine reaches, and speaks plain HTTP to.
pub(super) fn within_reach(mut house: House) -> (House, String) {
    let gateway = std::fs::read_to_string(engine().socket.with_file_name("gateway")).unwrap();
    let host = format!("{}:{}", gateway.trim(), house.address.port());
    house.stop();
    house.start_again_with(&[
        ("PILOTHOUSE_LISTEN", &format!("0.0.0.0:{}", house.address.port())),
        ("PILOTHOUSE_EXTERNAL_URL", &format!("http://{host}")),
    ]);
    (house, host)
}

/// The file of a layer that no engine has.
pub(super) fn layer(n: usize) -> String {
    let dir = folder("layer");
    std::fs::write(dir.join("file"), format!("layer {n} of {}", std::process::id())).unwrap();
    let tar = dir.join("layer.tar");
    let made = Command::new("tar").arg("-cf").arg(&tar).arg("-C").arg(&dir).arg("file").status().unwrap();
    assert!(made.success());
    tar.display().to_string()
}

#[test]
fn two_teams_push_and_pull_with_both_versions_of_docker_and_see_nothing_of_each_other() {
    let (house, host) = within_reach(in_front_of(&registry().url));
    for (n, docker) in ["/usr/bin/docker", "/usr/local/bin/docker"].into_iter().filter(|docker| Path::new(docker).exists()).enumerate() {
        let token_a = house.user(&format!("ana{n}"), "deployer", &format!("registry/reg/repository/a{n}"));
        house.user(&format!("ben{n}"), "deployer", &format!("registry/reg/repository/b{n}"));
        let ana = Terminal { docker, config: folder("ana") };
        let ben = Terminal { docker, config: folder("ben") };
        // One with a personal token, one with a password.
        assert!(ana.good(&["login", "-u", &format!("ana{n}"), "-p", &token_a, &host]).contains("Login Succeeded"));
        assert!(ben.good(&["login", "-u", &format!("ben{n}"), "-p", PASSWORD, &host]).contains("Login Succeeded"));
        ben.bad(&["login", "-u", &format!("ben{n}"), "-p", "wrong wrong wrong", &host]);
        assert!(ben.good(&["login", "-u", &format!("ben{n}"), "-p", PASSWORD, &host]).contains("Login Succeeded"));
        let (own, other) = (format!("{host}/reg/a{n}/app"), format!("{host}/reg/b{n}/app"));
        let layer = layer(n);
        for (who, image) in [(&ana, &own), (&ben, &other)] {
            who.good(&["import", &layer, &format!("{image}:1")]);
            who.good(&["push", &format!("{image}:1")]);
        }
        // The same layers into another repository: mounted. Another tag of what is there: retagged.
        ana.good(&["tag", &format!("{own}:1"), &format!("{own}/more:1")]);
        ana.good(&["push", &format!("{own}/more:1")]);
        ana.good(&["tag", &format!("{own}:1"), &format!("{own}:stable")]);
        ana.good(&["push", &format!("{own}:stable")]);
        // Nothing of it is left at the engine, so that all of it comes.
        ana.good(&["rmi", &format!("{own}:1"), &format!("{own}:stable"), &format!("{own}/more:1")]);
        ben.good(&["rmi", &format!("{other}:1")]);
        ana.good(&["pull", &format!("{own}:stable")]);
        // Of the other's, nothing: neither to pull nor to push, nor whether it is there.
        let there = ana.bad(&["pull", &format!("{other}:1")]);
        let nowhere = ana.bad(&["pull", &format!("{host}/reg/b{n}/nothing:1")]);
        assert_eq!(there.replace("/app", "/x"), nowhere.replace("/nothing", "/x"), "there or not, it looks the same");
        ana.good(&["tag", "busybox:latest", &format!("{other}:2")]);
        ana.bad(&["push", &format!("{other}:2")]);
        ana.good(&["rmi", &format!("{other}:2")]);
        let lists = |client: &Client<'_>| client.get("/v2/_catalog").json()["repositories"].to_string();
        let ana_lists = lists(&Client::of(&house, &token_a));
        assert!(ana_lists.contains(&format!("reg/a{n}/app/more")) && !ana_lists.contains(&format!("reg/b{n}")), "{ana_lists}");
        // To delete takes more than a deployer has.
        let digest = Client::admin(&house).head(&format!("/v2/reg/a{n}/app/manifests/stable")).header("docker-content-digest").unwrap().to_owned();
        let path = format!("/v2/reg/a{n}/app/manifests/{digest}");
        assert_eq!((Client::of(&house, &token_a).delete(&path).status, Client::admin(&house).delete(&path).status), (403, 202));
        ana.good(&["rmi", &format!("{own}:stable")]);
        ana.bad(&["pull", &format!("{own}:stable")]);
        ana.good(&["logout", &host]);
        ana.bad(&["pull", &format!("{own}/more:1")]);
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house.audit("&user=ana0");
    let of =
        |operation: &str| records.iter().any(|record| record["operation"] == operation && record["outcome"] == "ok" && record["door"] == "registry");
    for operation in ["ManifestPut", "UploadFinish", "BlobGet", "ManifestGet"] {
        assert!(of(operation), "no {operation} by docker: {records:?}");
    }
    let mounted = records.iter().any(|record| record["note"].as_str().is_some_and(|note| note.contains("was mounted from")));
    assert!(mounted, "docker mounted nothing");
}
