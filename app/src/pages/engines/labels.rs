//! Labels as lines of text, and back.

use std::collections::BTreeMap;

/// `name=value` lines; a name alone has an empty value.
pub(in crate::pages) fn read(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_once('=').unwrap_or((line, ""))).map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
}

/// One label a line.
pub(in crate::pages) fn lines(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{lines, read};

    #[test]
    fn what_is_written_is_read() {
        let labels = read(" env = prod \n\n alone\nnote=a=b");
        assert_eq!(lines(&labels), "alone=\nenv=prod\nnote=a=b\n");
        assert_eq!(read(&lines(&labels)), labels);
    }
}
