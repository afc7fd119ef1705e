//! Things of the engine's as it shows them, for whoever has to judge what would be done with them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    super::{Engine, EngineError},
    call,
};
use crate::access::Permit;

/// Nothing of a name may leave its segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// A kind of thing.
#[derive(Clone, Copy, Debug)]
pub enum What {
    Container,
    Exec,
    Image,
    Network,
    Service,
    Volume,
}

/// One thing, as the engine shows it.
pub async fn look(engine: &Engine, permit: &Permit, what: What, name: &str) -> Result<Value, EngineError> {
    let parts = || name.split('/').any(|part| matches!(part, "" | "." | ".."));
    if matches!(name, "" | "." | "..") || matches!(what, What::Image) && parts() {
        return Err(EngineError::NotFound("It has no name.".to_owned()));
    }
    let name = utf8_percent_encode(name, SEGMENT);
    let path = match what {
        What::Container => format!("/containers/{name}/json"),
        What::Exec => format!("/exec/{name}/json"),
        // A slash of its name is one of the path.
        What::Image => format!("/images/{}/json", name.to_string().replace("%2F", "/")),
        What::Network => format!("/networks/{name}"),
        What::Service => format!("/services/{name}"),
        What::Volume => format!("/volumes/{name}"),
    };
    call::read(engine, permit, &path).await
}
