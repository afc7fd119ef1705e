//! The contract of `/api/v1`: one type an operation, used by the server's handler and by the console's client alike.
//!
//! Times are milliseconds since the Unix epoch, sizes are bytes, durations say their unit in their name.
//! This room imports nothing of ours and does no I/O.

pub mod access;
pub mod alerts;
pub mod audit;
pub mod certificates;
pub mod containers;
#[cfg(feature = "ssr")]
pub mod describe;
pub mod device;
pub mod engines;
pub mod events;
pub mod factors;
pub mod guardrails;
pub mod image_search;
pub mod images;
pub mod networks;
pub mod overview;
pub mod people;
pub mod presets;
pub mod problem;
pub mod providers;
pub mod recordings;
pub mod registries;
pub mod registry_retention;
pub mod registry_rules;
pub mod repositories;
pub mod session;
pub mod volumes;
pub mod vulnerabilities;

pub use problem::{Code, Problem};

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What may stand unescaped in one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A type that the contract carries: on the server it can describe itself as JSON Schema too.
#[cfg(feature = "ssr")]
pub trait Wire: Serialize + DeserializeOwned + schemars::JsonSchema + Send + 'static {}
#[cfg(feature = "ssr")]
impl<T: Serialize + DeserializeOwned + schemars::JsonSchema + Send + 'static> Wire for T {}
#[cfg(not(feature = "ssr"))]
pub trait Wire: Serialize + DeserializeOwned + Send + 'static {}
#[cfg(not(feature = "ssr"))]
impl<T: Serialize + DeserializeOwned + Send + 'static> Wire for T {}

/// One operation that answers once, with JSON.
pub trait Endpoint: 'static {
    const METHOD: Method;
    /// The path, with `{name}` for each parameter.
    const PATH: &'static str;
    /// One sentence for the reference page.
    const SUMMARY: &'static str;
    /// The input: in the query for GET and DELETE, in the body for the rest. `None` when there is none.
    type Input: Wire;
    type Output: Wire;
}

/// One operation that answers with a stream of server-sent events, each a JSON `Item`.
pub trait Live: 'static {
    /// GET to watch, with the input in the query; POST to do, with the input in the body.
    const METHOD: Method;
    /// The path, with `{name}` for each parameter.
    const PATH: &'static str;
    /// One sentence for the reference page.
    const SUMMARY: &'static str;
    type Input: Wire;
    type Item: Wire;
}

/// No input, or no output. As JSON: `{}`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Empty {}

/// One page of a list.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to send as `after` for the next page; absent on the last one.
    pub next: Option<String>,
    /// How many there are on all pages, where that is known without reading them.
    pub total: Option<u64>,
}

/// Which page of a list, in which order, and of what.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ListQuery {
    /// How many items at most: 1 to 500, 50 unless told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// A field's name; `-` before it turns the order round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Words that must all occur in the item's name, image or labels. `state:running` and `label:key=value` narrow further;
    /// images, volumes and networks are in the state `used` or `unused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// `pattern` with each `{name}` replaced by the next of `params`, percent-encoded.
pub fn fill(pattern: &str, params: &[&str]) -> String {
    let mut params = params.iter();
    let segments = pattern.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        params.next().map(|p| utf8_percent_encode(p, SEGMENT).to_string()).unwrap_or_default()
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Declares endpoint types: a sentence, a name, a method and a path, what goes in and what comes out.
macro_rules! endpoints {
    ($($summary:literal $name:ident: $method:ident $path:literal, $input:ty => $output:ty;)*) => {$(
        #[doc = $summary]
        pub struct $name;
        impl $crate::api::Endpoint for $name {
            const METHOD: http::Method = http::Method::$method;
            const PATH: &'static str = $path;
            const SUMMARY: &'static str = $summary;
            type Input = $input;
            type Output = $output;
        }
    )*
        /// Describes these endpoints, for the reference.
        #[cfg(feature = "ssr")]
        pub fn describe(to: &mut $crate::api::describe::Reference) {
            $(to.endpoint::<$name>(stringify!($name));)*
        }
    };
}
pub(crate) use endpoints;

/// Declares live types: a sentence, a name, a method and a path, what goes in and what each event carries.
macro_rules! lives {
    ($($summary:literal $name:ident: $method:ident $path:literal, $input:ty => $item:ty;)*) => {$(
        #[doc = $summary]
        pub struct $name;
        impl $crate::api::Live for $name {
            const METHOD: http::Method = http::Method::$method;
            const PATH: &'static str = $path;
            const SUMMARY: &'static str = $summary;
            type Input = $input;
            type Item = $item;
        }
    )*
        /// Describes these live endpoints, for the reference.
        #[cfg(feature = "ssr")]
        pub fn describe_lives(to: &mut $crate::api::describe::Reference) {
            $(to.live::<$name>(stringify!($name));)*
        }
    };
}
pub(crate) use lives;

/// The usual derives of a type on the wire.
macro_rules! wire {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => {$(
        #[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
        #[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
        $(#[$meta])*
        pub $kind $name $body
    )*};
}
pub(crate) use wire;

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn a_parameter_cannot_leave_its_segment() {
        assert_eq!(fill("/api/v1/engines/{engine}/images/{id}", &["demo", "a/b?c"]), "/api/v1/engines/demo/images/a%2Fb%3Fc");
    }
}
