//! Sign-in providers: who else may say who somebody is.

use std::collections::BTreeMap;

use super::engines::TestStep;
use super::{Empty, ListQuery, Page, endpoints, wire};

wire! {
    /// What the sign-in page offers.
    pub struct Ways {
        /// The providers that have a button.
        pub providers: Vec<Way>,
        /// Whether a username and a password can be given without asking for it by `/sign-in?local`.
        pub password: bool,
    }

    /// One button of the sign-in page.
    pub struct Way { pub name: String, pub label: String }

    #[derive(Default)]
    #[serde(default)]
    pub struct StartQuery {
        /// Where to go afterwards: a path of this site.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub return_to: Option<String>,
    }

    pub struct Provider {
        pub name: String,
        pub settings: ProviderSettings,
        /// True when a client secret or a bind password is stored. It is never shown.
        pub secret: bool,
        /// True when the settings file declares it: such a provider is changed there.
        pub declared: bool,
        /// The address to register at an OpenID provider as redirect URI.
        pub redirect_uri: String,
        /// The address to register there for coming back after signing out.
        pub signed_out_uri: String,
    }

    /// How people come by a provider. Exactly one of `oidc` and `ldap` is given.
    #[derive(Default)]
    #[serde(default, deny_unknown_fields)]
    pub struct ProviderSettings {
        /// What the sign-in page calls it; its name unless told.
        pub label: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub oidc: Option<Oidc>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub ldap: Option<Ldap>,
        /// Whether whoever comes for the first time becomes a user. Yes unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub create_users: Option<bool>,
        /// If any are given, only members of one of these groups may come in.
        pub allowed_groups: Vec<String>,
        /// Which team the members of a group belong to: `{"group": "team"}`.
        pub group_teams: BTreeMap<String, String>,
        /// How often the provider is asked again about people with a session or a token: 10 to 3600 seconds, 900 unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub check_every_s: Option<u32>,
    }

    /// An OpenID Connect provider.
    #[serde(deny_unknown_fields)]
    pub struct Oidc {
        /// `generic`, `keycloak`, `entra`, `google`, `gitlab`, `okta` or `authentik`.
        #[serde(default)]
        pub preset: String,
        /// Its issuer, exactly as its discovery document has it.
        pub issuer: String,
        pub client_id: String,
        /// Besides `openid`; those of the preset unless told.
        #[serde(default)]
        pub scopes: Vec<String>,
        /// The claim that a new user is named by; that of the preset unless told.
        #[serde(default)]
        pub username_claim: String,
        /// The claim that lists the groups; that of the preset unless told.
        #[serde(default)]
        pub groups_claim: String,
        /// Whether everybody who signs in there has proved a second factor there. Unless told, those of whom the provider says so: by `mfa`
        /// in the claim `amr` (RFC 8176). The others are asked for the one they have here.
        #[serde(default)]
        pub second_factor: bool,
        /// The certificates of the authorities that sign its certificate, as PEM; those of this machine unless given.
        #[serde(default)]
        pub ca: String,
    }

    /// An LDAP directory or Active Directory.
    #[serde(deny_unknown_fields)]
    pub struct Ldap {
        /// `ldaps://host:636`, or `ldap://host:389`, which turns to TLS before anything is said.
        pub url: String,
        /// The entry that searches; without it the search is anonymous. Its password is the provider's secret.
        #[serde(default)]
        pub bind_dn: String,
        /// Where people are searched.
        pub base_dn: String,
        /// Who is meant by a name: `(uid={username})` unless told.
        #[serde(default)]
        pub user_filter: String,
        /// The attribute that a user is named by: `uid` unless told, `sAMAccountName` at Active Directory.
        #[serde(default)]
        pub username_attribute: String,
        /// The attribute that stays when a name changes: `entryUUID` unless told, `objectGUID` at Active Directory.
        #[serde(default)]
        pub id_attribute: String,
        /// Where groups are searched; `base_dn` unless told.
        #[serde(default)]
        pub group_base_dn: String,
        /// Which groups an entry is in: `(|(member={dn})(uniqueMember={dn})(memberUid={username}))` unless told.
        #[serde(default)]
        pub group_filter: String,
        /// The attribute that a group is named by: `cn` unless told.
        #[serde(default)]
        pub group_attribute: String,
        /// Whether groups of groups count.
        #[serde(default)]
        pub nested: bool,
        /// Active Directory: other attributes, and it looks through groups of groups by itself.
        #[serde(default)]
        pub active_directory: bool,
        /// The certificates of the authorities that sign its certificate, as PEM; those of this machine unless given.
        #[serde(default)]
        pub ca: String,
        /// Sends passwords without TLS. Only to this machine itself.
        #[serde(default)]
        pub plaintext: bool,
    }

    pub struct ProviderInput {
        /// 1 to 63 of `a-z`, `0-9` and `-`. It stands in the redirect URI.
        pub name: String,
        pub settings: ProviderSettings,
        /// The client secret, or the password of `bind_dn`. Write-only.
        #[serde(default)]
        pub secret: Option<String>,
    }

    pub struct ProviderUpdateInput {
        #[serde(default)]
        pub settings: Option<ProviderSettings>,
        /// A new one. Without it the one that is kept stays, as long as the provider's address does.
        #[serde(default)]
        pub secret: Option<String>,
    }

    #[derive(Default)]
    pub struct ProviderTestInput {
        /// Whom to look for in a directory.
        #[serde(default)]
        pub username: Option<String>,
    }

    /// What a test found, step by step; it stops at the first step that fails.
    pub struct ProviderTestOutput {
        pub ok: bool,
        pub steps: Vec<TestStep>,
        /// Where to go in this browser to walk through a sign-in at the provider; it ends in `ProviderTested`, and in no session.
        pub go_to: Option<String>,
        pub found: Option<Found>,
    }

    /// Somebody as a provider describes them, and what would come of it.
    pub struct Found {
        pub issuer: String,
        pub subject: String,
        /// What a new user would be called.
        pub username: String,
        pub groups: Vec<String>,
        pub teams: Vec<String>,
        /// Everything that the provider says of them.
        pub claims: Vec<Claim>,
        /// Why they could not come in, if they could not.
        pub refused: Option<String>,
    }

    pub struct Claim { pub name: String, pub value: String }
}

