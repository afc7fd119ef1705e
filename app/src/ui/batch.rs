//! What comes in floods, drawn at most once a frame.

use std::sync::Arc;

use leptos::prelude::*;

/// Collects items until the next frame, then gives them out together. A page that is not seen draws nothing: it keeps the last ones.
pub struct Batch<T: Send + Sync + 'static> {
    waiting: StoredValue<Waiting<T>>,
    most: usize,
    draw: Arc<dyn Fn(Vec<T>) + Send + Sync>,
}

struct Waiting<T> {
    items: Vec<T>,
    due: bool,
}

impl<T: Send + Sync + 'static> Clone for Batch<T> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting, most: self.most, draw: self.draw.clone() }
    }
}

impl<T: Send + Sync + 'static> Batch<T> {
    /// `draw` gets the items of a frame, oldest first: never more than the last `most`.
    pub fn new(most: usize, draw: impl Fn(Vec<T>) + Send + Sync + 'static) -> Self {
        Self { waiting: StoredValue::new(Waiting { items: Vec::new(), due: false }), most, draw: Arc::new(draw) }
    }

    /// One more item. Only in the browser.
    pub fn push(&self, item: T) {
        let most = self.most;
        let due = self.waiting.try_update_value(|waiting| {
            waiting.items.push(item);
            // The oldest go in blocks, so that a flood nobody sees does not move them all for each one that comes.
            if waiting.items.len() >= most.saturating_mul(2) {
                keep_last(&mut waiting.items, most);
            }
            std::mem::replace(&mut waiting.due, true)
        });
        if due == Some(false) {
            let this = self.clone();
            request_animation_frame(move || this.flush());
        }
    }

    /// Forgets what waits.
    pub fn clear(&self) {
        let _ = self.waiting.try_update_value(|waiting| waiting.items.clear());
    }

    fn flush(&self) {
        let items = self.waiting.try_update_value(|waiting| {
            waiting.due = false;
            std::mem::take(&mut waiting.items)
        });
        if let Some(mut items) = items {
            keep_last(&mut items, self.most);
            (self.draw)(items);
        }
    }
}

/// Drops the oldest beyond `most`.
fn keep_last<T>(items: &mut Vec<T>, most: usize) {
    let surplus = items.len().saturating_sub(most);
    items.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::keep_last;

    #[test]
    fn the_last_ones_are_kept() {
        let mut items = vec![1, 2, 3, 4];
        keep_last(&mut items, 2);
        assert_eq!(items, [3, 4]);
        keep_last(&mut items, 5);
        assert_eq!(items, [3, 4]);
    }
}
