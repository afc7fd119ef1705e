//! Looking for images on Docker Hub: the engine asks it.

use super::{
    super::{Engine, EngineError},
    call, size, wire,
};
use crate::access::{Permit, is_repository_name};

/// How many are asked for.
const MOST: &str = "25";
/// How much of a description is shown, in characters.
const WORDS: usize = 300;

/// An image that Docker Hub knows.
#[derive(Debug, PartialEq)]
pub struct OnHub {
    pub name: String,
    pub description: String,
    pub stars: u32,
    pub official: bool,
}

/// Whether the engine asks Docker Hub for `words`, and not whatever host stands in them.
pub fn is_for_hub(words: &str) -> bool {
    let first = words.split_once('/').map(|(first, _)| first);
    first.is_none_or(|first| !first.contains(['.', ':']) && !first.eq_ignore_ascii_case("localhost")) && !words.contains("://")
}

/// Asks Docker Hub. `words` are [for it](is_for_hub).
pub async fn on_hub(engine: &Engine, permit: &Permit, words: &str) -> Result<Vec<OnHub>, EngineError> {
    let path = call::with_query("/images/search", &[("term", words), ("limit", MOST)]);
    let found: wire::Many<wire::FoundImage> = call::read(engine, permit, &path).await?;
    Ok(found.0.into_iter().filter_map(shown).collect())
}

/// What is no repository's name is left out: nobody could run it.
fn shown(found: wire::FoundImage) -> Option<OnHub> {
    let wire::FoundImage { name, description, stars, official } = found;
    let description = description.chars().filter(|c| !c.is_control()).take(WORDS).collect();
    let stars = u32::try_from(size(stars)).unwrap_or(u32::MAX);
    is_repository_name(&name).then_some(OnHub { name, description, stars, official })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_engine_is_not_sent_to_other_hosts() {
        for good in ["nginx", "team/app", "nginx 1.29", "node.js"] {
            assert!(is_for_hub(good), "{good}");
        }
        for bad in ["h.example/app", "127.0.0.1:5000/app", "localhost/app", "LOCALHOST/app", "http://x", "x/http://y"] {
            assert!(!is_for_hub(bad), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_run_is_left_out() {
        let found = |name: &str, stars: i64| {
            let text = json!({ "name": name, "description": "a\u{7}b", "star_count": stars, "is_official": true, "is_automated": false });
            serde_json::from_value(text).map(shown).unwrap()
        };
        assert_eq!(found("nginx", 7), Some(OnHub { name: "nginx".to_owned(), description: "ab".to_owned(), stars: 7, official: true }));
        assert_eq!(found("nginx", -1).map(|found| found.stars), Some(0));
        assert_eq!((found("../etc", 1), found("A", 1), found("x y", 1)), (None, None, None));
    }
}
