//! What goes or breaks when an image or a tag is deleted, in words.

use crate::api::repositories::Deletion;
use crate::ui::format::{count, short_id};

use super::address::is_digest;

/// What of it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The tag alone.
    Tag,
    /// The image, by its digest, and so every tag that means it.
    Image,
}

/// The tags that mean the same as `reference`.
pub(super) fn others<'a>(deletion: &'a Deletion, reference: &str) -> Vec<&'a str> {
    deletion.tags.iter().map(String::as_str).filter(|tag| *tag != reference).collect()
}

/// Whether the tag may go alone, and the image stay by others.
pub(super) fn is_shared(deletion: &Deletion, reference: &str) -> bool {
    !is_digest(reference) && (!others(deletion, reference).is_empty() || !deletion.tags_are_complete)
}

/// Whether something runs it, needs it, or did not say: then it goes only when one insists.
pub(super) fn is_risky(deletion: &Deletion, reference: &str, what: What) -> bool {
    let used = !deletion.runs.is_empty() || deletion.unseen_runs > 0 || !deletion.silent_engines.is_empty();
    match what {
        What::Image => used || !deletion.needed_by.is_empty(),
        // By another tag it is still there for what runs it.
        What::Tag => used && others(deletion, reference).is_empty(),
    }
}

/// Why the registry would refuse, whatever one insists on.
pub(super) fn is_hopeless(deletion: &Deletion, what: What) -> Option<&'static str> {
    let unknown = what == What::Image && !deletion.tags_are_complete;
    unknown.then_some("not every tag says what it means, so what would go along is not known")
}

/// What is to be typed before something goes that is in use: the tag, or the beginning of the digest.
pub(super) fn to_type(reference: &str) -> String {
    if is_digest(reference) { short_id(reference) } else { reference.to_owned() }
}

/// A line for each thing that is lost. What runs it is shown apart.
pub(super) fn lines(deletion: &Deletion, reference: &str, what: What) -> Vec<String> {
    let others = others(deletion, reference);
    let digest = short_id(&deletion.digest);
    if what == What::Tag {
        let stays = match others.as_slice() {
            [] => format!("The image {digest} stays, by its digest."),
            _ => format!("The image {digest} stays, by {}: {}.", count(others.len(), "other tag"), others.join(", ")),
        };
        return vec![format!("The tag {reference}. Whoever asks for it finds nothing."), stays];
    }
    let mut lines = vec![format!("The image {digest}. Whoever asks for it by its digest finds nothing.")];
    match deletion.tags.as_slice() {
        [] => {}
        [tag] => lines.push(format!("Its tag {tag}.")),
        tags => lines.push(format!("All of its {}, which mean the same: {}.", count(tags.len(), "tag"), tags.join(", "))),
    }
    if !deletion.tags_are_complete {
        lines.push("Other tags that mean it: not every tag of this repository says what it means.".to_owned());
    }
    if !deletion.needed_by.is_empty() {
        lines.push(format!("It is part of other images, which break: {}.", deletion.needed_by.join(", ")));
    }
    if deletion.referrers > 0 {
        let of = count(deletion.referrers as usize, "thing");
        lines.push(format!("{of} that only speak of it: signatures, lists of what is inside, attestations."));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{What, is_hopeless, is_risky, is_shared, lines, to_type};
    use crate::api::repositories::{Deletion, Run};

    fn deletion(tags: &[&str]) -> Deletion {
        Deletion {
            digest: "sha256:0123456789abcdef".into(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            tags_are_complete: true,
            needed_by: Vec::new(),
            referrers: 0,
            runs: Vec::new(),
            unseen_runs: 0,
            silent_engines: Vec::new(),
        }
    }

    fn run() -> Run {
        let text = String::new;
        Run { engine: text(), container: text(), name: text(), image: text(), state: text(), digests: Vec::new() }
    }

    #[test]
    fn a_tag_goes_alone_where_others_mean_the_same() {
        assert!(is_shared(&deletion(&["1", "2"]), "1"));
        assert!(!is_shared(&deletion(&["1"]), "1"));
        assert!(!is_shared(&deletion(&["1", "2"]), "sha256:0123456789abcdef"));
        let unknown = Deletion { tags_are_complete: false, ..deletion(&["1"]) };
        assert!(is_shared(&unknown, "1"), "there may be others");
        assert!(is_hopeless(&unknown, What::Image).is_some() && is_hopeless(&unknown, What::Tag).is_none());
    }

    #[test]
    fn what_is_in_use_is_insisted_on() {
        let used = Deletion { runs: vec![run()], ..deletion(&["1", "2"]) };
        assert!(is_risky(&used, "1", What::Image));
        assert!(!is_risky(&used, "1", What::Tag), "the other tag still leads to it");
        assert!(is_risky(&Deletion { unseen_runs: 1, ..deletion(&["1"]) }, "1", What::Tag));
        assert!(is_risky(&Deletion { silent_engines: vec!["a".into()], ..deletion(&["1"]) }, "1", What::Image), "it is not known");
        assert!(is_risky(&Deletion { needed_by: vec!["2".into()], ..deletion(&["1"]) }, "1", What::Image));
        assert!(!is_risky(&deletion(&["1"]), "1", What::Image));
    }

    #[test]
    fn all_that_is_lost_is_said() {
        let all = Deletion { needed_by: vec!["multi".into()], referrers: 2, ..deletion(&["1", "2"]) };
        let said = lines(&all, "1", What::Image).join(" ");
        for words in ["0123456789ab", "All of its 2 tags, which mean the same: 1, 2.", "break: multi.", "2 things that only speak of it"] {
            assert!(said.contains(words), "{words} in {said}");
        }
        assert!(lines(&all, "1", What::Tag).join(" ").ends_with("stays, by 1 other tag: 2."));
        assert_eq!((to_type("1"), to_type("sha256:0123456789abcdef")), ("1".into(), "0123456789ab".into()));
    }
}
