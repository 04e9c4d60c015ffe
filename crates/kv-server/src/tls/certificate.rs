//! What a certificate says of its owner: names, addresses and the number its issuer gave it.
//!
//! rustls verifies certificates and keeps to itself what they say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::der::{Elements, INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE, SET};

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// Context-specific tags in the body of a certificate.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

/// Context-specific tags of alternative names.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// The parts of a certificate that somebody here looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// 1 or 3.
    pub(super) version: u8,
    /// Without leading zeros.
    pub(super) serial: Vec<u8>,
    /// Empty where there is none.
    pub(super) common_name: String,
    pub(super) dns_names: Vec<String>,
    pub(super) ip_addresses: Vec<IpAddr>,
}

impl Certificate {
    /// Reads a certificate; nothing if it is malformed.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let mut body = Elements::of(der).enter(SEQUENCE)?.enter(SEQUENCE)?;
        let version = match body.content_if(VERSION) {
            // Written as one less.
            Some(version) => Elements::of(version).content_of(INTEGER)?.last()?.checked_add(1)?,
            None => 1,
        };
        let serial = number(body.content_of(INTEGER)?).to_vec();
        let (_signature_algorithm, _issuer, _validity) =
            (body.content_of(SEQUENCE)?, body.content_of(SEQUENCE)?, body.content_of(SEQUENCE)?);
        let common_name = common_name(body.enter(SEQUENCE)?).unwrap_or_default();
        let _public_key = body.content_of(SEQUENCE)?;
        let mut read = Self { version, serial, common_name, dns_names: Vec::new(), ip_addresses: Vec::new() };
        if let Some((_, extensions)) = body.find(|(tag, _)| *tag == EXTENSIONS) {
            read.read_extensions(Elements::of(extensions).enter(SEQUENCE)?)?;
        }
        Some(read)
    }

    fn read_extensions(&mut self, extensions: Elements<'_>) -> Option<()> {
        for (_, extension) in extensions {
            let mut extension = Elements::of(extension);
            if extension.content_of(OBJECT_ID)? != SUBJECT_ALTERNATIVE_NAME {
                continue;
            }
            // Whether it is critical may stand before its value.
            let (_, value) = extension.find(|(tag, _)| *tag == OCTET_STRING)?;
            for (tag, name) in Elements::of(value).enter(SEQUENCE)? {
                match tag {
                    DNS_NAME => self.dns_names.push(String::from_utf8_lossy(name).into_owned()),
                    IP_ADDRESS => self.ip_addresses.extend(ip_address(name)),
                    _ => {}
                }
            }
        }
        Some(())
    }
}

/// Returns the bytes of a number that is not negative, without leading zeros.
pub(super) fn number(content: &[u8]) -> &[u8] {
    let zeros = content.iter().take_while(|byte| **byte == 0).count();
    &content[zeros..]
}

/// Returns the last common name among the parts of a name, as Go does.
fn common_name(parts: Elements<'_>) -> Option<String> {
    let attributes = parts.filter(|(tag, _)| *tag == SET).flat_map(|(_, part)| Elements::of(part));
    let named = attributes.filter_map(|(_, attribute)| {
        let mut attribute = Elements::of(attribute);
        if attribute.content_of(OBJECT_ID)? != COMMON_NAME {
            return None;
        }
        let (tag, text) = attribute.next()?;
        decode(tag, text)
    });
    named.last()
}

/// Decodes one of the kinds of text that ASN.1 has.
fn decode(tag: u8, text: &[u8]) -> Option<String> {
    const UTF8: u8 = 0x0c;
    const PRINTABLE: u8 = 0x13;
    const TELETEX: u8 = 0x14;
    const IA5: u8 = 0x16;
    const BMP: u8 = 0x1e;
    match tag {
        UTF8 | PRINTABLE | IA5 => String::from_utf8(text.to_vec()).ok(),
        // In practice this is Latin-1.
        TELETEX => Some(text.iter().map(|byte| char::from(*byte)).collect()),
        BMP if text.len().is_multiple_of(2) => {
            let units = text.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).collect::<Result<_, _>>().ok()
        }
        _ => None,
    }
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into())).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair, SerialNumber};

    use super::*;

    fn made(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params =
            CertificateParams::new(["a.example".to_owned(), "10.0.0.1".to_owned(), "::1".to_owned()]).unwrap();
        params.serial_number = Some(SerialNumber::from_slice(&[0x80, 1]));
        change(&mut params);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn names_addresses_and_number_are_read() {
        let der = made(|params| params.distinguished_name.push(DnType::CommonName, "alice"));
        let expected = Certificate {
            version: 3,
            serial: vec![0x80, 1],
            common_name: "alice".to_owned(),
            dns_names: vec!["a.example".to_owned()],
            ip_addresses: vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
        };
        assert_eq!(Certificate::read(&der).unwrap(), expected);
    }

    #[test]
    fn a_common_name_in_any_kind_of_text() {
        let name = |value: DnValue| {
            let der = made(|params| params.distinguished_name.push(DnType::CommonName, value));
            Certificate::read(&der).unwrap().common_name
        };
        assert_eq!(name(DnValue::PrintableString("alice".try_into().unwrap())), "alice");
        assert_eq!(name(DnValue::Ia5String("alice".try_into().unwrap())), "alice");
        assert_eq!(name(DnValue::Utf8String("älice".to_owned())), "älice");
        assert_eq!(name(DnValue::BmpString("älice".try_into().unwrap())), "älice");
        assert_eq!(decode(0x14, b"\xe4lice").unwrap(), "älice");
        let nameless = made(|params| params.distinguished_name = rcgen::DistinguishedName::new());
        assert_eq!(Certificate::read(&nameless).unwrap().common_name, "");
    }

    #[test]
    fn whatever_is_cut_or_changed_is_read_or_not_and_nothing_worse() {
        let der = made(|params| params.distinguished_name.push(DnType::CommonName, "alice"));
        for length in 0..der.len() {
            assert_eq!(Certificate::read(&der[..length]), None);
            for change in [1, 0x80, 0xff] {
                let mut changed = der.clone();
                changed[length] ^= change;
                let _ = Certificate::read(&changed);
            }
        }
    }
}
