//! An image of a registry is run: the engine pulls it through Pilothouse, by a token for that repository alone.

use std::path::Path;

use data_encoding::BASE64URL;
use pilothouse_tests::{
    http,
    registry::{Client, MANIFEST, in_front_of, registry, settings},
    sandbox::{Behaviour, House, Recorder, engine, folder, until},
};
use serde_json::{Value, json};

use super::docker::{Terminal, within_reach};

/// What an engine answers that has pulled something.
const PULLED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 23\r\nConnection: close\r\n\r\n{\"status\":\"Downloaded\"}";

/// What the engine was shown for the registry, if anything was.
fn shown(seen: &str) -> Option<Value> {
    let line = seen.lines().find(|line| line.to_ascii_lowercase().starts_with("x-registry-auth:"))?;
    let said = BASE64URL.decode(line.split_once(": ")?.1.trim().as_bytes()).expect("it is base64url");
    Some(serde_json::from_slice(&said).expect("it is JSON"))
}

#[test]
fn the_token_that_an_engine_gets_is_for_one_repository_and_ends_with_its_owners() {
    let recorder = Recorder::start(Behaviour::Say(PULLED));
    let house = House::with_settings(&[("fake", recorder.url.clone())], &settings(&registry().url));
    let admin = Client::admin(&house);
    for repository in ["run-a/app", "run-a/other", "run-b/app"] {
        admin.push(&format!("reg/{repository}"), "1", "a layer that runs");
    }
    let dev = house.user("dev", "deployer", "engine/fake");
    let granted = house.post(&house.admin, "/api/v1/grants", json!({ "user": "dev", "role": "deployer", "scope": "registry/reg/repository/run-a" }));
    assert_eq!(granted.status, 200, "{granted:?}");
    let pull = |image: &str| house.post(&dev, "/api/v1/engines/fake/images/pull", json!({ "image": image }));
    // Whoever else an engine pulls from is shown nothing, and what one may not pull is not there: the engine hears nothing of it.
    let own = house.address.to_string();
    for image in ["nginx:1", "h.example/reg/run-a/app:1", "127.0.0.1:1/reg/run-a/app:1"] {
        assert_eq!(pull(image).status, 200, "{image}");
    }
    assert_eq!(shown(&recorder.seen()), None, "{}", recorder.seen());
    let before = recorder.seen().matches("/images/create").count();
    for (image, status) in [("reg/run-b/app:1", 404), ("nowhere/run-a/app:1", 404), ("reg:1", 400), ("reg/UP/app:1", 400)] {
        assert_eq!(pull(&format!("{own}/{image}")).status, status, "{image}");
    }
    assert_eq!(recorder.seen().matches("/images/create").count(), before);
    let pulled = pull(&format!("{own}/reg/run-a/app:1"));
    assert!(pulled.status == 200 && pulled.body.contains("\"done\":true"), "{pulled:?}");
    let auth = shown(&recorder.seen()).expect("the engine is shown something");
    assert_eq!((&auth["serveraddress"], auth.as_object().unwrap().len()), (&own.as_str().into(), 2), "{auth}");
    let token = Client::of(&house, auth["registrytoken"].as_str().unwrap());
    assert_eq!(token.get("/v2/reg/run-a/app/manifests/1").status, 200);
    // It pulls from that repository, and does nothing else that its owner may.
    assert_eq!(token.get("/v2/reg/run-a/other/manifests/1").status, 401);
    assert_eq!(token.get("/v2/reg/run-b/app/manifests/1").status, 404);
    assert_eq!(token.get("/v2/_catalog").status, 401);
    assert_eq!(token.put_manifest("reg/run-a/app", "2", MANIFEST, "{}").status, 401);
    assert_eq!(house.get(auth["registrytoken"].as_str().unwrap(), "/api/v1/me").status, 401, "it is no credential elsewhere");
    // Its end is that of what it was made from.
    let tokens = house.get(&dev, "/api/v1/tokens").json();
    let id = tokens["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(house.send(&dev, "DELETE", &format!("/api/v1/tokens/{id}"), "").status, 200);
    assert_eq!(token.get("/v2/reg/run-a/app/manifests/1").status, 401);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house.audit("&user=dev");
    let of = |outcome: &str, object: &str| {
        let fits = |record: &&Value| record["operation"] == "EnginePullToken" && record["outcome"] == outcome && record["object"] == object;
        records.iter().filter(fits).count()
    };
    assert_eq!((of("ok", "reg/run-a/app:1"), of("denied", "reg/run-b/app:1")), (1, 1), "{records:?}");
    assert!(!records.iter().any(|record| record.to_string().contains(auth["registrytoken"].as_str().unwrap())), "a token is in the trail");
}

#[test]
fn an_engine_elsewhere_is_not_sent_to_an_address_of_this_machine() {
    let house = in_front_of(&registry().url);
    let far = json!({ "name": "far", "url": "tcp+plain://192.0.2.1:2375" });
    assert_eq!(house.post(&house.admin, "/api/v1/engines", far).status, 200);
    Client::admin(&house).push("reg/far/app", "1", "a layer for far away");
    // Refused before the engine is asked for anything: this one would not even answer.
    let answer = house.post(&house.admin, "/api/v1/engines/far/images/pull", json!({ "image": format!("{}/reg/far/app:1", house.address) }));
    assert!(answer.status == 409 && answer.body.contains("external_url"), "{answer:?}");
}

#[test]
fn an_image_of_a_registry_is_pulled_and_runs_and_its_port_answers() {
    let (house, host) = within_reach(House::with_settings(&[("local", format!("unix://{}", engine().socket.display()))], &settings(&registry().url)));
    let docker = ["/usr/bin/docker", "/usr/local/bin/docker"].into_iter().find(|docker| Path::new(docker).exists()).unwrap();
    let admin = Terminal { docker, config: folder("run") };
    let image = format!("{host}/reg/run/web:1");
    let context = folder("web");
    std::fs::write(context.join("index.html"), "it is up").unwrap();
    let recipe = "FROM busybox\nCOPY index.html /www/index.html\nENV COLOUR=blue\nVOLUME /data\nEXPOSE 8080\nCMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", \"/www\"]\n";
    std::fs::write(context.join("Dockerfile"), recipe).unwrap();
    admin.good(&["build", "--quiet", "--tag", &image, &context.display().to_string()]);
    admin.good(&["login", "--username", "admin", "--password", &house.admin, &host]);
    admin.good(&["push", "--quiet", &image]);
    admin.good(&["rmi", &image]);

    let dev = house.user("dev", "deployer", "engine/local");
    let pull = || house.post(&dev, "/api/v1/engines/local/images/pull", json!({ "image": image }));
    assert_eq!(pull().status, 404, "who may not pull it has no engine pull it");
    let granted = house.post(&house.admin, "/api/v1/grants", json!({ "user": "dev", "role": "viewer", "scope": "registry/reg/repository/run" }));
    assert_eq!(granted.status, 200, "{granted:?}");
    let pulled = pull();
    assert!(pulled.status == 200 && pulled.body.contains("\"done\":true"), "{pulled:?}");
    // What the form is filled in with.
    let path = format!("/api/v1/engines/local/images/{}", image.replace(':', "%3A").replace('/', "%2F"));
    let detail = house.get(&dev, &path).json();
    assert_eq!((&detail["exposed_ports"], &detail["volumes"]), (&json!(["8080/tcp"]), &json!(["/data"])), "{detail}");
    assert!(detail["env"].as_array().unwrap().contains(&"COLOUR=blue".into()), "{detail}");
    let input = json!({ "name": "run-web", "image": image, "ports": ["8080/tcp"], "volumes": ["run-web-data:/data"], "start": true });
    let made = house.post(&dev, "/api/v1/engines/local/containers", input);
    assert_eq!(made.status, 200, "{made:?}");
    let container = format!("/api/v1/engines/local/containers/{}", made.json()["id"].as_str().unwrap());
    let port = || house.get(&dev, &container).json()["summary"]["ports"][0]["host"].as_u64();
    until("the port is published", 10, || port().is_some());
    let address = format!("{}:{}", engine().address, port().unwrap()).parse().unwrap();
    until("the port answers", 10, || std::net::TcpStream::connect(address).is_ok());
    let page = http::send(address, "GET", "/index.html", &[], "");
    assert_eq!((page.status, page.body.as_str()), (200, "it is up"), "{page:?}");
    let gone = house.send(&dev, "DELETE", &format!("{container}?force=true&volumes=true"), "");
    assert_eq!(gone.status, 200, "{gone:?}");
    admin.good(&["rmi", &image]);
    admin.good(&["volume", "rm", "run-web-data"]);
    // The engine itself says what is not there, and Pilothouse says by which way it was looked for.
    let missing = house.post(&dev, "/api/v1/engines/local/images/pull", json!({ "image": format!("{host}/reg/run/web:none") }));
    assert!(missing.body.contains(&format!("through Pilothouse at {host}")), "{missing:?}");
}
