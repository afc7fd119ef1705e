//! Signing in from the command line: a code here, a yes in the browser (RFC 8628).

use super::{endpoints, wire};

wire! {
    pub struct DeviceInput {
        /// What asks, such as `pilothouse 0.1.0`.
        pub client_name: String,
        /// The machine that it runs on, as it calls itself.
        #[serde(default)]
        pub machine: Option<String>,
    }

    /// What RFC 8628 calls the device authorization response.
    pub struct DeviceCodes {
        /// The secret with which the command line asks for its token.
        pub device_code: String,
        /// What is entered in the browser.
        pub user_code: String,
        pub verification_uri: String,
        pub verification_uri_complete: String,
        /// Seconds until both codes are worth nothing.
        pub expires_in: u64,
        /// Seconds to wait between two questions.
        pub interval: u64,
    }

    pub struct UserCodeInput { pub user_code: String }

    /// Who asks, as far as that is known. All but the address is what they say of themselves.
    pub struct DeviceAsking {
        pub user_code: String,
        pub client_name: String,
        pub machine: Option<String>,
        pub address: String,
        /// What the client called itself in its request.
        pub client: String,
        pub asked_at: i64,
        pub expires_at: i64,
        /// How long the token would last, in seconds.
        pub token_lasts_s: u64,
    }

    pub struct DeviceTokenInput { pub device_code: String }

    pub struct DeviceToken {
        /// A personal token. It is shown this once.
        pub access_token: String,
        pub token_type: String,
        /// Seconds until it expires.
        pub expires_in: u64,
        pub expires_at: i64,
        pub username: String,
        pub id: String,
    }
}

endpoints! {
    "Begins a sign-in from the command line; needs no credential."
    DeviceBegin: POST "/api/v1/device", DeviceInput => DeviceCodes;
    "Tells who asks with this code. With a session only."
    DeviceLook: POST "/api/v1/device/look", UserCodeInput => DeviceAsking;
    "Lets whoever asks with this code in, with a token of one's own. With a session only."
    DeviceApprove: POST "/api/v1/device/approve", UserCodeInput => super::Empty;
    "Refuses whoever asks with this code. With a session only."
    DeviceDeny: POST "/api/v1/device/deny", UserCodeInput => super::Empty;
    "Asks for the token, again and again; until there is one the answer is 400 with the `error` of RFC 8628."
    DevicePoll: POST "/api/v1/device/token", DeviceTokenInput => DeviceToken;
}
