//! Endpoints from the DNS: the SRV records that etcd's client looks for.
//!
//! The system's resolver cannot look up SRV records, so this asks the name servers of `/etc/resolv.conf` itself: one
//! question over UDP, again over TCP if the answer did not fit.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

/// Why no endpoint was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dns lookup errors: {secure} and {insecure}")]
pub struct DiscoveryError {
    secure: LookupError,
    insecure: LookupError,
}

/// Why a name's records could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lookup {name}{}: {reason}", server.map(|server| format!(" on {server}")).unwrap_or_default())]
struct LookupError {
    name: String,
    server: Option<SocketAddr>,
    reason: String,
}

/// Returns the endpoints of a domain: those with TLS first, each kind in the order in which they are to be tried. A
/// service name stands behind the name of the records, as in `_etcd-client-ssl-NAME._tcp.DOMAIN`.
///
/// # Errors
///
/// [`DiscoveryError`] if there are records neither for TLS nor for connections without.
pub async fn discover(domain: &str, service_name: &str) -> Result<Vec<String>, DiscoveryError> {
    let suffix = if service_name.is_empty() { String::new() } else { format!("-{service_name}") };
    let servers = name_servers(&fs::read_to_string("/etc/resolv.conf").unwrap_or_default());
    let secure = look_up(&servers, &format!("_etcd-client-ssl{suffix}._tcp.{domain}")).await;
    let insecure = look_up(&servers, &format!("_etcd-client{suffix}._tcp.{domain}")).await;
    if let (Err(secure), Err(insecure)) = (&secure, &insecure) {
        return Err(DiscoveryError { secure: secure.clone(), insecure: insecure.clone() });
    }
    let endpoints = |scheme: &'static str, services: Vec<Service>| {
        services.into_iter().map(move |Service { host, port, .. }| format!("{scheme}://{host}:{port}"))
    };
    let secure = endpoints("https", secure.unwrap_or_default());
    Ok(secure.chain(endpoints("http", insecure.unwrap_or_default())).collect())
}

/// An SRV record. Ordered as they are to be tried: lower priority first, among equals the greater weight.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Service {
    priority: u16,
    weight: u16,
    port: u16,
    host: String,
}

/// How long a name server may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A question's part of the answer is repeated in it, so that an answer over UDP is never much longer than this.
const UDP_BYTES_MAX: usize = 4096;

const DNS_PORT: u16 = 53;

fn name_servers(resolv_conf: &str) -> Vec<SocketAddr> {
    let words = resolv_conf.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let addresses = words.filter_map(|words| match words.as_slice() {
        ["nameserver", address, ..] => address.parse::<IpAddr>().ok(),
        _ => None,
    });
    let mut servers: Vec<_> = addresses.map(|address| SocketAddr::new(address, DNS_PORT)).collect();
    if servers.is_empty() {
        // What the system's resolver does without a configuration.
        servers.push(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), DNS_PORT));
    }
    servers
}

async fn look_up(servers: &[SocketAddr], name: &str) -> Result<Vec<Service>, LookupError> {
    let fail = |server, reason: String| LookupError { name: name.to_owned(), server, reason };
    let id = RandomState::new().hash_one(name) as u16;
    let question = question(id, name).ok_or_else(|| fail(None, "no such host".to_owned()))?;
    let mut failure = None;
    for &server in servers {
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, ask(server, &question)).await {
            Ok(answer) => answer,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        match answer {
            Err(error) => failure = Some(fail(Some(server), error.to_string())),
            Ok(answer) => match services(&answer, question.len()) {
                Ok(services) if services.is_empty() => return Err(fail(Some(server), "no such host".to_owned())),
                Ok(services) => return Ok(services),
                Err(reason) => failure = Some(fail(Some(server), reason)),
            },
        }
    }
    Err(failure.expect("there is a server to ask"))
}

