//! How far a pull is, layer by layer.

use crate::api::images::PullProgress;

/// One layer of a pull, or one line that belongs to none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    pub id: String,
    pub status: String,
    pub current: u64,
    /// Zero when it is not known.
    pub total: u64,
    pub done: bool,
}

/// A pull from its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pull {
    pub layers: Vec<Layer>,
    /// The last thing said of the whole.
    pub status: String,
}

impl Pull {
    pub fn take(&mut self, step: PullProgress) {
        // The line that names the image has the tag as its id, and no layer.
        let id = step.id.filter(|_| !step.status.starts_with("Pulling from"));
        let Some(id) = id else {
            if !step.status.is_empty() {
                self.status = step.status;
            }
            return;
        };
        let index = self.layers.iter().position(|layer| layer.id == id).unwrap_or_else(|| {
            self.layers.push(Layer { id, ..Layer::default() });
            self.layers.len() - 1
        });
        let Some(layer) = self.layers.get_mut(index) else { return };
        layer.done = matches!(step.status.as_str(), "Pull complete" | "Already exists");
        // Downloading and extracting are counted each from zero.
        layer.current = step.current.unwrap_or(if layer.done { layer.total } else { 0 });
        layer.total = step.total.unwrap_or(layer.total);
        layer.status = step.status;
    }

    /// How many layers are here.
    pub fn done(&self) -> usize {
        self.layers.iter().filter(|layer| layer.done).count()
    }
}

#[cfg(test)]
mod tests {
    use super::Pull;
    use crate::api::images::PullProgress;

    fn step(id: &str, status: &str, current: Option<u64>, total: Option<u64>) -> PullProgress {
        let id = (!id.is_empty()).then(|| id.to_owned());
        PullProgress { id, status: status.into(), current, total, ..PullProgress::default() }
    }

    #[test]
    fn each_layer_has_one_line() {
        let mut pull = Pull::default();
        pull.take(step("latest", "Pulling from library/nginx", None, None));
        pull.take(step("a1", "Pulling fs layer", None, None));
        pull.take(step("b2", "Already exists", None, None));
        pull.take(step("a1", "Downloading", Some(5), Some(10)));
        assert_eq!((pull.layers.len(), pull.done()), (2, 1));
        let first = pull.layers.first().cloned().unwrap_or_default();
        assert_eq!((first.status.as_str(), first.current, first.total, first.done), ("Downloading", 5, 10, false));
        pull.take(step("a1", "Pull complete", None, None));
        assert_eq!(pull.done(), 2);
        assert_eq!(pull.layers.first().map(|layer| (layer.current, layer.total)), Some((10, 10)));
    }

    #[test]
    fn what_is_said_of_the_whole_is_kept_apart() {
        let mut pull = Pull::default();
        pull.take(step("", "Status: Image is up to date", None, None));
        pull.take(step("", "", None, None));
        assert!(pull.layers.is_empty());
        assert_eq!(pull.status, "Status: Image is up to date");
    }
}
