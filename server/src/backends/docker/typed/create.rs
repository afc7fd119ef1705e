//! Making a container: the form's fields become the engine's body, or a problem that names the field.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use pilothouse_app::api::{
    Problem,
    containers::{ContainerCreated, ContainerInput},
};
use serde_json::{Map, Value, json};

use super::{
    super::{Engine, EngineError, belongings::settle},
    bad, call, check_labels, containers,
    names::{ContainerId, ImageRef, NetworkId, VolumeName},
    wire,
};
use crate::access::Permit;

/// How many items a list of the form may have.
const ITEMS: usize = 256;

/// A container that may be asked for: every field was read.
#[derive(Debug, PartialEq)]
pub struct Plan {
    name: Option<ContainerId>,
    body: Value,
    /// Networks to connect once it is made: the engine takes only one at the making.
    more_networks: Vec<NetworkId>,
    start: bool,
}

/// Why a container was not made.
#[derive(Debug)]
pub enum CreateError {
    /// The engine does not have the image.
    NoImage(String),
    Engine(EngineError),
}

impl From<EngineError> for CreateError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl Plan {
    /// # Errors
    /// A problem that names the first field that is wrong.
    pub fn read(input: &ContainerInput) -> Result<Self, Problem> {
        let name = match input.name.as_str() {
            "" => None,
            name => Some(ContainerId::new_name(name)?),
        };
        if input.image.is_empty() {
            return Err(bad("image", "Which image?"));
        }
        let image = ImageRef::of_field("image", &input.image)?;
        check_texts("command", &input.command)?;
        check_texts("env", &input.env)?;
        if let Some(item) = input.env.iter().find(|item| item.is_empty() || item.starts_with('=')) {
            return Err(bad("env", format!("\"{}\" has no name: write NAME=value.", item.escape_debug())));
        }
        check_labels(&input.labels)?;
        let (exposed, bindings) = ports(&input.ports)?;
        let mut networks = networks(&input.networks)?.into_iter();
        let first = networks.next();
        let host = json!({
            "PortBindings": bindings,
            "Mounts": mounts(&input.volumes)?,
            "RestartPolicy": { "Name": restart(&input.restart)? },
            "NetworkMode": first.as_ref().map_or("default", NetworkId::as_str),
        });
        let mut body = json!({ "Image": image.as_str(), "Env": input.env, "Labels": input.labels, "ExposedPorts": exposed, "HostConfig": host });
        if !input.command.is_empty() {
            body["Cmd"] = json!(input.command);
        }
        Ok(Self { name, body, more_networks: networks.collect(), start: input.start })
    }

