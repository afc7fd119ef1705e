//! Rules on images by what registries and scanners say of them: at a pull from a registry, and for what an engine would run.

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Guardrails, applies_to_pull};
use crate::{
    access::{
        Permit,
        guard::{
            Finding, Guardrail, Kind, Mode, Verdict, Workload,
            image::{Reference, Unread},
        },
    },
    authn::Principal,
    backends::oci::{
        Registry, fetch,
        parsed::{Descriptor, Names},
    },
    image_policy::{MOST_MEMBERS, Place, Subject},
};

/// How many texts something may have that is no image.
const MOST_STATEMENTS: usize = 16;
/// The largest of them, in bytes.
const LARGEST_STATEMENT: usize = 16 * 1024 * 1024;
/// How many images one workload may use.
pub(super) const MOST_IMAGES: usize = 8;

/// A manifest on its way out of a registry.
pub struct Pulled<'a> {
    pub registry: &'a std::sync::Arc<Registry>,
    pub repository: &'a str,
    /// The tag or the digest that was asked for.
    pub reference: &'a str,
    pub digest: &'a str,
    /// The manifest itself, judged to be one.
    pub body: &'a [u8],
}

/// How an image of a workload is known.
pub enum Image {
    Subject(Subject),
    /// It is not known what would run; in words that stand in "does not allow ... here".
    Unknown(String),
}

impl Guardrails {
    /// Judges a manifest before it is handed out. The note is what to write down of it; empty for nothing.
    ///
    /// # Errors
    /// What stops it.
    pub async fn check_pull(&self, permit: &Permit, who: &Principal, pulled: &Pulled<'_>) -> Result<String, Finding> {
        let rules: Vec<Guardrail> = {
            let in_force = self.in_force.load();
            let about = |guardrail: &&Guardrail| {
                guardrail.rule.is_of_images() && applies_to_pull(guardrail, permit, &pulled.registry.name, &pulled.registry.labels, pulled.repository)
            };
            in_force.iter().filter(about).cloned().collect()
        };
        if rules.is_empty() {
            return Ok(String::new());
        }
        let Some(members) = judged(pulled, permit).await else { return Ok(String::new()) };
        let place = Place { registry: pulled.registry.clone(), repository: pulled.repository.to_owned(), digest: pulled.digest.to_owned() };
        if !members.is_empty() {
            self.images.learn(&place.key(), &members).await;
        }
        let name = format!("{}/{}", pulled.registry.name, pulled.repository);
        let mark = if pulled.reference == pulled.digest { '@' } else { ':' };
        let subject = Subject { name: format!("{name}{mark}{}", pulled.reference), places: vec![place], silent: false };
        let mut verdict = Verdict::default();
        for rule in &rules {
            self.judge_image(rule, &subject, Some(permit), &mut verdict).await;
        }
        self.record(permit, who, &verdict);
        match verdict.stopped {
            Some(finding) => Err(finding),
            None => Ok(super::check::checked(&verdict.warned).note),
        }
    }

    /// Judges the images that a workload would run. `images` are those that it names, as far as they are known.
    pub(super) async fn judge_images(&self, rules: &[Guardrail], images: &[Image], verdict: &mut Verdict) {
        for rule in rules.iter().filter(|guardrail| guardrail.rule.is_of_images()) {
            for image in images {
                match image {
                    Image::Subject(subject) => self.judge_image(rule, subject, None, verdict).await,
                    Image::Unknown(what) => found(rule, what, verdict),
                }
            }
        }
    }

    async fn judge_image(&self, guardrail: &Guardrail, subject: &Subject, permit: Option<&Permit>, verdict: &mut Verdict) {
        // One sentence is enough to stop it.
        if verdict.stopped.is_some() {
            return;
        }
        if let Some(what) = self.images.objection(&guardrail.rule, subject, permit).await {
            found(guardrail, &what, verdict);
        }
    }

    /// An image that the engine has.
    pub(super) fn image_of_engine(&self, name: &str, inspected: &Value) -> Image {
        let digests: Vec<String> =
            inspected["RepoDigests"].as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect();
        Image::Subject(self.images.of_engine(name, &digests))
    }

    /// An image that the engine, or the nodes of its swarm, would pull.
    pub(super) async fn image_to_pull(&self, kind: Kind, text: &str) -> Image {
        let shown = crate::access::guard::image_name(text);
        let image = match Reference::read(text) {
            Ok(image) => image,
            Err(Unread::Id) => return Image::Unknown(format!("the image {shown} by its id")),
            Err(Unread::Malformed) => return Image::Unknown(format!("the image {shown}, which is no reference,")),
        };
        match (&image.digest, &image.tag, kind) {
            (Some(digest), _, _) => Image::Subject(self.images.by_digest(&image, digest)),
            // What its tag means is settled when a node pulls it, which nobody judges.
            (None, _, Kind::Service) => Image::Unknown(format!("a service of the image {shown} without its digest")),
            (None, Some(tag), _) => Image::Subject(self.images.by_tag(&image, tag).await),
            (None, None, _) => Image::Unknown(format!("pulling all tags of {shown} at once")),
        }
    }
}

/// The images of a workload that have to be known.
pub(super) fn named(workload: &Workload) -> impl Iterator<Item = &String> {
    let matters = !matches!(workload.kind, Kind::Build | Kind::ImageName | Kind::Exec | Kind::ContainerUpdate);
    workload.images.iter().filter(move |name| matters && !name.is_empty())
}

fn found(guardrail: &Guardrail, what: &str, verdict: &mut Verdict) {
    let finding = guardrail.objects_to(what);
    match guardrail.mode {
        Mode::Enforce => verdict.stopped = verdict.stopped.take().or(Some(finding)),
        Mode::Warn => verdict.warned.push(finding),
    }
}

/// The images that a manifest names, if it is to be judged. What says something of an image (a signature, an attestation, a list of what is inside)
/// is no image: no engine runs it, and whoever checks it has to have it.
async fn judged(pulled: &Pulled<'_>, permit: &Permit) -> Option<Vec<String>> {
    let Ok(names) = Names::read(pulled.body) else { return Some(Vec::new()) };
    if !names.manifests.is_empty() {
        // The list of what is attached to an image, of a registry that has no other: each of it is judged by itself.
        let is_list = pulled.reference.strip_prefix("sha256-").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let members = names.manifests.into_iter().map(|part| part.digest).take(MOST_MEMBERS).collect();
        return (!is_list).then_some(members);
    }
    (!says_something(pulled, permit, &names.layers).await).then(Vec::new)
}

/// Whether there are but texts of JSON in it. What its layers are called does not tell: some engines unpack whatever is in them.
async fn says_something(pulled: &Pulled<'_>, permit: &Permit, layers: &[Descriptor]) -> bool {
    let is_file_system = |media: &str| ["tar", "layer", "rootfs"].iter().any(|word| media.to_ascii_lowercase().contains(word));
    let is_short = (1..=MOST_STATEMENTS).contains(&layers.len());
    if !is_short || layers.iter().any(|layer| is_file_system(&layer.media_type)) {
        return false;
    }
    for layer in layers {
        let read = fetch::blob(pulled.registry, permit, pulled.repository, &layer.digest, LARGEST_STATEMENT).await;
        if !read.is_ok_and(|blob| serde_json::from_slice::<IgnoredAny>(&blob).is_ok()) {
            return false;
        }
    }
    true
}