impl ProviderSettings {
    pub fn create_users(&self) -> bool {
        self.create_users.unwrap_or(true)
    }

    pub fn check_every_s(&self) -> u32 {
        self.check_every_s.unwrap_or(900)
    }
}

/// Sends the browser to an OpenID provider; takes `StartQuery`.
pub const OIDC_START: &str = "/api/v1/session/oidc/{provider}/start";
/// Where an OpenID provider sends the browser back to.
pub const OIDC_CALLBACK: &str = "/api/v1/session/oidc/{provider}/callback";

endpoints! {
    "Tells which ways to sign in there are."
    WayList: GET "/api/v1/session/providers", Empty => Ways;
    "Lists the sign-in providers."
    ProviderList: GET "/api/v1/providers", ListQuery => Page<Provider>;
    "Adds a sign-in provider."
    ProviderCreate: POST "/api/v1/providers", ProviderInput => Provider;
    "Shows one sign-in provider."
    ProviderGet: GET "/api/v1/providers/{provider}", Empty => Provider;
    "Changes a sign-in provider."
    ProviderUpdate: PATCH "/api/v1/providers/{provider}", ProviderUpdateInput => Provider;
    "Forgets a sign-in provider. Who came by it may nothing any more until they come another way."
    ProviderDelete: DELETE "/api/v1/providers/{provider}", Empty => Empty;
    "Tries a sign-in provider: searches a directory, or begins a sign-in that ends in no session."
    ProviderTest: POST "/api/v1/providers/{provider}/test", ProviderTestInput => ProviderTestOutput;
    "Shows what came of a sign-in that was only a test."
    ProviderTested: GET "/api/v1/providers/{provider}/tests/{id}", Empty => ProviderTestOutput;
}

/// Describes what answers with a redirect.
#[cfg(feature = "ssr")]
pub fn describe_raw(to: &mut super::describe::Reference) {
    to.raw::<StartQuery>(OIDC_START, "OidcStart", "Begins a sign-in at an OpenID provider.", "303", "To the provider.");
    to.raw::<Empty>(OIDC_CALLBACK, "OidcCallback", "Ends a sign-in at an OpenID provider.", "303", "To where the sign-in was begun from.");
}
