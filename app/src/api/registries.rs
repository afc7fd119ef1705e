//! Registries: servers of images that Pilothouse stands in front of.

use std::collections::BTreeMap;

use super::{Empty, ListQuery, Page, endpoints, wire};

wire! {
    pub struct Registry {
        pub name: String,
        pub labels: BTreeMap<String, String>,
        pub settings: RegistrySettings,
        /// Who Pilothouse is there; nothing where it asks without a credential. The secret is never shown.
        pub username: Option<String>,
        /// True when the settings file declares it: such a registry is changed there.
        pub declared: bool,
    }

    /// Where a registry is, and how it is spoken to.
    pub struct RegistrySettings {
        /// `https://HOST` or `https://HOST:PORT`; `http://` to this machine and to private addresses only, unless `plain_http` says so.
        pub url: String,
        /// Speak without TLS to wherever the address leads. Whoever listens on the way reads the credential and the images.
        #[serde(default)]
        pub plain_http: bool,
        /// The authority that signed the registry's certificate, as PEM; empty for the authorities of the machine.
        #[serde(default)]
        pub ca: String,
        /// What is done when the registry sends somebody elsewhere for a blob.
        #[serde(default)]
        pub redirects: Redirects,
        /// The hosts besides its own at which a token may be asked for with the credential.
        #[serde(default)]
        pub realm_hosts: Vec<String>,
    }

    #[derive(Copy, Default)]
    #[serde(rename_all = "snake_case")]
    pub enum Redirects {
        /// Pilothouse goes there, without a credential, and passes on what it gets.
        #[default]
        Follow,
        /// The client is sent there.
        HandOn,
    }

    pub struct RegistryInput {
        /// 1 to 63 of `a-z`, `0-9` and `-`; no engine has the same.
        pub name: String,
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
        pub settings: RegistrySettings,
        #[serde(default)]
        pub credential: Option<RegistryCredential>,
    }

    /// Write-only: no answer ever holds the secret.
    pub struct RegistryCredential { pub username: String, pub secret: String }

    pub struct RegistryUpdateInput {
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
        pub settings: RegistrySettings,
        /// A new one. Without it the one that is kept stays, as long as it goes to the same places as before.
        #[serde(default)]
        pub credential: Option<RegistryCredential>,
        /// Forget the credential that is kept.
        #[serde(default)]
        pub anonymous: bool,
    }

    /// What a connection test found, in one sentence.
    pub struct RegistryTestOutput { pub ok: bool, pub message: String }
}

endpoints! {
    "Lists the registries you may see."
    RegistryList: GET "/api/v1/registries", ListQuery => Page<Registry>;
    "Adds a registry."
    RegistryCreate: POST "/api/v1/registries", RegistryInput => Registry;
    "Tries to reach a registry and to sign in there, without adding it, and says what fails."
    RegistryTest: POST "/api/v1/registries/test", RegistryInput => RegistryTestOutput;
    "Shows one registry."
    RegistryGet: GET "/api/v1/registries/{registry}", Empty => Registry;
    "Puts other labels, settings and a credential in the place of a registry's own."
    RegistryUpdate: PUT "/api/v1/registries/{registry}", RegistryUpdateInput => Registry;
    "Forgets a registry. What it holds stays as it is."
    RegistryDelete: DELETE "/api/v1/registries/{registry}", Empty => Empty;
}