    /// What the engine will be asked for.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

/// Makes the container, connects and starts it. What fails half way is undone, even if nobody waits for it any more.
pub async fn create(engine: Arc<Engine>, permit: Permit, plan: Plan) -> Result<ContainerCreated, CreateError> {
    let making = tokio::spawn(async move { make(&engine, &permit, plan).await });
    making.await.unwrap_or(Err(CreateError::Engine(EngineError::BrokenOff)))
}

async fn make(engine: &Engine, permit: &Permit, mut plan: Plan) -> Result<ContainerCreated, CreateError> {
    let path = match &plan.name {
        Some(name) => call::with_query("/containers/create", &[("name", name.as_str())]),
        None => "/containers/create".to_owned(),
    };
    let missing = |error| match error {
        EngineError::NotFound(text) if text.contains("image") => CreateError::NoImage(text),
        error => CreateError::Engine(error),
    };
    settle(engine, permit, &mut [], Some(&mut plan.body)).await.map_err(missing)?;
    let created: wire::Created = call::create(engine, permit, &path, &plan.body).await.map_err(missing)?;
    let id = ContainerId::parse(&created.id).map_err(|_| call::unreadable())?;
    if let Err(error) = finish(engine, permit, &id, &plan).await {
        if let Err(error) = containers::remove(engine, permit, &id, true, true).await {
            tracing::warn!(engine = engine.name, container = created.id, %error, "A container that could not be completed could not be removed either.");
        }
        return Err(error.into());
    }
    Ok(ContainerCreated { id: created.id, warnings: created.warnings })
}

async fn finish(engine: &Engine, permit: &Permit, id: &ContainerId, plan: &Plan) -> Result<(), EngineError> {
    for network in &plan.more_networks {
        super::networks::connect(engine, permit, network, id).await?;
    }
    if plan.start { containers::start(engine, permit, id).await } else { Ok(()) }
}

fn check_texts(field: &str, items: &[String]) -> Result<(), Problem> {
    if items.len() > ITEMS || items.iter().map(String::len).sum::<usize>() > 128 * 1024 {
        return Err(bad(field, "At most 256 items, and 128 KiB in all."));
    }
    if items.iter().any(|item| item.contains('\0')) {
        return Err(bad(field, "An item may not hold a zero byte."));
    }
    Ok(())
}

fn restart(policy: &str) -> Result<&str, Problem> {
    match policy {
        "" => Ok("no"),
        "no" | "always" | "unless-stopped" | "on-failure" => Ok(policy),
        _ => Err(bad("restart", "The restart policy is `no`, `always`, `unless-stopped` or `on-failure`.")),
    }
}

fn networks(names: &[String]) -> Result<Vec<NetworkId>, Problem> {
    if names.len() > 32 {
        return Err(bad("networks", "At most 32 networks."));
    }
    let networks = names.iter().map(|name| NetworkId::of_field("networks", name)).collect::<Result<Vec<_>, _>>()?;
    let alone = |name: &NetworkId| matches!(name.as_str(), "host" | "none");
    if networks.len() > 1 && networks.iter().any(alone) {
        return Err(bad("networks", "`host` and `none` go with no other network."));
    }
    Ok(networks)
}

/// The exposed ports and where each is bound.
type Ports = (BTreeMap<String, Map<String, Value>>, BTreeMap<String, Vec<Value>>);

fn ports(texts: &[String]) -> Result<Ports, Problem> {
    if texts.len() > ITEMS {
        return Err(bad("ports", "At most 256 ports."));
    }
    let mut exposed = BTreeMap::new();
    let mut bindings: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for text in texts {
        let wrong = || bad("ports", format!("\"{}\" is no port: write 80, 8080:80, 8080:80/udp or 127.0.0.1:8080:80.", text.escape_debug()));
        let port = port(text).ok_or_else(wrong)?;
        let key = format!("{}/{}", port.container, port.protocol);
        let host = port.host.map(|host| host.to_string()).unwrap_or_default();
        let address = port.address.map(|address| address.to_string()).unwrap_or_default();
        bindings.entry(key.clone()).or_default().push(json!({ "HostIp": address, "HostPort": host }));
        exposed.insert(key, Map::new());
    }
    Ok((exposed, bindings))
}

#[derive(Debug, PartialEq)]
struct PortText<'a> {
    address: Option<IpAddr>,
    /// The engine picks one unless told.
    host: Option<u16>,
    container: u16,
    protocol: &'a str,
}

fn port(text: &str) -> Option<PortText<'_>> {
    let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    if !matches!(protocol, "tcp" | "udp" | "sctp") {
        return None;
    }
    let (rest, container) = match text.rsplit_once(':') {
        Some((rest, container)) => (Some(rest), container),
        None => (None, text),
    };
    let (address, host) = match rest {
        None => (None, None),
        Some(rest) => match rest.rsplit_once(':') {
            // An address of IPv6 has colons, so it stands in brackets.
            Some((address, host)) => {
                let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
                let address: IpAddr = bare.unwrap_or(address).parse().ok()?;
                if address.is_ipv6() != bare.is_some() {
                    return None;
                }
                (Some(address), if host.is_empty() { None } else { Some(number(host)?) })
            }
            None => (None, Some(number(rest)?)),
        },
    };
    Some(PortText { address, host, container: number(container)?, protocol })
}

/// A port's number: digits alone, and not zero.
fn number(text: &str) -> Option<u16> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number != 0)
}

fn mounts(texts: &[String]) -> Result<Vec<Value>, Problem> {
    if texts.len() > ITEMS {
        return Err(bad("volumes", "At most 256 volumes."));
    }
    texts.iter().map(|text| mount(text)).collect()
}

