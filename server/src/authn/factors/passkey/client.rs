//! What the browser says that it did: where, and for which challenge.

use serde::Deserialize;

use super::{PasskeyError, Site};

/// What is done with a passkey.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deed {
    Make,
    Use,
}

/// The browser's own words, which the authenticator signs. Fields that come later are not an error: browsers add some on purpose.
#[derive(Debug, Deserialize)]
pub struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    pub challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

impl ClientData {
    /// Reads it, and makes sure that it is about this deed at this place.
    pub fn read(json: &[u8], deed: Deed, site: &Site) -> Result<Self, PasskeyError> {
        let said: Self = serde_json::from_slice(json).map_err(|_| PasskeyError::Unreadable("the client data"))?;
        let wanted = match deed {
            Deed::Make => "webauthn.create",
            Deed::Use => "webauthn.get",
        };
        match () {
            () if said.kind != wanted => Err(PasskeyError::Unreadable("it is of another kind")),
            () if said.origin != site.origin || said.cross_origin => Err(PasskeyError::OtherPlace),
            () => Ok(said),
        }
    }
}
