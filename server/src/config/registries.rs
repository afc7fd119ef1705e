//! Registries that the file declares.

use std::{collections::BTreeMap, path::PathBuf};

use pilothouse_app::api::registries::{Redirects, RegistrySettings};
use serde::Deserialize;

use crate::{
    access::is_target_name,
    backends::oci::{Credential, Registry},
};

/// A registry that the file declares: applied at each start, and not to be changed anywhere else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySection {
    pub name: String,
    pub url: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub plain_http: bool,
    /// A file with the authority that signed its certificate, as PEM.
    pub ca_file: Option<PathBuf>,
    #[serde(default)]
    pub redirects: Redirects,
    #[serde(default)]
    pub realm_hosts: Vec<String>,
    /// Who Pilothouse is there.
    pub username: Option<String>,
    /// A file with the secret that goes with `username`.
    pub secret_file: Option<PathBuf>,
}

impl RegistrySection {
    /// # Errors
    /// One sentence about what is wrong.
    pub fn build(&self) -> Result<Registry, String> {
        let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
        let credential = match (&self.username, &self.secret_file) {
            (Some(username), Some(file)) => {
                let secret = read(file)?.trim_end_matches(['\r', '\n']).to_owned();
                Some(Credential { username: username.clone(), secret })
            }
            (None, None) => None,
            _ => return Err("username and secret_file belong together.".to_owned()),
        };
        let ca = self.ca_file.as_ref().map(read).transpose()?.unwrap_or_default();
        let settings = RegistrySettings {
            url: self.url.clone(),
            plain_http: self.plain_http,
            ca,
            redirects: self.redirects,
            realm_hosts: self.realm_hosts.clone(),
        };
        Registry::new(self.name.clone(), self.labels.clone(), settings, credential, true).map_err(|(_, why)| why)
    }
}

/// What can be seen to be wrong without building them. `engines` are the names that are taken already.
pub fn check(sections: &[RegistrySection], engines: &std::collections::HashSet<String>, mistakes: &mut Vec<String>) {
    let mut names = engines.clone();
    for section in sections {
        let name = &section.name;
        if !is_target_name(name) {
            mistakes.push(format!("registries: {name:?} is no name: use 1 to 63 of a-z, 0-9 and -."));
        }
        if !names.insert(name.clone()) {
            mistakes.push(format!("registries: {name} is the name of an engine or of another registry, too."));
        }
    }
}
