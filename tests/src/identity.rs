//! Who else says who somebody is: a real OpenID provider, and a real directory.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::sandbox::{House, Running, folder, free_port, script, start};

/// The password of the directory's `cn=admin,dc=example,dc=com`.
pub const DIRECTORY_SECRET: &str = "password of the directory";
/// The secret of the client `pilothouse`.
pub const CLIENT_SECRET: &str = "secret of the client";

/// An OpenID provider in front of which people stand.
pub struct OpenId {
    pub port: u16,
    dir: PathBuf,
    houses: Vec<String>,
    running: Option<Running>,
}

impl OpenId {
    /// One that these people can sign in at, for these houses.
    pub fn start(people: Value, houses: &[&House]) -> OpenId {
        let names = |house: &&House| [format!("http://{}", house.address), format!("http://localhost:{}", house.address.port())];
        let houses = houses.iter().flat_map(names).collect();
        let mut openid = OpenId { port: free_port(), dir: folder("openid"), houses, running: None };
        openid.people(people);
        openid.start_again();
        openid
    }

    /// Changes who there is, and which groups they are in: `{"ana": {"groups": ["dev"]}}`.
    pub fn people(&self, people: Value) {
        let new = self.dir.join("people.new");
        std::fs::write(&new, people.to_string()).unwrap();
        std::fs::rename(new, self.dir.join("people.json")).unwrap();
    }

    /// Where it is written who there is.
    pub fn people_file(&self) -> PathBuf {
        self.dir.join("people.json")
    }

    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Starts it with new keys; it has forgotten every session and token.
    pub fn start_again(&mut self) {
        self.running = None;
        let mut part = script("openid");
        part.arg(&self.dir).arg(self.port.to_string()).args(&self.houses);
        self.running = Some(start(&mut part, "the OpenID provider did not start; `deploy/sandbox/install build` installs it"));
    }

    /// The settings of a provider that is this one.
    pub fn settings(&self) -> Value {
        json!({ "label": "Corporate sign-in", "oidc": { "issuer": self.issuer(), "client_id": "pilothouse" }, "check_every_s": 10 })
    }
}

/// A directory with `ana`, who is in `dev` (which is in `staff`), and `Ben`. Their passwords are `password of ana` and so on.
pub struct Ldap {
    pub port: u16,
    pub dir: PathBuf,
    options: Vec<String>,
    running: Option<Running>,
}

impl Ldap {
    pub fn start() -> Ldap {
        Ldap::with("", &[])
    }

    /// With more entries, as LDIF; `--no-tls` is an option.
    pub fn with(more: &str, options: &[&str]) -> Ldap {
        let dir = folder("ldap");
        std::fs::write(dir.join("more.ldif"), more).unwrap();
        let mut ldap = Ldap { port: free_port(), dir, options: options.iter().map(|option| (*option).to_owned()).collect(), running: None };
        ldap.start_again();
        ldap
    }

    pub fn stop(&mut self) {
        self.running = None;
    }

    pub fn start_again(&mut self) {
        self.running = None;
        let mut part = script("ldap");
        part.arg(&self.dir).arg(self.port.to_string()).args(&self.options);
        self.running = Some(start(&mut part, "the directory did not start; `deploy/sandbox/install test` installs slapd"));
    }

    /// Changes entries, as LDIF.
    pub fn change(&self, ldif: &str) {
        let mut child = Command::new("ldapmodify")
            .args(["-x", "-H", &format!("ldap://127.0.0.1:{}", self.port), "-D", "cn=admin,dc=example,dc=com", "-w", DIRECTORY_SECRET])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("ldapmodify runs: `deploy/sandbox/install test` installs ldap-utils");
        child.stdin.take().unwrap().write_all(ldif.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "the directory does not take {ldif}");
    }

    /// The settings of a provider that is this one, by StartTLS.
    pub fn settings(&self) -> Value {
        let ca = std::fs::read_to_string(self.dir.join("ca.pem")).unwrap();
        let ldap = json!({
            "url": format!("ldap://127.0.0.1:{}", self.port),
            "bind_dn": "cn=admin,dc=example,dc=com",
            "base_dn": "ou=people,dc=example,dc=com",
            "group_base_dn": "ou=groups,dc=example,dc=com",
            "nested": true,
            "ca": ca,
        });
        json!({ "ldap": ldap, "check_every_s": 10 })
    }
}
