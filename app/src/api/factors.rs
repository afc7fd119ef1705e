//! Second factors: authenticator apps, passkeys and recovery codes; signing in with them; and the roles that ask for one.
//!
//! Bytes are base64url without padding, as WebAuthn's own JSON has them.

use super::{Empty, Page, endpoints, session::MeOutput, wire};

wire! {
    /// One's own second factors.
    pub struct Factors {
        pub items: Vec<Factor>,
        /// How many recovery codes are left.
        pub recovery_left: u32,
        /// True when one of one's roles asks for a factor.
        pub required: bool,
        /// True when a change here takes the current password: the last sign-in with a factor is longer ago than ten minutes.
        pub ask_password: bool,
        /// False where Pilothouse has no name that passkeys can be made for: its external URL holds an address.
        pub passkeys: bool,
    }

    pub struct Factor {
        pub id: String,
        /// `totp` or `passkey`.
        pub kind: String,
        pub name: String,
        pub created_at: i64,
        pub last_used_at: Option<i64>,
    }

    /// What shows that it is really you who changes your factors.
    pub struct ProofInput {
        /// The current password. Not needed within ten minutes of a sign-in with a factor.
        #[serde(default)]
        pub password: Option<String>,
    }

    /// A secret to take into an authenticator app. It counts once a right code of it was sent.
    pub struct TotpStarted {
        pub id: String,
        /// In base32, to be typed.
        pub secret: String,
        /// The same as an `otpauth:` address.
        pub uri: String,
        /// The address as a QR code: an SVG path of black squares of 1 by 1, in a field of `qr_size` by `qr_size`.
        pub qr: String,
        pub qr_size: u32,
        pub expires_at: i64,
    }

    pub struct TotpInput {
        /// The six digits that the app shows.
        pub code: String,
        /// What to call it, 1 to 60 characters.
        pub name: String,
    }

    /// What a browser needs to make a passkey.
    pub struct PasskeyOptions {
        pub challenge: String,
        pub rp_id: String,
        pub user_id: String,
        pub user_name: String,
        /// The algorithms to choose from, as COSE numbers them.
        pub algorithms: Vec<i64>,
        /// The credential ids that the user has already.
        pub exclude: Vec<String>,
    }

    /// A new passkey, as the browser made it.
    pub struct PasskeyInput {
        pub name: String,
        pub client_data: String,
        pub attestation: String,
    }

    pub struct FactorAdded {
        pub factor: Factor,
        /// With the first factor, recovery codes. They are shown this once.
        pub recovery_codes: Option<Vec<String>>,
    }

    pub struct RecoveryCodes {
        /// They are shown this once; those of before do not work any more.
        pub codes: Vec<String>,
    }

    /// Which second step a sign-in waits for in this browser.
    pub struct SecondStep {
        /// True when a right password was sent and a second factor is awaited.
        pub awaited: bool,
        pub totp: bool,
        pub recovery: bool,
        pub passkey: bool,
        /// False where Pilothouse has no name that passkeys can be made for.
        pub passkeys: bool,
    }

    pub struct CodeInput {
        /// Six digits of an authenticator app, or a recovery code.
        pub code: String,
    }

    pub struct PasskeyStartInput {
        /// True for the second step after a password; else the passkey is all that is asked for.
        #[serde(default)]
        pub second: bool,
    }

    /// What a browser needs to use a passkey.
    pub struct PasskeyChallenge {
        pub challenge: String,
        pub rp_id: String,
        /// The credential ids to choose from; none: whatever the authenticator has for this place.
        pub allow: Vec<String>,
        /// Whether the authenticator must see by itself who uses it, as by a fingerprint or a PIN.
        pub verify: bool,
    }

    /// The use of a passkey, as the browser tells it.
    pub struct PasskeyProof {
        pub id: String,
        pub client_data: String,
        pub authenticator_data: String,
        pub signature: String,
        #[serde(default)]
        pub user_handle: Option<String>,
    }

    /// A role that asks for a second factor.
    pub struct FactorRule {
        pub role: String,
        /// Tokens of those who have no factor do not work either.
        #[serde(default)]
        pub tokens: bool,
    }

    pub struct FactorRules { pub rules: Vec<FactorRule> }
}

endpoints! {
    "Lists one's own second factors."
    FactorList: GET "/api/v1/account/factors", Empty => Factors;
    "Makes a secret for an authenticator app."
    TotpStart: POST "/api/v1/account/factors/totp", ProofInput => TotpStarted;
    "Adds the authenticator app, with a right code of it."
    TotpAdd: POST "/api/v1/account/factors/totp/{id}", TotpInput => FactorAdded;
    "Begins to add a passkey."
    PasskeyStart: POST "/api/v1/account/factors/passkey", ProofInput => PasskeyOptions;
    "Adds the passkey that the browser made."
    PasskeyAdd: POST "/api/v1/account/factors/passkey/add", PasskeyInput => FactorAdded;
    "Removes one of one's own factors; the recovery codes go with the last one."
    FactorRemove: POST "/api/v1/account/factors/{id}/remove", ProofInput => Empty;
    "Makes new recovery codes in place of the old ones."
    RecoveryRenew: POST "/api/v1/account/recovery-codes", ProofInput => RecoveryCodes;

    "Tells whether a sign-in of this browser waits for a second factor, and for which."
    SecondStepGet: GET "/api/v1/session/factor", Empty => SecondStep;
    "Finishes a sign-in with a code of an authenticator app or a recovery code; answers with a session cookie."
    SecondFactor: POST "/api/v1/session/factor", CodeInput => MeOutput;
    "Begins the use of a passkey: as the second step of a sign-in, or instead of a password."
    PasskeySignInStart: POST "/api/v1/session/passkey/start", PasskeyStartInput => PasskeyChallenge;
    "Signs in with a passkey; answers with a session cookie."
    PasskeySignIn: POST "/api/v1/session/passkey/finish", PasskeyProof => MeOutput;

    "Removes all factors of a user, who has lost them, and ends their sessions."
    UserFactorsReset: DELETE "/api/v1/users/{username}/factors", Empty => Empty;
    "Lists the roles that ask for a second factor."
    FactorRuleList: GET "/api/v1/factor-rules", Empty => Page<FactorRule>;
    "Sets which roles ask for a second factor."
    FactorRuleSet: PUT "/api/v1/factor-rules", FactorRules => Page<FactorRule>;
}
