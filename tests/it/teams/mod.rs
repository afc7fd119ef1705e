//! Two teams on one real engine, each at its own docker: neither sees, names, stops, reads, prunes or mounts anything of the other's.

mod swarm;

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::{Value, json};

use pilothouse_tests::sandbox::{Engine, House, folder};

/// A team at its own docker.
struct Team {
    config: PathBuf,
    token: String,
    project: &'static str,
    /// A running container of theirs.
    own: &'static str,
    own_network: &'static str,
    own_volume: &'static str,
    /// The other team's, and nobody's.
    foreign: Vec<Foreign>,
}

/// Something that is not theirs.
struct Foreign {
    container: &'static str,
    /// Its whole id.
    id: String,
    network: &'static str,
    volume: &'static str,
}

const IMAGE: &str = "127.0.0.1:5099/base:1";

fn engine_docker(engine: &Engine, line: &str) -> String {
    let output = Command::new("/usr/bin/docker")
        .args(line.split_whitespace())
        .env("DOCKER_HOST", format!("unix://{}", engine.socket.display()))
        .env("DOCKER_CONFIG", "/nonexistent")
        .output()
        .unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Team {
    /// A team in front of `house`, with a context of its own for engine `demo`.
    fn new(house: &House, user: &str, project: &'static str) -> Team {
        let token = house.user(user, "deployer", &format!("engine/demo/project/{project}"));
        let config = folder(user);
        let text = json!({ "HttpHeaders": { "Authorization": format!("Bearer {token}"), "Pilothouse-Engine": "demo" } });
        std::fs::write(config.join("config.json"), text.to_string()).unwrap();
        let team = Team { config, token, project, own: "", own_network: "", own_volume: "", foreign: Vec::new() };
        let host = format!("host=tcp://{}/engines/demo", house.address);
        assert!(team.run(&format!("context create {project} --docker {host}")).status.success());
        assert!(team.run(&format!("context use {project}")).status.success());
        team
    }

    fn run(&self, line: &str) -> Output {
        Command::new("docker").args(line.split_whitespace()).env("DOCKER_CONFIG", &self.config).env_remove("DOCKER_HOST").output().unwrap()
    }

    /// What works, and tells nothing of what is not theirs.
    fn does(&self, line: &str) -> String {
        let output = self.run(line);
        let (said, error) = (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned());
        assert!(output.status.success(), "{}: docker {line}: {error}", self.project);
        for text in [&said, &error] {
            for foreign in &self.foreign {
                for name in [foreign.container, foreign.network, foreign.volume, &foreign.id[..12]] {
                    assert!(!text.contains(name), "{}: docker {line} tells of {name}: {text}", self.project);
                }
            }
        }
        said
    }

    /// What does not work, because it is not there for them.
    fn misses(&self, line: &str) {
        let output = self.run(line);
        let error = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(!output.status.success(), "{}: docker {line} worked", self.project);
        let absent = ["no such", "not found", "could not find", "does not exist"].iter().any(|words| error.contains(words));
        assert!(absent, "{}: docker {line}: {error}", self.project);
    }

    /// What is refused with these words.
    fn refused(&self, line: &str, words: &str) {
        let output = self.run(line);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{}: docker {line} worked", self.project);
        assert!(error.contains(words), "{}: docker {line}: {error}", self.project);
    }

    /// A working day: every command that a team uses, on what is theirs.
    fn works(&self) {
        let Team { project, own, own_network, own_volume, .. } = self;
        assert!(self.does("ps -a --format {{.Names}}").lines().any(|name| name == *own));
        assert_eq!(self.does(&format!("inspect --format {{{{.Name}}}} {own}")).trim(), format!("/{own}"));
        self.does(&format!("logs --tail 5 {own}"));
        self.does(&format!("top {own}"));
        self.does(&format!("stats --no-stream {own}"));
        self.does("stats --no-stream");
        self.does(&format!("port {own}"));
        assert_eq!(self.does(&format!("exec {own} echo here")).trim(), "here");
        self.does(&format!("diff {own}"));
        self.does(&format!("pull --quiet {IMAGE}"));
        assert!(self.does("images").contains("base"));
        self.does(&format!("history --quiet {IMAGE}"));
        assert_eq!(self.does(&format!("run --rm {IMAGE} echo hello")).trim(), "hello");
        let new = format!("{project}-new");
        self.does(&format!("run --detach --name {new} --network {own_network} --volume {project}-kept:/kept {IMAGE} sleep 600"));
        let placed = self.does(&format!("inspect --format={{{{.Config.Labels}}}} {new}"));
        assert!(placed.contains(&format!("pilothouse.project:{project}")), "{placed}");
        assert!(self.does("ps --format {{.Names}}").lines().any(|name| name == new));
        self.does(&format!("exec {new} touch /kept/file"));
        self.does(&format!("cp {new}:/etc/hostname -"));
        self.does(&format!("pause {new}"));
        self.does(&format!("unpause {new}"));
        self.does(&format!("update --memory 64m --memory-swap 64m {new}"));
        self.does(&format!("restart --time 0 {new}"));
        self.does(&format!("rename {new} {new}er"));
        self.does(&format!("kill {new}er"));
        self.does(&format!("wait {new}er"));
        self.does(&format!("start {new}er"));
        self.does(&format!("stop --time 0 {new}er"));
        self.does(&format!("create --name {new} --label com.docker.compose.project={project} {IMAGE} true"));
        assert!(self.does("volume ls --quiet").lines().any(|name| name == format!("{project}-kept")));
        self.does(&format!("volume inspect {project}-kept {own_volume}"));
        self.does(&format!("volume create {project}-more"));
        self.does(&format!("volume rm {project}-more"));
        self.does(&format!("network create {project}-net"));
        self.does(&format!("network connect {project}-net {own}"));
        self.does(&format!("network inspect {project}-net {own_network}"));
        self.does(&format!("network disconnect {project}-net {own}"));
        assert!(self.does("network ls --format {{.Name}}").lines().any(|name| name == format!("{project}-net")));
        self.does(&format!("network rm {project}-net"));
        self.does(&format!("tag {IMAGE} {project}/mine:1"));
        self.does(&format!("rmi {project}/mine:1"));
        self.does(&format!("save {IMAGE} --output {}", self.config.join("own.tar").display()));
        self.does("system df --verbose");
        self.does("version");
        self.does("info");
        let events = self.does("events --since 10m --until 0s");
        assert!(events.contains(&format!("{new}er")) && events.contains("container create"), "{events}");
        let pruned = self.does("container prune --force");
        assert!(pruned.contains("Deleted Containers"), "{pruned}");
        self.does("network prune --force");
        self.does("volume prune --force");
        self.does("image prune --force");
        self.does("system prune --force");
        self.does(&format!("volume rm --force {project}-kept"));
    }

    /// Everything that would reach what is not theirs.
    fn reaches_nothing_else(&self) {
        for Foreign { container, id, network, volume } in &self.foreign {
            for name in [container, id.as_str(), &id[..12], &id[..5]] {
                self.misses(&format!("inspect --type container {name}"));
            }
            for line in [
                "logs X",
                "top X",
                "stats --no-stream X",
                "port X",
                "exec X true",
                "exec -i X sh",
                "diff X",
                "attach --no-stdin X",
                "stop X",
                "start X",
                "restart X",
                "kill X",
                "pause X",
                "unpause X",
                "wait X",
                "rm X",
                "rename X mine",
                "update --memory 64m X",
                "cp X:/etc/hostname -",
                "export X",
            ] {
                self.misses(&line.replace('X', container));
            }
            let run = |options: String| format!("run --rm {options} {IMAGE} true");
            for line in [
                run(format!("--volumes-from {container}")),
                run(format!("--network container:{container}")),
                run(format!("--pid container:{container}")),
                run(format!("--ipc container:{container}")),
                run(format!("--link {container}:x")),
                run(format!("--network {network}")),
                run(format!("--volume {volume}:/x")),
                run(format!("--mount type=volume,source={volume},target=/x")),
                format!("network inspect {network}"),
                format!("network rm {network}"),
                format!("network connect {network} {}", self.own),
                format!("network connect {} {container}", self.own_network),
                format!("network disconnect --force {network} {container}"),
                format!("volume inspect {volume}"),
                format!("volume rm --force {volume}"),
                format!("ps --filter before={container}"),
                format!("ps --filter since={container}"),
            ] {
                let output = self.run(&line);
                let error = String::from_utf8_lossy(&output.stderr).to_lowercase();
                // Asked to force, docker takes what is not there for done; a filter is answered with nothing or an error.
                let quiet = line.contains("rm --force") || line.starts_with("ps ");
                assert!(!output.status.success() || quiet && output.stdout.len() < 120, "{}: docker {line} worked", self.project);
                assert!(
                    output.status.success() || error.contains("no such") || error.contains("not found"),
                    "{}: docker {line}: {error}",
                    self.project
                );
            }
            let filtered = self.does(&format!("ps --all --quiet --filter network={network} --filter name={container}"));
            assert_eq!(filtered.trim(), "");
            self.refused(&format!("volume create {volume}"), "is taken on this engine");
        }
        // Asked to force it, docker takes what is not there for removed.
        for Foreign { container, .. } in &self.foreign {
            self.run(&format!("rm --force {container}"));
        }
        self.refused(&format!("run --rm --label com.docker.compose.project=other {IMAGE} true"), "names the project other");
        self.refused(&format!("run --rm --label com.docker.stack.namespace=other {IMAGE} true"), "names the project other");
        self.refused("network create --label com.docker.compose.project=other x", "names the project other");
        self.refused("volume create --label pilothouse.project=other x", "names the project other");
        self.refused(&format!("commit {}", self.own), "reaches the whole engine");
        for options in [
            "--privileged",
            "--volume /:/host",
            "--volume /var/run/docker.sock:/s",
            "--mount type=bind,source=/etc,target=/x",
            "--pid host",
            "--network host",
            "--ipc host",
            "--cap-add SYS_ADMIN",
            "--device /dev/kmsg",
            "--security-opt seccomp=unconfined",
            "--runtime other",
            "--log-driver syslog",
        ] {
            self.refused(&format!("run --rm {options} {IMAGE} true"), "rights-on-a-project");
        }
        self.refused("volume create --opt type=none --opt o=bind --opt device=/ x", "rights-on-a-project");
        self.refused("network create --driver macvlan x", "rights-on-a-project");
        self.refused(&format!("exec --privileged {} true", self.own), "rights-on-a-project");
        self.refused("plugin ls", "reaches the whole engine");
        self.refused("swarm init", "needs the permission");
        self.refused(&format!("tag {IMAGE} pilothouse/sample:latest"), "is taken on this engine");
        self.misses("inspect --type image private:1");
        self.misses("rmi private:1");
        self.misses("history private:1");
        self.misses("tag private:1 mine:1");
        self.misses(&format!("save private:1 --output {}", self.config.join("saved.tar").display()));
    }
}

#[test]
fn two_teams_share_an_engine_and_nothing_else() {
    let engine = Engine::with_samples();
    engine_docker(&engine, &format!("tag busybox:latest {IMAGE}"));
    engine_docker(&engine, &format!("push --quiet {IMAGE}"));
    engine_docker(&engine, &format!("rmi {IMAGE}"));
    engine_docker(&engine, "volume create lone_volume");
    engine_docker(&engine, "network create lone_network");
    engine_docker(&engine, "run --detach --name lone --network lone_network --volume lone_volume:/x busybox sleep 3600");
    // An image of nobody's, with an id of its own.
    engine_docker(&engine, "commit --author nobody lone private:1");
    let mut house = House::start(&[("demo", format!("unix://{}", engine.socket.display()))]);
    let foreign = |container: &'static str, network: &'static str, volume: &'static str| Foreign {
        container,
        id: engine_docker(&engine, &format!("inspect --format {{{{.Id}}}} {container}")),
        network,
        volume,
    };
    let lone = || foreign("lone", "lone_network", "lone_volume");
    let mut shop = Team::new(&house, "ann", "shop");
    (shop.own, shop.own_network, shop.own_volume) = ("web", "shop_default", "shop_data");
    shop.foreign = vec![foreign("mailer", "blog_default", "blog_drafts"), lone()];
    let mut blog = Team::new(&house, "bob", "blog");
    (blog.own, blog.own_network, blog.own_volume) = ("mailer", "blog_default", "blog_drafts");
    blog.foreign = vec![foreign("worker", "shop_default", "shop_data"), lone()];

    for team in [&shop, &blog] {
        team.works();
        team.reaches_nothing_else();
    }
    // While one team works, the other's events tell nothing of it; and nothing of anybody's is gone.
    shop.does(&format!("run --rm {IMAGE} true"));
    let events = blog.does("events --since 1m --until 0s --filter type=container");
    assert!(!events.contains("shop"), "{events}");
    for name in ["web", "api", "db", "cache", "worker", "mailer", "canary", "lone"] {
        assert_eq!(engine_docker(&engine, &format!("inspect --format {{{{.State.Running}}}} {name}")), "true", "{name}");
    }
    for name in ["shop_data", "blog_drafts", "lone_volume"] {
        engine_docker(&engine, &format!("volume inspect {name}"));
    }

    what_is_looked_at_is_what_the_engine_takes(&engine, &house, &shop);
    the_api_is_cut_alike(&house, &shop);
    what_no_label_says_is_known_after_a_start(&mut house, &shop, &blog);
    ownership_survives_that_a_container_is_made_anew(&engine, &shop);
    a_right_that_is_taken_back_ends_at_once(&house, &shop);
}

