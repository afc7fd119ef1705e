//! Signature Version 4 of AWS, in the `Authorization` header (docs.aws.amazon.com: "Authenticating Requests: Using the Authorization Header").

use data_encoding::HEXLOWER;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};

use super::Secret;

/// What stands as it is in a path: "unreserved characters", and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Who signs, and for where.
#[derive(Clone, Debug)]
pub struct Key {
    pub access: String,
    pub secret: Secret,
    pub region: String,
}

/// A path as it is sent and signed.
pub fn path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

/// The SHA-256 of a body, hexadecimal.
pub fn digest(body: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, body).as_ref())
}

/// The value of `Authorization` for a request to S3 without a query. `path` is as [`path`] gives it; `headers` are those that are signed, by
/// name, in lower case and sorted; `at` is `YYYYMMDDTHHMMSSZ`, the value of `x-amz-date`, which is among them.
pub fn authorization(key: &Key, method: &str, path: &str, headers: &[(&str, &str)], body: &str, at: &str) -> String {
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let request = format!("{method}\n{path}\n\n{lines}\n{names}\n{body}");
    let day = at.get(..8).unwrap_or_default();
    let scope = format!("{day}/{}/s3/aws4_request", key.region);
    let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", digest(request.as_bytes()));
    let mut sign = format!("AWS4{}", key.secret.0).into_bytes();
    for part in [day, &key.region, "s3", "aws4_request"] {
        sign = mac(&sign, part);
    }
    let signature = HEXLOWER.encode(&mac(&sign, &text));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}", key.access)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key {
            access: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned()),
            region: "us-east-1".to_owned(),
        }
    }

    const AT: &str = "20130524T000000Z";

    #[test]
    fn the_first_example_of_aws_gets_an_object() {
        let empty = digest(b"");
        let headers = [("host", "examplebucket.s3.amazonaws.com"), ("range", "bytes=0-9"), ("x-amz-content-sha256", &empty), ("x-amz-date", AT)];
        assert_eq!(
            authorization(&key(), "GET", &path("/test.txt"), &headers, &empty, AT),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    #[test]
    fn the_second_example_of_aws_puts_an_object() {
        let body = digest(b"Welcome to Amazon S3.");
        let headers = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("host", "examplebucket.s3.amazonaws.com"),
            ("x-amz-content-sha256", &body),
            ("x-amz-date", AT),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        let said = authorization(&key(), "PUT", &path("/test$file.text"), &headers, &body, AT);
        assert!(said.ends_with("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"), "{said}");
    }

    #[test]
    fn a_path_is_escaped_and_keeps_its_parts() {
        assert_eq!(path("/b/a b+é/0000000001.json"), "/b/a%20b%2B%C3%A9/0000000001.json");
    }
}