async fn ask(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut answer = vec![0; UDP_BYTES_MAX];
    loop {
        let length = socket.recv(&mut answer).await?;
        // Anything else is a late answer to somebody else's question, or a forged one.
        if length >= question.len() && answer[..2] == question[..2] {
            answer.truncate(length);
            break;
        }
    }
    if answer[2] & TRUNCATED == 0 {
        return Ok(answer);
    }
    let mut stream = TcpStream::connect(server).await?;
    stream.write_u16(question.len() as u16).await?;
    stream.write_all(question).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

const HEADER_LENGTH: usize = 12;
const TRUNCATED: u8 = 2;
const RECURSION_DESIRED: u8 = 1;
const TYPE_SRV: u16 = 33;
const CLASS_IN: u16 = 1;

/// Returns the message that asks for a name's SRV records; nothing if the name cannot be one.
fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    message.extend(id.to_be_bytes());
    // One question, and no answers yet.
    message.extend([RECURSION_DESIRED, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        message.push(length);
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(TYPE_SRV.to_be_bytes());
    message.extend(CLASS_IN.to_be_bytes());
    Some(message)
}

/// Reads the SRV records of an answer, in the order in which they are to be tried.
fn services(answer: &[u8], question_length: usize) -> Result<Vec<Service>, String> {
    let malformed = || "the answer is malformed".to_owned();
    let code = answer.get(3).ok_or_else(malformed)? & 0x0f;
    match code {
        0 => {}
        3 => return Ok(Vec::new()),
        _ => return Err(format!("the name server failed with code {code}")),
    }
    let count = u16_at(answer, 6).ok_or_else(malformed)?;
    let mut position = question_length.max(HEADER_LENGTH);
    let mut services = Vec::new();
    for _ in 0..count {
        let (service, next) = record(answer, position).ok_or_else(malformed)?;
        services.extend(service);
        position = next;
    }
    services.sort_by_key(|service| (service.priority, u16::MAX - service.weight));
    Ok(services)
}

/// Reads the record at a position; returns the service if it is one, and where the next record begins.
fn record(answer: &[u8], position: usize) -> Option<(Option<Service>, usize)> {
    let (_, fields) = name_at(answer, position)?;
    let kind = u16_at(answer, fields)?;
    let data = fields + 10;
    let next = data + usize::from(u16_at(answer, fields + 8)?);
    if kind != TYPE_SRV {
        return Some((None, next));
    }
    let (host, _) = name_at(answer, data + 6)?;
    let service = Service {
        priority: u16_at(answer, data)?,
        weight: u16_at(answer, data + 2)?,
        port: u16_at(answer, data + 4)?,
        host,
    };
    Some((Some(service), next))
}

fn u16_at(bytes: &[u8], position: usize) -> Option<u16> {
    bytes.get(position..position + 2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// Reads the name at a position, which may go on elsewhere in the message; returns it and where it ends here.
fn name_at(message: &[u8], position: usize) -> Option<(String, usize)> {
    let mut labels: Vec<String> = Vec::new();
    let mut end = None;
    let mut position = position;
    // A name has at most 127 labels; more jumps than that are a circle.
    for _ in 0..128 {
        let length = *message.get(position)?;
        match length {
            0 => return Some((labels.join("."), end.unwrap_or(position + 1))),
            1..64 => {
                let label = message.get(position + 1..position + 1 + usize::from(length))?;
                labels.push(String::from_utf8_lossy(label).into_owned());
                position += 1 + usize::from(length);
            }
            192.. => {
                end = end.or(Some(position + 2));
                position = usize::from(u16_at(message, position)? & 0x3fff);
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer to the question for `_a._tcp.b.c` with the given records of (priority, weight, port, first label); the
    /// rest of the host's name is that of the question.
    fn answer(code: u8, records: &[(u16, u16, u16, &str)]) -> (Vec<u8>, usize) {
        let question = question(7, "_a._tcp.b.c").unwrap();
        let mut message = question.clone();
        message[2..4].copy_from_slice(&[0x81, 0x80 | code]);
        message[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
        for (priority, weight, port, label) in records {
            message.extend([0xc0, HEADER_LENGTH as u8, 0, 33, 0, 1, 0, 0, 0, 60]);
            message.extend((9 + label.len() as u16).to_be_bytes());
            message.extend([priority, weight, port].into_iter().flat_map(|number| number.to_be_bytes()));
            message.push(label.len() as u8);
            message.extend(label.bytes());
            // `b.c` stands behind `_a._tcp` in the question.
            message.extend([0xc0, HEADER_LENGTH as u8 + 8]);
        }
        (message, question.len())
    }

    #[test]
    fn services_come_in_the_order_to_be_tried() {
        let (message, length) = answer(0, &[(20, 1, 2379, "last"), (10, 1, 2380, "second"), (10, 9, 2381, "first")]);
        let services = services(&message, length).unwrap();
        let hosts: Vec<_> = services.iter().map(|service| (service.host.as_str(), service.port)).collect();
        assert_eq!(hosts, [("first.b.c", 2381), ("second.b.c", 2380), ("last.b.c", 2379)]);
    }

    #[test]
    fn a_name_that_does_not_exist_has_no_services() {
        let (message, length) = answer(3, &[]);
        assert_eq!(services(&message, length), Ok(Vec::new()));
        let (message, length) = answer(2, &[]);
        assert_eq!(services(&message, length), Err("the name server failed with code 2".to_owned()));
    }

    #[test]
    fn damaged_answers_are_errors() {
        let (message, length) = answer(0, &[(10, 1, 2379, "host")]);
        for cut in 0..message.len() {
            assert!(services(&message[..cut], length).is_err(), "cut at {cut}");
        }
        let mut circle = message.clone();
        let last = circle.len() - 1;
        circle[last] = last as u8 - 1;
        assert!(services(&circle, length).is_err());
    }

    #[test]
    fn names_and_servers() {
        assert_eq!(question(1, "a..b"), None);
        assert_eq!(question(1, &"a".repeat(64)), None);
        assert_eq!(question(1, "a.").unwrap()[HEADER_LENGTH..], [1, b'a', 0, 0, 33, 0, 1]);
        let servers = name_servers("# nameserver 1.1.1.1\nsearch x\nnameserver 10.0.0.1\nnameserver ::1\n");
        assert_eq!(servers, ["10.0.0.1:53".parse().unwrap(), "[::1]:53".parse().unwrap()]);
        assert_eq!(name_servers("")[0].port(), DNS_PORT);
    }

    #[test]
    fn errors_name_what_was_asked_where() {
        let error = |name: &str, server: Option<&str>| LookupError {
            name: name.to_owned(),
            server: server.map(|server| server.parse().unwrap()),
            reason: "no such host".to_owned(),
        };
        let error = DiscoveryError { secure: error("a", Some("10.0.0.1:53")), insecure: error("b", None) };
        assert_eq!(
            error.to_string(),
            "dns lookup errors: lookup a on 10.0.0.1:53: no such host and lookup b: no such host"
        );
    }
}
