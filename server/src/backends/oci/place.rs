//! Where an upload goes on: the registry says it, and it must lie in the repository that it is for, at the registry's own address.

use http::Uri;

use super::Address;

/// The longest place that a registry may name for an upload, in bytes.
const LONGEST: usize = 2_500;

/// `/v2/REPOSITORY/blobs/uploads/`
pub fn uploads(repository: &str) -> String {
    format!("/v2/{repository}/blobs/uploads/")
}

/// What of a registry's `Location` is the upload, if it is one of this repository at this registry.
pub fn rest_of(location: &str, own: &Address, repository: &str) -> Option<String> {
    let uri: Uri = match location.starts_with('/') && !location.starts_with("//") {
        true => format!("{own}{location}").parse().ok()?,
        false => location.parse().ok()?,
    };
    let at = Address::of(&uri)?;
    let path = uri.path().strip_prefix(&uploads(repository))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'=' | b'~' | b':' | b'+');
    let is_id = !path.is_empty() && path != "." && path != ".." && path.bytes().all(plain);
    let rest = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    (at == *own && is_id && rest.len() <= LONGEST).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_goes_on_in_its_own_repository_at_the_registrys_own_address() {
        let own = Address::parse("http://127.0.0.1:5000", false).unwrap();
        let rest = |location: &str| rest_of(location, &own, "team/x");
        assert_eq!(rest("/v2/team/x/blobs/uploads/abc?_state=1").as_deref(), Some("abc?_state=1"));
        assert_eq!(rest("http://127.0.0.1:5000/v2/team/x/blobs/uploads/abc").as_deref(), Some("abc"));
        for bad in [
            "http://evil.example/v2/team/x/blobs/uploads/abc",
            "https://127.0.0.1:5000/v2/team/x/blobs/uploads/abc",
            "http://127.0.0.1:5001/v2/team/x/blobs/uploads/abc",
            "http://127.0.0.1:5000@evil.example/v2/team/x/blobs/uploads/abc",
            "//evil.example/v2/team/x/blobs/uploads/abc",
            "/v2/team/y/blobs/uploads/abc",
            "/v2/team/x/../y/blobs/uploads/abc",
            "/v2/team/x/blobs/uploads/../../../y/blobs/uploads/abc",
            "/v2/team/x/blobs/uploads/..",
            "/v2/team/x/blobs/uploads/a%2fb",
            "/v2/team/x/blobs/uploads/",
            "/v2/team/x/manifests/abc",
            "abc",
            "",
        ] {
            assert_eq!(rest(bad), None, "{bad}");
        }
    }
}
