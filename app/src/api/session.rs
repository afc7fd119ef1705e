//! Signing in and out, the first set-up, browser sessions and personal tokens.

use super::{Empty, Page, endpoints, wire};

wire! {
    pub struct SignInInput { pub username: String, pub password: String }

    /// Who is asking, and what they may do.
    pub struct MeOutput {
        pub username: String,
        /// The session this request came with, if it was one.
        pub session: Option<String>,
        pub grants: Vec<MyGrant>,
        /// True when one of their roles asks for a second factor that this credential was not proved by: until then only the
        /// account is theirs.
        #[serde(default)]
        pub needs_factor: bool,
        /// Who really looks, when it is with the rights of `username`: then nothing can be changed.
        #[serde(default)]
        pub viewer: Option<String>,
    }

    /// One grant of the person asking, with the permissions of its role spelt out.
    pub struct MyGrant {
        pub role: String,
        pub scope: String,
        /// The team through which they have it.
        #[serde(default)]
        pub team: Option<String>,
        #[serde(default)]
        pub until: Option<i64>,
        /// The engines that the scope takes in, in part at least; empty for `all`, which takes in everything.
        #[serde(default)]
        pub engines: Vec<String>,
        pub permissions: Vec<String>,
    }

    pub struct SetupState {
        /// True until the first administrator exists.
        pub needed: bool,
    }

    pub struct SetupInput {
        /// The one-time secret of the set-up link, from the server's log.
        pub secret: String,
        pub username: String,
        /// At least 12 characters.
        pub password: String,
    }

    /// What is left to do after signing out.
    #[derive(Default)]
    pub struct SignedOut {
        /// Where the browser goes to end the session at the provider too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub go_to: Option<String>,
    }

    pub struct PasswordInput { pub current: String, pub new: String }

    pub struct Session {
        pub id: String,
        pub username: String,
        pub created_at: i64,
        pub last_used_at: i64,
        pub expires_at: i64,
        pub address: String,
        pub client: String,
        /// True for the session that asks.
        pub current: bool,
        /// How it was proved besides the password: empty (not at all), `totp`, `recovery`, `passkey`, ...
        #[serde(default)]
        pub factor: String,
    }

    pub struct Token {
        pub id: String,
        pub name: String,
        /// The engine this token is bound to: with it the Docker API stands at the root.
        pub engine: Option<String>,
        pub created_at: i64,
        pub expires_at: Option<i64>,
        pub last_used_at: Option<i64>,
        /// The last four characters, to tell tokens apart.
        pub hint: String,
    }

    pub struct TokenInput {
        pub name: String,
        /// Seconds until it expires: 60 to 31,536,000. Without it, 90 days.
        #[serde(default)]
        pub expires_in_s: Option<u64>,
        #[serde(default)]
        pub engine: Option<String>,
    }

    pub struct TokenCreated {
        /// The token itself. It is shown this once.
        pub token: String,
        pub id: String,
        pub expires_at: i64,
    }
}

/// Whose a thing on an engine is, as far as a right to it hangs on that.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Whose {
    /// It is not told, or is about no thing that is there: a list, or what is yet to be made. A right on any project will do.
    #[default]
    Anybody,
    Project(String),
    /// It belongs to no project: then only a right on the whole engine will do.
    Nobody,
}

impl Whose {
    /// By the project that its labels name.
    pub fn labelled(project: Option<&str>) -> Self {
        project.map_or(Self::Nobody, |project| Self::Project(project.to_owned()))
    }
}

impl MeOutput {
    /// Whether some grant holds `permission` on `target` (an engine's name; `None` for what belongs to no target), for what is `whose`.
    ///
    /// For hiding what would be refused: the server decides, whatever this says.
    pub fn may(&self, permission: &str, target: Option<&str>, whose: &Whose) -> bool {
        self.grants.iter().any(|grant| {
            // What is Pilothouse's own, where its engines are among it, needs a grant on everything.
            let on_target = || !permission.starts_with("system.") && target.is_some_and(|name| grant.engines.iter().any(|engine| engine == name));
            let reaches = || match (whose, grant.scope.split_once("/project/")) {
                (Whose::Anybody, _) | (_, None) => true,
                (Whose::Project(project), Some((_, granted))) => project == granted,
                (Whose::Nobody, Some(_)) => false,
            };
            let in_scope = grant.scope == "all" || (on_target() && reaches());
            in_scope && grant.permissions.iter().any(|p| p == permission)
        })
    }
}

endpoints! {
    "Signs in with a username and a password; answers with a session cookie."
    SignIn: POST "/api/v1/session", SignInInput => MeOutput;
    "Ends the session that asks."
    SignOut: DELETE "/api/v1/session", Empty => SignedOut;
    "Tells whether the first administrator is still to be made."
    SetupGet: GET "/api/v1/setup", Empty => SetupState;
    "Makes the first administrator, with the secret of the set-up link, and signs them in."
    Setup: POST "/api/v1/setup", SetupInput => MeOutput;
    "Tells who is asking and what they may do."
    Me: GET "/api/v1/me", Empty => MeOutput;
    "Changes one's own password; ends one's other sessions."
    PasswordChange: POST "/api/v1/me/password", PasswordInput => Empty;
    "Lists one's own browser sessions."
    SessionList: GET "/api/v1/sessions", Empty => Page<Session>;
    "Ends one of one's own sessions, and its live streams."
    SessionRevoke: DELETE "/api/v1/sessions/{id}", Empty => Empty;
    "Lists one's own tokens."
    TokenList: GET "/api/v1/tokens", Empty => Page<Token>;
    "Makes a personal token. It is shown this once."
    TokenCreate: POST "/api/v1/tokens", TokenInput => TokenCreated;
    "Revokes one of one's own tokens, and ends its live streams."
    TokenRevoke: DELETE "/api/v1/tokens/{id}", Empty => Empty;
}
