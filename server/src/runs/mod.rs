//! Where images run: from a digest to the containers of every engine, and from a container to where its image came from.
//!
//! Nothing is asked for here. What runs is known from the engines' events, by the index that also says what belongs to whom
//! (`backends/docker/belongings`), with the house's own permit. A registry is asked by [`Newer`] and [`kin`], with the permit of whoever wants to know.

pub mod kin;
pub mod names;
mod newer;

use std::{collections::BTreeSet, sync::Arc};

use pilothouse_app::api::repositories::Run;

pub use newer::Newer;

use crate::backends::{
    Engines,
    docker::{
        Engine, Health,
        belongings::{Images, Made, Project},
    },
};

/// What is made from images, on all engines.
pub struct Runs {
    engines: Arc<Engines>,
    /// What tags mean by now.
    pub newer: Newer,
}

/// A container, and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub run: Run,
    pub project: Option<Project>,
    /// By which of the digests that were asked for it was found.
    pub by: BTreeSet<String>,
}

/// All that is known of some digests.
#[derive(Debug, Default)]
pub struct Known {
    /// By engine and name, whoever may see them.
    pub found: Vec<Found>,
    /// The engines of which it is not known: they do not answer, or were not read yet.
    pub silent: Vec<String>,
}

impl Runs {
    pub fn new(engines: Arc<Engines>) -> Self {
        Self { engines, newer: Newer::default() }
    }

    /// The containers on all engines that are made from an image with one of these digests, running or not. It says nothing of who may see them:
    /// what is shown to somebody is cut first.
    ///
    /// An image that one engine knows by a digest is the same image where another one has it by its id alone, because it was loaded there.
    pub fn of(&self, digests: &BTreeSet<String>) -> Known {
        let mut known = Known::default();
        let engines = self.engines.list();
        let mut images = Images::new();
        for engine in &engines {
            for (image, by) in engine.belongings.images_known_by(digests) {
                images.entry(image).or_default().extend(by);
            }
        }
        for engine in engines {
            if is_silent(&engine) {
                known.silent.push(engine.name.clone());
                continue;
            }
            let mut made = engine.belongings.made_from(&images);
            made.sort_by(|a, b| a.name.cmp(&b.name));
            known.found.extend(made.into_iter().map(|made| found(&engine.name, made)));
        }
        known
    }
}

/// Whether nobody can say now what runs there.
fn is_silent(engine: &Engine) -> bool {
    !engine.belongings.is_whole() || matches!(engine.health.health(), Health::Down { .. })
}

fn found(engine: &str, made: Made) -> Found {
    let run = Run {
        engine: engine.to_owned(),
        container: made.id,
        name: made.name,
        image: made.image,
        state: made.state.to_owned(),
        digests: made.digests,
    };
    Found { run, project: made.project, by: made.by }
}