/// The engine reads some things in two ways, and is told what can be read in one.
fn what_is_looked_at_is_what_the_engine_takes(engine: &Engine, house: &House, shop: &Team) {
    let ask = |method: &str, path: &str| house.send(&shop.token, method, &format!("/engines/demo{path}"), "");
    let on_engine = |arguments: &[&str]| {
        let host = format!("unix://{}", engine.socket.display());
        let done = Command::new("/usr/bin/docker").args(arguments).env("DOCKER_HOST", host).env("DOCKER_CONFIG", "/nonexistent").output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    };
    // A tag in the repository is a tag, too.
    on_engine(&["tag", "private:1", "blog/app:1"]);
    let before = on_engine(&["images", "--quiet", "blog/app:1"]);
    for query in ["repo=blog/app:1", "repo=blog/app:junk&tag=1", "repo=blog/app&tag=1", "repo=blog/app@sha256:0&tag=1"] {
        let answer = ask("POST", &format!("/images/{IMAGE}/tag?{query}"));
        assert_eq!(answer.status, 403, "{query}: {answer:?}");
    }
    assert_eq!(on_engine(&["images", "--quiet", "blog/app:1"]), before);
    let pulled = ask("POST", "/images/create?fromImage=blog/app&tag=1");
    assert!(pulled.status == 403 && pulled.body.contains("is taken"), "what was made here and is in no registry stays: {pulled:?}");
    assert_eq!(ask("POST", "/images/create?fromImage=blog/app").status, 403, "all tags at once");

    // A repository's name is not all that is called so.
    shop.does(&format!("tag {IMAGE} blog/app:latest"));
    for path in ["/images/blog/app/get", "/images/get?names=blog/app"] {
        let saved = ask("GET", path);
        assert!(saved.status == 200 && saved.body.contains("blog/app:latest") && !saved.body.contains("blog/app:1"), "{path}: {}", saved.status);
    }
    assert_eq!(ask("POST", "/images/blog/app/push?tag=1").status, 404);
    let all = ask("POST", "/images/blog/app/push");
    assert!(all.status == 403 && all.body.contains("Say which tag"), "{all:?}");
    shop.does("rmi blog/app:latest");

    // A name that could begin an id goes on as an id.
    shop.does(&format!("create --name abc --volume /a {IMAGE} true"));
    shop.does(&format!("create --name heir --volumes-from abc:ro {IMAGE} true"));
    let from = shop.does("inspect --format {{.HostConfig.VolumesFrom}} heir");
    let id = shop.does("inspect --format {{.Id}} abc");
    assert_eq!(from.trim(), format!("[{}:ro]", id.trim()));
    shop.does("rm --volumes heir abc");

    // What an image says of itself puts nothing into another project.
    on_engine(&["commit", "--change", "LABEL com.docker.compose.project=blog", "web", "127.0.0.1:5099/labelled:1"]);
    on_engine(&["push", "--quiet", "127.0.0.1:5099/labelled:1"]);
    on_engine(&["rmi", "127.0.0.1:5099/labelled:1"]);
    shop.does("pull --quiet 127.0.0.1:5099/labelled:1");
    shop.does("create --name labelled 127.0.0.1:5099/labelled:1 true");
    shop.does("rm labelled");

    // Nothing is made of an empty body, and no list is filled by one.
    assert_eq!(ask("POST", "/volumes/create").status, 403);
    let large = json!({ "Name": "large", "Labels": { "a": "x".repeat(70_000) } });
    assert_eq!(house.post(&shop.token, "/engines/demo/volumes/create", large).status, 400);
    let since = |filter: Value| {
        let filters = data_encoding::HEXLOWER.encode(filter.to_string().as_bytes());
        let escaped: String = filters.as_bytes().chunks(2).map(|pair| format!("%{}", std::str::from_utf8(pair).unwrap())).collect();
        ask("GET", &format!("/images/json?filters={escaped}")).status
    };
    assert_eq!((since(json!({ "since": [IMAGE] })), since(json!({ "since": ["private:1"] }))), (200, 404));
    on_engine(&["rmi", "blog/app:1"]);
}

