//! The path classifier: what it accepts reads the same the second time, and holds nothing that a path could be left with.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse::gateway::docker::classify::classify;

fuzz_target!(|input: (&str, &str, Option<&str>)| {
    let (method, path, query) = input;
    let Ok(found) = classify(method, path, query) else { return };
    assert_eq!(found.row.method, method);
    assert!(!found.path.contains("//") && !found.path.split('/').any(|part| part == "." || part == ".."), "{}", found.path);
    assert!(!found.path.contains(['%', '?', '#', '\\', '\0', '\r', '\n', ' ']), "{}", found.path);
    let again = classify(method, &found.path, query).expect("what was accepted is accepted in its own spelling");
    assert_eq!((again.row.name, &again.path, &again.params), (found.row.name, &found.path, &found.params));
});
