//! Bodies of requests: what is read is written as something that reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse::gateway::docker::body::parse;

fuzz_target!(|bytes: &[u8]| {
    let Ok(Some(value)) = parse(bytes) else { return };
    let again = parse(value.to_string().as_bytes());
    assert_eq!(again, Ok(Some(value)));
});