/// The console's own lists say no more than docker does.
fn the_api_is_cut_alike(house: &House, shop: &Team) {
    let items = |path: &str| -> Vec<Value> {
        let answer = house.get(&shop.token, &format!("/api/v1/engines/demo/{path}"));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()["items"].as_array().unwrap().clone()
    };
    for container in items("containers") {
        assert_eq!(container["project"], "shop", "{container}");
    }
    assert!(items("volumes").iter().all(|volume| volume["name"] != "blog_drafts" && volume["name"] != "lone_volume"));
    assert!(items("networks").iter().all(|network| network["project"] == "shop"));
    assert!(items("images").iter().all(|image| !image.to_string().contains("private")));
    for (method, path) in [
        ("GET", "containers/mailer"),
        ("GET", "containers/mailer/processes"),
        ("POST", "containers/mailer/stop"),
        ("DELETE", "containers/mailer"),
        ("GET", "volumes/blog_drafts"),
        ("DELETE", "volumes/lone_volume"),
        ("GET", "networks/lone_network"),
        ("GET", "images/private:1"),
    ] {
        let body = if method == "POST" { "{}" } else { "" };
        let answer = house.send(&shop.token, method, &format!("/api/v1/engines/demo/{path}"), body);
        assert_eq!(answer.status, 404, "{method} {path}: {answer:?}");
    }
    let engines = house.get(&shop.token, "/api/v1/engines").json();
    assert_eq!(engines["items"][0]["info"]["containers"], items("containers").len(), "counts are cut, too: {engines}");
}

