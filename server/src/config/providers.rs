//! Sign-in providers that the file declares, and who may sign in without one.

use std::{collections::BTreeMap, path::PathBuf};

use pilothouse_app::api::providers::{Ldap, Oidc, ProviderSettings};
use serde::Deserialize;

use crate::providers::Local;

/// A sign-in provider that the file declares: applied at each start, and not to be changed anywhere else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSection {
    pub name: String,
    #[serde(default)]
    pub label: String,
    pub oidc: Option<Oidc>,
    pub ldap: Option<Ldap>,
    /// A file with the client secret of an OpenID provider.
    pub client_secret_file: Option<PathBuf>,
    /// A file with the password of a directory's `bind_dn`.
    pub bind_password_file: Option<PathBuf>,
    /// A file with the authorities that sign the provider's certificate, as PEM.
    pub ca_file: Option<PathBuf>,
    pub create_users: Option<bool>,
    #[serde(default)]
    pub allowed_groups: Vec<String>,
    #[serde(default)]
    pub group_teams: BTreeMap<String, String>,
    pub check_every_s: Option<u32>,
}

impl ProviderSection {
    /// The settings, with what stands in files; and the secret.
    pub fn read(&self) -> Result<(ProviderSettings, Option<String>), String> {
        let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()));
        let secret_file = if self.oidc.is_some() { &self.client_secret_file } else { &self.bind_password_file };
        let secret = secret_file.as_ref().map(read).transpose()?.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
        let ca = self.ca_file.as_ref().map(read).transpose()?;
        let (mut oidc, mut ldap) = (self.oidc.clone(), self.ldap.clone());
        if let Some(ca) = ca {
            oidc = oidc.map(|oidc| Oidc { ca: ca.clone(), ..oidc });
            ldap = ldap.map(|ldap| Ldap { ca, ..ldap });
        }
        let settings = ProviderSettings {
            label: self.label.clone(),
            oidc,
            ldap,
            create_users: self.create_users,
            allowed_groups: self.allowed_groups.clone(),
            group_teams: self.group_teams.clone(),
            check_every_s: self.check_every_s,
        };
        Ok((settings, secret.filter(|secret| !secret.is_empty())))
    }
}

/// What can be seen to be wrong without building them.
pub fn check(sections: &[ProviderSection], mistakes: &mut Vec<String>) {
    let mut names = std::collections::HashSet::new();
    for section in sections {
        let name = &section.name;
        if !names.insert(name) {
            mistakes.push(format!("providers: {name} is declared twice."));
        }
        if section.oidc.is_some() == section.ldap.is_some() {
            mistakes.push(format!("providers: {name}: give one of [providers.oidc] and [providers.ldap]."));
        }
        if section.oidc.is_some() && section.bind_password_file.is_some() || section.ldap.is_some() && section.client_secret_file.is_some() {
            mistakes.push(format!("providers: {name}: client_secret_file is for OpenID providers, bind_password_file for directories."));
        }
    }
}

/// Who may sign in with a password that is kept here.
pub fn local(shown: Option<&str>, break_glass: Vec<String>, mistakes: &mut Vec<String>) -> Local {
    let hidden = match shown {
        None | Some("shown") => false,
        Some("hidden") => true,
        Some(other) => {
            mistakes.push(format!("local_sign_in: {other:?} is neither \"shown\" nor \"hidden\"."));
            false
        }
    };
    if hidden && break_glass.is_empty() {
        mistakes.push("break_glass: name a user who may sign in with a password when local_sign_in is hidden, such as [\"admin\"].".to_owned());
    }
    Local { hidden, break_glass }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_locked_out_by_mistake() {
        let said = |shown, glass: &[&str]| {
            let mut mistakes = Vec::new();
            let local = local(shown, glass.iter().map(|name| (*name).to_owned()).collect(), &mut mistakes);
            (local.hidden, mistakes.len())
        };
        assert_eq!(said(None, &[]), (false, 0));
        assert_eq!(said(Some("hidden"), &["admin"]), (true, 0));
        assert_eq!(said(Some("hidden"), &[]), (true, 1));
        assert_eq!(said(Some("off"), &[]), (false, 1));
    }

    #[test]
    fn a_section_is_read_with_its_tables() {
        let text = "name = 'corp'\ngroup_teams = { dev = 'developers' }\n[oidc]\nissuer = 'https://id.example'\nclient_id = 'ph'\n";
        let section: ProviderSection = toml::from_str(text).unwrap();
        let (settings, secret) = section.read().unwrap();
        assert_eq!(settings.oidc.unwrap().issuer, "https://id.example");
        assert_eq!((settings.group_teams["dev"].as_str(), secret), ("developers", None));
        assert!(toml::from_str::<ProviderSection>("name = 'a'\n[ldap]\nurl = 'ldaps://x'\nbase_dn = 'dc=x'\nfollow = true\n").is_err());
    }
}
