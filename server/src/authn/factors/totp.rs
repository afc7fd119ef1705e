//! Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of 30 s, as every app has them.

use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qrcode::{Color, EcLevel, QrCode};
use ring::hmac;

use crate::authn::secret::{self, NoRandomness};

/// Of RFC 4226: as long as what SHA-1 gives.
const LENGTH: usize = 20;
const STEP_S: i64 = 30;
/// White around a QR code, in squares.
const MARGIN: usize = 4;

/// What an authenticator app and we have in common. Never shown but at its making.
#[derive(Clone)]
pub struct Secret([u8; LENGTH]);

/// A QR code as a path of squares of 1 by 1.
pub struct Picture {
    pub path: String,
    pub size: usize,
}

impl Secret {
    pub fn new() -> Result<Self, NoRandomness> {
        let mut bytes = [0; LENGTH];
        secret::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// As it is typed into an app, and kept under the seal.
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    pub fn from_base32(text: &str) -> Option<Self> {
        Some(Self(BASE32_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?))
    }

    /// The address that apps read out of a QR code.
    pub fn uri(&self, place: &str, user: &str) -> String {
        let [place, user] = [place, user].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
        format!("otpauth://totp/{place}:{user}?secret={}&issuer={place}", self.base32())
    }

    /// The step of `code`: one of those around `now_ms` that is later than `last`. `None` when the code is wrong or was used.
    pub fn step_of(&self, code: &str, now_ms: i64, last: i64) -> Option<i64> {
        let code = digits(code)?;
        let now = now_ms.div_euclid(1000 * STEP_S);
        let typed = secret::hash(&code);
        let mut found = None;
        for step in [now + 1, now, now - 1] {
            // The comparison is of hashes, so its time tells nothing.
            let right = secret::hash(&self.code(step)) == typed;
            if right && step > last {
                found = Some(step);
            }
        }
        found
    }

    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let bytes = tag.as_ref();
        let at = usize::from(bytes.last().copied().unwrap_or(0) & 0xf);
        let number = bytes.iter().skip(at).take(4).fold(0_u32, |number, b| (number << 8) | u32::from(*b)) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// The six digits of what was typed: apps show them as `123 456`. `None` when it is something else.
pub fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// `text` as a QR code. `None` when it is too long for one.
pub fn picture(text: &str) -> Option<Picture> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (n, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", n % width + MARGIN, n / width + MARGIN));
        }
    }
    Some(Picture { path, size: width + 2 * MARGIN })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's own examples.
    fn of_the_rfc() -> Secret {
        Secret(*b"12345678901234567890")
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(of_the_rfc().code(seconds / STEP_S), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_either_way_and_once() {
        let (secret, now) = (of_the_rfc(), 1_234_567_890_i64);
        let step = now / STEP_S;
        let at = |step: i64, last| secret.step_of(&secret.code(step), now * 1000, last);
        assert_eq!(
            (at(step - 2, 0), at(step - 1, 0), at(step, 0), at(step + 1, 0), at(step + 2, 0)),
            (None, Some(step - 1), Some(step), Some(step + 1), None)
        );
        assert_eq!((at(step, step), at(step - 1, step), at(step + 1, step)), (None, None, Some(step + 1)));
        assert_eq!(secret.step_of("000000", now * 1000, 0), None);
        assert_eq!(secret.step_of(" 005 924 ", now * 1000, 0), Some(step));
        assert_eq!(secret.step_of("5924", now * 1000, 0), None);
    }

    #[test]
    fn a_secret_is_the_same_after_it_was_kept() {
        let secret = Secret::new().unwrap();
        assert_eq!(Secret::from_base32(&secret.base32()).unwrap().0, secret.0);
        assert!(Secret::from_base32("AAAA").is_none());
        let uri = secret.uri("Pilothouse a.example", "ana");
        assert!(uri.starts_with("otpauth://totp/Pilothouse%20a%2Eexample:ana?secret="), "{uri}");
        let picture = picture(&uri).unwrap();
        assert!(picture.path.starts_with("M4 4h1v1h-1z") && picture.size > 40);
    }
}