/// One mount, spelled out: so the engine has nothing to guess about where the name ends and the path begins.
fn mount(text: &str) -> Result<Value, Problem> {
    let wrong = |why: &str| bad("volumes", format!("\"{}\": {why}", text.escape_debug()));
    let mut parts = text.split(':');
    let (Some(source), Some(target), mode, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(wrong("write volume:/path or /host/path:/path, with :ro after it to mount it read-only."));
    };
    let read_only = match mode {
        None | Some("rw") => false,
        Some("ro") => true,
        Some(_) => return Err(wrong("after the path comes ro, rw or nothing.")),
    };
    if !is_path(target) || target == "/" {
        return Err(wrong("the place in the container is a path that starts with / and goes nowhere up."));
    }
    let kind = if source.starts_with('/') {
        if !is_path(source) {
            return Err(wrong("the host's path goes nowhere up."));
        }
        "bind"
    } else {
        VolumeName::of_field("volumes", source).map_err(|_| wrong("what comes first is a volume's name, or a host's path that starts with /."))?;
        "volume"
    };
    Ok(json!({ "Type": kind, "Source": source, "Target": target, "ReadOnly": read_only }))
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.len() <= 4096 && !path.contains('\0') && !path.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input() -> ContainerInput {
        ContainerInput { image: "busybox".to_owned(), ..ContainerInput::default() }
    }

    fn strings(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    #[test]
    fn a_full_form_becomes_a_body() {
        let plan = Plan::read(&ContainerInput {
            name: "web-1".into(),
            command: strings(&["sh", "-c", "a b"]),
            env: strings(&["A=b=c", "FROM_HOST"]),
            ports: strings(&["8080:80", "127.0.0.1:8081:80/tcp", "53:53/udp", "[::1]:9000:90", "70"]),
            volumes: strings(&["data:/var/data", "/srv/x:/x:ro"]),
            networks: strings(&["front", "back"]),
            restart: "always".into(),
            start: true,
            ..input()
        })
        .unwrap();
        assert_eq!(plan.body["Cmd"], json!(["sh", "-c", "a b"]));
        let host = &plan.body["HostConfig"];
        assert_eq!(host["PortBindings"]["80/tcp"], json!([{"HostIp": "", "HostPort": "8080"}, {"HostIp": "127.0.0.1", "HostPort": "8081"}]));
        assert_eq!(host["PortBindings"]["90/tcp"], json!([{"HostIp": "::1", "HostPort": "9000"}]));
        assert_eq!(host["PortBindings"]["70/tcp"], json!([{"HostIp": "", "HostPort": ""}]));
        assert_eq!(plan.body["ExposedPorts"]["53/udp"], json!({}));
        assert_eq!(host["Mounts"][0], json!({"Type": "volume", "Source": "data", "Target": "/var/data", "ReadOnly": false}));
        assert_eq!(host["Mounts"][1], json!({"Type": "bind", "Source": "/srv/x", "Target": "/x", "ReadOnly": true}));
        assert_eq!((host["NetworkMode"].as_str(), host["RestartPolicy"]["Name"].as_str()), (Some("front"), Some("always")));
        assert_eq!(plan.more_networks.len(), 1);
    }

    #[test]
    fn no_command_means_the_images_own() {
        assert!(Plan::read(&input()).unwrap().body.get("Cmd").is_none());
    }

    #[test]
    fn each_bad_field_is_named() {
        let cases = [
            ("image", ContainerInput::default()),
            ("image", ContainerInput { image: "a b".into(), ..input() }),
            ("name", ContainerInput { name: "x".into(), ..input() }),
            ("name", ContainerInput { name: "../x".into(), ..input() }),
            ("command", ContainerInput { command: strings(&["a\0b"]), ..input() }),
            ("env", ContainerInput { env: strings(&["=x"]), ..input() }),
            ("env", ContainerInput { env: strings(&[""]), ..input() }),
            ("labels", ContainerInput { labels: [(String::new(), String::new())].into(), ..input() }),
            ("networks", ContainerInput { networks: strings(&["container:x"]), ..input() }),
            ("networks", ContainerInput { networks: strings(&["host", "a1"]), ..input() }),
            ("restart", ContainerInput { restart: "sometimes".into(), ..input() }),
        ];
        for (field, input) in cases {
            assert_eq!(Plan::read(&input).unwrap_err().field.as_deref(), Some(field), "{input:?}");
        }
        for text in [
            "",
            "0",
            "x",
            "80/xyz",
            "65536",
            "1:2:3",
            "1.2.3.4:80",
            "a:1:2",
            "::1:80:80",
            "[1.2.3.4]:80:80",
            "+80",
            " 80",
            "80-90",
            "0:80",
            ":80",
            "8080:",
        ] {
            let input = ContainerInput { ports: strings(&[text]), ..input() };
            assert_eq!(Plan::read(&input).unwrap_err().field.as_deref(), Some("ports"), "{text}");
        }
        for text in
            ["", "/x", "data", "data:", "data:x", "data:/", ":/x", "~/x:/x", "./x:/x", "/a/../etc:/x", "a:/x:rx", "a:/x:ro:z", "a:/../x", "a b:/x"]
        {
            let input = ContainerInput { volumes: strings(&[text]), ..input() };
            assert_eq!(Plan::read(&input).unwrap_err().field.as_deref(), Some("volumes"), "{text}");
        }
    }
}
