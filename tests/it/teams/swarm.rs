//! What a swarm has is a project's, too: services, their tasks, secrets and configs.

use std::{
    io::Write,
    process::Stdio,
    time::{Duration, Instant},
};

use super::*;

impl Team {
    /// As [`Team::run`], with something to read.
    fn told(&self, line: &str, input: &str) -> Output {
        let mut docker = Command::new("docker");
        docker.args(line.split_whitespace()).env("DOCKER_CONFIG", &self.config).env_remove("DOCKER_HOST");
        let mut child = docker.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn deploys(&self) {
        let project = self.project;
        for kind in ["secret", "config"] {
            let made = self.told(&format!("{kind} create {project}-{kind} -"), "canary");
            assert!(made.status.success(), "{kind}: {}", String::from_utf8_lossy(&made.stderr));
            assert_eq!(self.does(&format!("{kind} ls --format {{{{.Name}}}}")).trim(), format!("{project}-{kind}"));
            self.does(&format!("{kind} inspect {project}-{kind}"));
        }
        let service = format!("{project}-service");
        let with = format!("--secret {project}-secret --config {project}-config");
        self.does(&format!("service create --detach --quiet --name {service} {with} {IMAGE} top -b"));
        assert_eq!(self.does("service ls --format {{.Name}}").trim(), service);
        let placed = self.does(&format!("service inspect --format {{{{.Spec.Labels}}}} {service}"));
        assert!(placed.contains(&format!("pilothouse.project:{project}")), "{placed}");
        let end = Instant::now() + Duration::from_secs(60);
        while !self.does(&format!("service ps --format {{{{.CurrentState}}}} {service}")).starts_with("Running") {
            assert!(Instant::now() < end, "{}", self.does(&format!("service ps --no-trunc {service}")));
            std::thread::sleep(Duration::from_millis(200));
        }
        assert!(self.does(&format!("service logs {service}")).contains("CPU"));
        self.does(&format!("service update --detach --quiet --env-add A=b {service}"));
        self.does(&format!("service scale --detach {service}=2"));
        let tasks = self.does(&format!("service ps --quiet {service}"));
        self.does(&format!("inspect --type task {}", tasks.lines().next().unwrap()));
    }

    /// What the other team deployed, and what nobody did.
    fn reaches_no_other_service(&self, other: &str, task: &str) {
        for line in ["service inspect O-service", "service ps O-service", "service logs O-service", "service update --detach --env-add X=y O-service"]
        {
            self.misses(&line.replace('O', other));
        }
        self.misses(&format!("service scale --detach {other}-service=0"));
        self.misses(&format!("inspect --type task {task}"));
        for kind in ["secret", "config"] {
            self.misses(&format!("{kind} inspect {other}-{kind}"));
            self.misses(&format!("{kind} rm {other}-{kind}"));
            self.misses(&format!("service create --detach --{kind} {other}-{kind} {IMAGE} true"));
            self.misses(&format!("service update --detach --{kind}-add {other}-{kind} {}-service", self.project));
        }
        self.misses(&format!("service rm {other}-service"));
        let tell = |line: &str| self.does(line).contains(other);
        assert!(!tell("service ls") && !tell("secret ls") && !tell("config ls"), "{}: a list tells of {other}", self.project);
        self.refused(&format!("service create --detach --label com.docker.stack.namespace={other} {IMAGE} true"), "names the project");
        self.refused(&format!("service create --detach --mount type=bind,source=/,target=/x {IMAGE} true"), "rights-on-a-project");
        self.refused("node ls", "reaches the whole engine");
    }
}

#[test]
fn services_tasks_secrets_and_configs_belong_to_projects() {
    let engine = Engine::with_samples();
    engine_docker(&engine, &format!("tag busybox:latest {IMAGE}"));
    engine_docker(&engine, &format!("push --quiet {IMAGE}"));
    engine_docker(&engine, "swarm init --advertise-addr 127.0.0.1");
    let house = House::start(&[("demo", format!("unix://{}", engine.socket.display()))]);
    let (shop, blog) = (Team::new(&house, "ann", "shop"), Team::new(&house, "bob", "blog"));
    for team in [&shop, &blog] {
        team.does(&format!("pull --quiet {IMAGE}"));
        team.deploys();
    }
    for (team, other) in [(&shop, "blog"), (&blog, "shop")] {
        let tasks = engine_docker(&engine, &format!("service ps --quiet {other}-service"));
        team.reaches_no_other_service(other, tasks.lines().next().unwrap());
    }
    for team in [&shop, &blog] {
        team.does(&format!("service rm {}-service", team.project));
        team.does(&format!("secret rm {}-secret", team.project));
        team.does(&format!("config rm {}-config", team.project));
    }
    assert_eq!(engine_docker(&engine, "service ls --quiet"), "");
}
