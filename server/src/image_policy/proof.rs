//! Whether somebody who may has signed a digest: what is attached to it is looked at, one signature after the other.

use super::{
    bundle::{self, Root},
    cosign,
    keys::Key,
};
use crate::{
    access::Permit,
    backends::oci::{
        Registry, RegistryError,
        answer::sha256,
        fetch,
        parsed::{Descriptor, Names},
        referrers::cosign_tag,
    },
};

/// How many signatures of one digest are looked at.
const MOST: usize = 16;

/// Who may sign.
pub struct Signers {
    pub keys: Vec<Key>,
    pub identities: Vec<Identity>,
    mark: String,
}

/// Whom a certificate has to name, and who has to have said so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    pub name: String,
    pub issuer: String,
}

impl Signers {
    /// Reads them as a rule has them.
    ///
    /// # Errors
    /// The setting, and what is wrong with it.
    pub fn read(keys: &[String], identities: &[String]) -> Result<Self, (&'static str, String)> {
        let mark = sha256(format!("{keys:?}{identities:?}").as_bytes());
        let keys = keys.iter().map(|text| Key::read(text)).collect::<Result<_, _>>().map_err(|why| ("rule.keys", why))?;
        let pair = |text: &String| {
            let (name, issuer) = text.trim().split_once(' ')?;
            Some(Identity { name: name.to_owned(), issuer: issuer.trim().to_owned() })
        };
        let read = identities.iter().map(pair).collect::<Option<_>>();
        let identities: Vec<Identity> = read.ok_or_else(|| ("rule.identities", "Write an identity, a space, and its issuer.".to_owned()))?;
        Ok(Self { keys, identities, mark })
    }

    /// What tells these from others.
    pub fn mark(&self) -> &str {
        &self.mark
    }
}

/// What is known of a digest.
pub enum Proof {
    /// One who may has signed it.
    Signed,
    /// There is no signature at all.
    Unsigned,
    /// There are signatures, and none that counts; the last reason, where one was given.
    ByOthers(Option<String>),
}

/// Looks for a signature of `digest` by one of `signers`.
///
/// # Errors
/// When the registry does not say.
pub async fn look(
    registry: &Registry,
    permit: &Permit,
    repository: &str,
    digest: &str,
    signers: &Signers,
    root: Option<&Root>,
) -> Result<Proof, RegistryError> {
    let mut left = MOST;
    let mut reason = None;
    let tagged = fetch::statement(registry, permit, repository, &cosign_tag(digest, "sig")).await?;
    for part in tagged.map(|manifest| Names::read(&manifest.body)).transpose()?.map(|names| names.layers).unwrap_or_default() {
        if left > 0 && is_signed(registry, permit, repository, digest, &part, signers, root, &mut left, &mut reason).await? {
            return Ok(Proof::Signed);
        }
    }
    let attached = fetch::referrers(registry, permit, repository, digest).await?;
    for one in attached.iter().filter(|part| may_sign(part.artifact_type.as_deref().unwrap_or_default())) {
        if left == 0 {
            break;
        }
        let Some(manifest) = fetch::statement(registry, permit, repository, &one.digest).await? else { continue };
        for part in Names::read(&manifest.body)?.layers {
            if left > 0 && is_signed(registry, permit, repository, digest, &part, signers, root, &mut left, &mut reason).await? {
                return Ok(Proof::Signed);
            }
        }
    }
    Ok(if left == MOST { Proof::Unsigned } else { Proof::ByOthers(reason) })
}

/// Whether something of this kind may hold a signature. Where a registry does not say the kind, it is looked at.
fn may_sign(artifact_type: &str) -> bool {
    artifact_type.is_empty() || artifact_type == cosign::ARTIFACT || bundle::is_bundle(artifact_type)
}

/// Whether one layer of what is attached is such a signature. Each that is read counts against `left`.
#[allow(clippy::too_many_arguments, reason = "each is another thing, and they come together here alone")]
async fn is_signed(
    registry: &Registry,
    permit: &Permit,
    repository: &str,
    digest: &str,
    part: &Descriptor,
    signers: &Signers,
    root: Option<&Root>,
    left: &mut usize,
    reason: &mut Option<String>,
) -> Result<bool, RegistryError> {
    let is_bundle = bundle::is_bundle(&part.media_type);
    if part.media_type != cosign::PAYLOAD && !is_bundle {
        return Ok(false);
    }
    *left -= 1;
    let most = if is_bundle { bundle::LARGEST } else { cosign::LARGEST };
    let blob = fetch::blob(registry, permit, repository, &part.digest, most).await?;
    if !is_bundle {
        let annotations = part.annotations.clone().unwrap_or_default();
        return Ok(cosign::is_signed(&blob, &annotations, digest, &signers.keys));
    }
    match bundle::check(&blob, digest, signers, root) {
        Ok(()) => Ok(true),
        Err(why) => {
            *reason = Some(why);
            Ok(false)
        }
    }
}
