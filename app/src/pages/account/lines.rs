//! The lines that point a docker command line at Pilothouse.
//!
//! The token is bound to the engine, so that the Docker API stands at the root of the address: BuildKit drops a path from
//! `DOCKER_HOST`, and with it every command but a build would work. The token goes in a configuration of its own, which docker sends
//! as a header with every call, so that registry sign-ins of the usual one do not travel along.

/// Where Pilothouse is, as the browser sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `pilothouse.example.org:8080`, always with its port.
    host: String,
    tls: bool,
}

impl Place {
    /// From the protocol, host name and port of the browser's address.
    pub(super) fn new(protocol: &str, hostname: &str, port: &str) -> Self {
        let tls = protocol == "https:";
        let usual = if tls { "443" } else { "80" };
        Self { host: format!("{hostname}:{}", if port.is_empty() { usual } else { port }), tls }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }
}

/// The folder of the configuration. An engine's name needs no quotes.
fn folder(engine: &str) -> String {
    format!("~/.pilothouse/{engine}")
}

/// Once: keep the token where only its owner reads it.
pub(super) fn keep(engine: &str, token: &str, place: &Place) -> String {
    let folder = folder(engine);
    let mut lines = format!(
        "mkdir -p ~/.pilothouse && mkdir -m 700 -p {folder}\n\
         cat > {folder}/config.json <<'END'\n\
         {{ \"HttpHeaders\": {{ \"Authorization\": \"Bearer {token}\" }} }}\n\
         END"
    );
    if place.tls {
        // Without a ca.pem in its folder docker refuses TLS; the system's own authorities are what a browser uses too.
        lines.push_str(&format!("\ncp /etc/ssl/certs/ca-certificates.crt {folder}/ca.pem"));
    }
    lines
}

/// In each terminal: send docker there.
pub(super) fn point(engine: &str, place: &Place) -> String {
    let mut lines = format!("export DOCKER_CONFIG={}\nexport DOCKER_HOST=tcp://{}\nunset DOCKER_CONTEXT", folder(engine), place.host);
    lines.push_str(if place.tls { "\nexport DOCKER_TLS_VERIFY=1" } else { "\nunset DOCKER_TLS_VERIFY" });
    lines.push_str("\ndocker ps");
    lines
}

/// As a docker context instead, which needs no address in the environment.
pub(super) fn context(engine: &str, place: &Place) -> String {
    let folder = folder(engine);
    let ca = if place.tls { format!(",ca=$HOME/.pilothouse/{engine}/ca.pem") } else { String::new() };
    format!(
        "docker --config {folder} context create {engine} --docker \"host=tcp://{}{ca}\"\n\
         docker --config {folder} context use {engine}\n\
         docker --config {folder} ps",
        place.host
    )
}

/// Back to the engine of before.
pub(super) const BACK: &str = "unset DOCKER_CONFIG DOCKER_HOST DOCKER_TLS_VERIFY";

#[cfg(test)]
mod tests {
    use super::{Place, context, keep, point};

    #[test]
    fn the_address_always_has_its_port() {
        assert_eq!(Place::new("https:", "h.example", ""), Place { host: "h.example:443".into(), tls: true });
        assert_eq!(Place::new("http:", "127.0.0.1", "8080"), Place { host: "127.0.0.1:8080".into(), tls: false });
        assert_eq!(Place::new("http:", "[::1]", "").host, "[::1]:80");
    }

    #[test]
    fn the_token_is_in_the_configuration_and_nowhere_else() {
        let place = Place::new("http:", "h", "8080");
        let lines = keep("demo", "ph_pat_x", &place);
        let config = lines.lines().nth(2).and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        assert_eq!(config, Some(serde_json::json!({ "HttpHeaders": { "Authorization": "Bearer ph_pat_x" } })));
        assert!(point("demo", &place).contains("export DOCKER_HOST=tcp://h:8080\n"));
        assert!(!point("demo", &place).contains("ph_pat_"));
        assert!(!context("demo", &place).contains("ca="));
    }

    #[test]
    fn tls_is_said_everywhere() {
        let place = Place::new("https:", "h", "");
        assert!(keep("demo", "t", &place).contains("ca.pem"));
        assert!(point("demo", &place).contains("DOCKER_TLS_VERIFY=1"));
        assert!(context("demo", &place).contains("host=tcp://h:443,ca="));
    }
}