/// An image that was named and is not used, and a volume without a label.
fn what_no_label_says_is_known_after_a_start(house: &mut House, shop: &Team, blog: &Team) {
    shop.does(&format!("tag {IMAGE} shop/kept:1"));
    shop.does(&format!("run --name shop-anonymous --volume /kept {IMAGE} true"));
    let volume = shop.does("inspect --format {{range.Mounts}}{{.Name}}{{end}} shop-anonymous").trim().to_owned();
    shop.does("rm shop-anonymous");
    shop.does(&format!("volume inspect {volume}"));
    std::thread::sleep(std::time::Duration::from_secs(2));
    house.stop();
    house.start_again();
    shop.does(&format!("volume rm {volume}"));
    blog.refused(&format!("tag {IMAGE} shop/kept:1"), "is taken on this engine");
    assert!(shop.does("images").contains("shop/kept"));
    shop.does("rmi shop/kept:1");
}

/// What counts is the label, not the id.
fn ownership_survives_that_a_container_is_made_anew(engine: &Engine, shop: &Team) {
    engine_docker(engine, "rm --force worker");
    shop.misses("inspect --type container worker");
    engine_docker(engine, "run --detach --name worker --label com.docker.compose.project=shop busybox sleep 600");
    shop.does("exec worker true");
    engine_docker(engine, "rm --force worker");
    engine_docker(engine, "run --detach --name worker --label com.docker.compose.project=blog busybox sleep 600");
    shop.misses("exec worker true");
}

fn a_right_that_is_taken_back_ends_at_once(house: &House, shop: &Team) {
    let mut follower =
        Command::new("docker").args(["logs", "--follow", "web"]).env("DOCKER_CONFIG", &shop.config).env_remove("DOCKER_HOST").spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(follower.try_wait().unwrap().is_none(), "the log is followed");
    let grants = house.get(&house.admin, "/api/v1/grants?filter=ann").json();
    let id = grants["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/grants/{id}"), "").status, 200);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while follower.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < end, "the log goes on without the right to it");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let output = shop.run("ps");
    assert!(String::from_utf8_lossy(&output.stderr).contains("There is no engine demo"), "{output:?}");
}
