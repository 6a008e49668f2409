//! The name in a sender's certificate: the first DNS name of subjectAltName, else the last commonName of the subject (RFC 5280; RFC 5425 section 5.2).
//!
//! rustls has verified the certificate before; this only reads it. DER that is not as expected gives no name.

/// Tags of DER.
mod tag {
    pub(super) const OBJECT: u8 = 0x06;
    pub(super) const OCTETS: u8 = 0x04;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    pub(super) const VERSION: u8 = 0xA0;
    pub(super) const EXTENSIONS: u8 = 0xA3;
    pub(super) const DNS_NAME: u8 = 0x82;
}

/// id-ce-subjectAltName, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1D, 0x11];
/// id-at-commonName, 2.5.4.3.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// Longest name that is taken (RFC 1035 section 2.3.4).
const NAME_BYTES_MAX: usize = 255;

/// The name of a certificate in DER; lower case. `None` when it states none that can be used.
#[must_use]
pub fn name_of_certificate(der: &[u8]) -> Option<String> {
    let (certificate, _) = value(der, tag::SEQUENCE)?;
    let (to_be_signed, _) = value(certificate, tag::SEQUENCE)?;
    let rest = value(to_be_signed, tag::VERSION).map_or(to_be_signed, |(_, rest)| rest);
    // serialNumber, signature, issuer, validity
    let mut rest = rest;
    for _ in 0..4 {
        (_, _, rest) = element(rest)?;
    }
    let (subject, mut rest) = value(rest, tag::SEQUENCE)?;
    let mut alternative = None;
    while let Some((tag, content, behind)) = element(rest) {
        if tag == tag::EXTENSIONS {
            alternative = value(content, tag::SEQUENCE).and_then(|(extensions, _)| dns_name(extensions));
        }
        rest = behind;
    }
    let name = alternative.or_else(|| common_name(subject))?;
    let visible = name.len() <= NAME_BYTES_MAX && !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    visible.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

/// The first DNS name of the extensions.
fn dns_name(mut extensions: &[u8]) -> Option<&[u8]> {
    while let Some((extension, rest)) = value(extensions, tag::SEQUENCE) {
        extensions = rest;
        let (id, behind) = value(extension, tag::OBJECT)?;
        if id != SUBJECT_ALT_NAME {
            continue;
        }
        let octets = elements(behind).find(|(tag, _)| *tag == tag::OCTETS)?.1;
        let (names, _) = value(octets, tag::SEQUENCE)?;
        return elements(names).find(|(tag, _)| *tag == tag::DNS_NAME).map(|(_, name)| name);
    }
    None
}

/// The last, most special commonName.
fn common_name(subject: &[u8]) -> Option<&[u8]> {
    let sets = elements(subject).filter(|(tag, _)| *tag == tag::SET);
    let attributes = sets.filter_map(|(_, set)| value(set, tag::SEQUENCE));
    let named = attributes.filter_map(|(attribute, _)| {
        let (id, rest) = value(attribute, tag::OBJECT)?;
        let (_, name, _) = element(rest)?;
        (id == COMMON_NAME).then_some(name)
    });
    named.last()
}

/// The elements in a row.
fn elements(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (tag, content, behind) = element(rest)?;
        rest = behind;
        Some((tag, content))
    })
}

/// The content of an element with this tag, and what stands behind it.
fn value(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, behind) = element(bytes)?;
    (tag == wanted).then_some((content, behind))
}

/// Tag, content, and what stands behind the element at the start.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7F)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((tag, content, behind))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    fn certificate(names: &[&str], common_name: &str) -> Vec<u8> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::OrganizationName, "Lakeside");
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_first_dns_name_stands_before_the_common_name() {
        let der = certificate(&["Sender-1.lakeside.example", "other.example"], "Old Name");
        assert_eq!(name_of_certificate(&der).as_deref(), Some("sender-1.lakeside.example"));
    }

    #[test]
    fn without_dns_names_the_common_name_is_taken() {
        assert_eq!(name_of_certificate(&certificate(&[], "pacs-01")).as_deref(), Some("pacs-01"));
        assert_eq!(name_of_certificate(&certificate(&[], "two words")), None);
    }

    #[test]
    fn a_certificate_cut_anywhere_gives_no_name_and_no_panic() {
        let der = certificate(&["a.example"], "a");
        for end in 0..der.len() {
            assert_eq!(name_of_certificate(&der[..end]), None);
        }
    }
}
