//! TLS with clients of other libraries: OpenSSL's (curl, `openssl s_client`), Go's (etcdctl and a program on etcd's library), the
//! JDK's (a program on jetcd), and ours (kvctl). Who is let in by etcd 3.7.1 is let in by kvd, and nobody else.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use crate::clients::{Access, program, run};
use crate::harness::curl::curl;
use crate::harness::{Authority, Kind, Server, Subject, Tool};

const BOTH: [Kind; 2] = [Kind::Etcd37, Kind::Kvd];

/// What a client brings along.
#[derive(Debug, Clone, Copy)]
struct Papers<'a> {
    authority: &'a Authority,
    /// The name of its certificate's files, if it has one.
    certificate: Option<&'a str>,
}

impl Papers<'_> {
    fn arguments(self) -> Vec<String> {
        let mut arguments = vec!["--cacert".to_owned(), self.authority.argument("ca.pem")];
        if let Some(name) = self.certificate {
            arguments.extend(["--cert".to_owned(), self.authority.argument(&format!("{name}.pem"))]);
            arguments.extend(["--key".to_owned(), self.authority.argument(&format!("{name}.key"))]);
        }
        arguments
    }

    /// Checks whether every client is served.
    #[track_caller]
    fn check(self, server: &Server, host: &str, expected: bool) {
        self.check_version(server, host, None, expected);
    }

    /// The same for clients that speak one version of TLS only.
    #[track_caller]
    fn check_version(self, server: &Server, host: &str, version: Option<&str>, expected: bool) {
        let served = self.served(server, host, version, expected);
        let differing: Vec<_> = served.into_iter().filter(|(_, served)| served.is_ok() != expected).collect();
        assert!(differing.is_empty(), "{self:?} {host} {version:?} {server:?}: not {expected}: {differing:?}");
    }

    /// Says of each client whether it was served, and why not.
    fn served(
        self,
        server: &Server,
        host: &str,
        version: Option<&str>,
        expected: bool,
    ) -> Vec<(&'static str, Result<(), String>)> {
        // One that is refused tries again until its time is up; one that is served gets as long as it needs.
        let limit = if expected { "30" } else { "1" };
        let url = format!("https://{host}:{}", server.address().port());
        let arguments = self.arguments();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let by_curl = || {
            let only = version.map_or_else(Vec::new, |version| {
                vec![if version == "1.2" { "--tlsv1.2" } else { "--tlsv1.3" }, "--tls-max", version]
            });
            let answer = curl(&[&arguments[..], &only, &[&format!("{url}/health")]].concat());
            if answer.exit == 0 && answer.stdout.contains("\"true\"") { Ok(()) } else { Err(answer.stderr) }
        };
        let by_tool = |kind| {
            let limit = format!("{limit}s");
            let limits = ["--dial-timeout", &limit, "--command-timeout", &limit, "--endpoints", &url];
            let output = Tool::with(kind, &[&limits, &arguments[..]].concat()).run(&["get", "k"]);
            if output.status == 0 { Ok(()) } else { Err(output.stderr) }
        };
        let by_program = |name| {
            let mut variables = vec![("PATIENCE_SECONDS", limit)];
            variables.extend(version.map(|version| ("TLS_VERSION", version)));
            let tls = Some((self.authority, self.certificate));
            run(name, "tls", Access { address: server.address(), host, tls, variables: &variables }).map(|_| ())
        };
        thread::scope(|scope| {
            let mut clients = vec![
                ("curl", scope.spawn(by_curl)),
                ("go-client", scope.spawn(|| by_program("go-client"))),
                ("java", scope.spawn(|| by_program("java"))),
            ];
            // The tools take whatever version there is.
            if version.is_none() {
                clients.push(("etcdctl", scope.spawn(|| by_tool(Kind::Etcd37))));
                clients.push(("kvctl", scope.spawn(|| by_tool(Kind::Kvd))));
            }
            clients.into_iter().map(|(name, client)| (name, client.join().expect("no client panics"))).collect()
        })
    }
}

/// Says whether `openssl s_client` is answered with these arguments.
fn openssl(server: &Server, arguments: &[&str]) -> bool {
    let connect = ["s_client", "-connect", &server.endpoint(), "-brief"];
    let output = Command::new("openssl").args(connect).args(arguments).stdin(Stdio::null()).output();
    output.expect("openssl is installed").status.success()
}

fn client(common_name: &str) -> Subject<'_> {
    Subject { common_name, ..Subject::default() }
}

#[test]
fn certificates_that_are_no_good_are_turned_away() {
    let (authority, other) = (Authority::with_server(), Authority::new());
    authority.sign("good", &client("good"));
    authority.sign("expired", &Subject { expired: true, ..client("expired") });
    authority.sign("revoked", &Subject { serial: 7001, ..client("revoked") });
    authority.sign("for-servers", &Subject { server_only: true, ..client("for-servers") });
    other.sign("stranger", &client("stranger"));
    authority.revoke(&[7001]);
    // A client of another authority still trusts the server's.
    for file in ["stranger.pem", "stranger.key"] {
        std::fs::copy(other.file(file), authority.file(file)).expect("copy a file");
    }
    let (trusted, revoked) = (authority.argument("ca.pem"), authority.argument("crl.der"));
    let flags = ["--client-cert-auth", "--trusted-ca-file", &trusted, "--client-crl-file", &revoked];
    let servers = BOTH.map(|kind| Server::start_secure(kind, &authority, &flags));
    let cases = [
        (Some("good"), true, ""),
        (None, false, "tls: client didn't provide a certificate"),
        (Some("expired"), false, "x509: certificate has expired or is not yet valid"),
        (Some("revoked"), false, "transport: certificate serial 1b59 revoked"),
        (Some("for-servers"), false, "x509: certificate specifies an incompatible key usage"),
        (Some("stranger"), false, "x509: certificate signed by unknown authority"),
    ];
    for (certificate, expected, reason) in cases {
        for server in &servers {
            Papers { authority: &authority, certificate }.check(server, "localhost", expected);
            let log = server.log();
            let line = log.lines().find(|line| line.contains("rejected connection") && line.contains(reason));
            if !expected {
                let line = line.unwrap_or_else(|| panic!("{reason} is not in the log of {server:?}:\n{log}"));
                assert!(line.contains("\"remote-addr\":\"127.0.0.1:") && line.contains("\"server-name\":"), "{line}");
            }
        }
    }
    // The list counts from the moment it is there.
    authority.sign("good", &Subject { serial: 7002, ..client("good") });
    let papers = Papers { authority: &authority, certificate: Some("good") };
    for (serials, expected) in [(&[7001][..], true), (&[7001, 7002], false)] {
        authority.revoke(serials);
        for server in &servers {
            papers.check(server, "localhost", expected);
        }
    }
}

#[test]
fn only_allowed_names_are_let_in() {
    let authority = Authority::with_server();
    authority.sign("allowed", &Subject { names: &["*.clients.example"], ..client("a") });
    authority.sign("another", &Subject { names: &["b.example"], ..client("b") });
    authority.sign("nameless", &client("a.clients.example"));
    let trusted = authority.argument("ca.pem");
    let flags = ["--trusted-ca-file", &trusted, "--client-cert-allowed-hostname=a.clients.example,10.9.8.7"];
    for kind in BOTH {
        let server = Server::start_secure(kind, &authority, &flags);
        for (certificate, expected) in [("allowed", true), ("another", false), ("nameless", false)] {
            Papers { authority: &authority, certificate: Some(certificate) }.check(&server, "localhost", expected);
        }
    }
}

/// Etcd takes the names of clients from its file only; kvd has a flag for them too.
#[test]
fn only_allowed_common_names_are_let_in() {
    let authority = Authority::with_server();
    authority.sign("alice", &client("alice"));
    authority.sign("bob", &client("bob"));
    authority.sign("mallory", &client("alice.example"));
    authority.sign("nobody", &Subject { names: &["alice"], ..Subject::default() });
    let trusted = authority.argument("ca.pem");
    let file = format!(
        "client-transport-security:\n  cert-file: {}\n  key-file: {}\n  trusted-ca-file: {trusted}\n  client-cert-auth: true\n",
        authority.argument("server.pem"),
        authority.argument("server.key")
    );
    let by_file = format!("{file}  allowed-cn: [alice, bob]\n");
    let flags = ["--trusted-ca-file", &trusted, "--client-cert-auth", "--client-cert-allowed-cn=alice,bob"];
    // Every row asks every client, and those that are refused take their time.
    let by_name = [("alice", true), ("mallory", false)];
    for (server, rows) in [
        (Server::start_configured(Kind::Etcd37, &by_file), by_name),
        (Server::start_configured(Kind::Kvd, &by_file), by_name),
        (Server::start_secure(Kind::Kvd, &authority, &flags), [("bob", true), ("nobody", false)]),
    ] {
        for (certificate, expected) in rows {
            Papers { authority: &authority, certificate: Some(certificate) }.check(&server, "localhost", expected);
        }
    }
    authority.sign("host", &Subject { names: &["a.clients.example"], ..client("x") });
    let by_file = format!("{file}  allowed-hostname: [a.clients.example]\n");
    for kind in BOTH {
        let server = Server::start_configured(kind, &by_file);
        for (certificate, expected) in [("host", true), ("alice", false)] {
            Papers { authority: &authority, certificate: Some(certificate) }.check(&server, "localhost", expected);
        }
    }
}

#[test]
fn a_server_that_cannot_be_trusted_is_not_talked_to() {
    let (authority, other) = (Authority::new(), Authority::new());
    let sign = |expired| {
        authority.sign("server", &Subject { names: &["localhost"], expired, ..Subject::default() });
    };
    for kind in BOTH {
        sign(false);
        let server = Server::start_secure(kind, &authority, &[]);
        let with = |authority| Papers { authority, certificate: None };
        with(&authority).check(&server, "localhost", true);
        // The certificate is for another name.
        with(&authority).check(&server, "127.0.0.1", false);
        with(&other).check(&server, "localhost", false);
        sign(true);
        with(&authority).check(&server, "localhost", false);
    }
}

#[test]
fn versions_and_suites_are_those_that_were_asked_for() {
    let authority = Authority::with_server();
    let clients: [&[&str]; 5] = [
        &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
        &["-tls1_2"],
        &["-tls1_3"],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
    ];
    let flags: [(&[&str], [bool; 5]); 5] = [
        (&[], [false, true, true, true, true]),
        (&["--tls-min-version=TLS1.3"], [false, false, true, false, false]),
        (&["--tls-max-version=TLS1.2"], [false, true, false, true, true]),
        (&["--tls-min-version=TLS1.2", "--tls-max-version=TLS1.3"], [false, true, true, true, true]),
        (&["--cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], [false, true, true, false, true]),
    ];
    for (flags, expected) in flags {
        for kind in BOTH {
            let server = Server::start_secure(kind, &authority, flags);
            assert_eq!(clients.map(|client| openssl(&server, client)), expected, "{flags:?} {kind}");
            let papers = Papers { authority: &authority, certificate: None };
            for (version, expected) in [("1.2", expected[1]), ("1.3", expected[2])] {
                papers.check_version(&server, "localhost", Some(version), expected);
            }
        }
    }
}

#[test]
fn a_certificate_of_the_servers_own_serves_whoever_does_not_look() {
    for kind in BOTH {
        let server = Server::start_with_tls(kind, &["--auto-tls"]);
        let url = format!("https://{}", server.endpoint());
        for tool in BOTH {
            let output = Tool::with(tool, &["--endpoints", &url, "--insecure-skip-tls-verify"]).run(&["put", "k", "v"]);
            assert_eq!((output.status, output.text()), (0, "OK\n"), "{tool} with {kind}: {}", output.stderr);
        }
        assert!(curl(&["--insecure", &format!("{url}/health")]).stdout.contains("\"true\""), "{kind}");
        let certificate = server.data_directory().join("fixtures/client/cert.pem");
        let trusting = curl(&["--cacert", certificate.to_str().expect("plain"), &format!("{url}/health")]);
        assert_eq!(trusting.exit, 0, "{kind}: {}", trusting.stderr);
    }
}

#[test]
fn keys_in_every_form_are_read() {
    let authority = Authority::with_server();
    let shell = |script: &str| {
        let output = Command::new("sh").arg("-ec").arg(script).current_dir(authority.file("")).output();
        let output = output.expect("run a shell");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    };
    shell("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa-made 2>/dev/null");
    let rsa = std::fs::read_to_string(authority.file("rsa-made")).expect("read a key");
    authority.sign("rsa-pkcs8", &Subject { key: Some(&rsa), names: &["localhost"], ..client("rsa") });
    authority.sign("ec-pkcs8", &Subject { names: &["localhost"], ..client("ec") });
    shell(
        "cp rsa-pkcs8.pem rsa-pkcs1.pem; openssl pkey -in rsa-pkcs8.key -traditional -out rsa-pkcs1.key
         cp ec-pkcs8.pem ec-sec1.pem; openssl ecparam -name prime256v1 -out ec-sec1.key
         openssl pkey -in ec-pkcs8.key -traditional >> ec-sec1.key",
    );
    for (form, begins) in [("rsa-pkcs1", "BEGIN RSA PRIVATE KEY"), ("ec-sec1", "BEGIN EC PARAMETERS")] {
        let text = std::fs::read_to_string(authority.file(&format!("{form}.key"))).expect("read a key");
        assert!(text.contains(begins), "{text}");
    }
    let trusted = authority.argument("ca.pem");
    for form in ["rsa-pkcs8", "rsa-pkcs1", "ec-pkcs8", "ec-sec1"] {
        let (certificate, key) =
            (authority.argument(&format!("{form}.pem")), authority.argument(&format!("{form}.key")));
        let flags = ["--cert-file", &certificate, "--key-file", &key, "--trusted-ca-file", &trusted];
        let server = Server::start_with_tls(Kind::Kvd, &flags);
        for (client, served) in
            (Papers { authority: &authority, certificate: Some(form) }).served(&server, "localhost", None, true)
        {
            // The JDK's side, Netty, reads no other form of its own key.
            let expected = client != "java" || form.ends_with("pkcs8");
            assert_eq!(served.is_ok(), expected, "{client} {form}: {served:?}");
        }
    }
}

/// Certificates are replaced again and again while clients connect: each of them is served, and in the end by the newest.
#[test]
fn a_new_certificate_fails_nobody() {
    let authority = Authority::with_server();
    let server = Server::start_secure(Kind::Kvd, &authority, &[]);
    let (done, url) = (AtomicBool::new(false), format!("https://localhost:{}/health", server.address().port()));
    let trusted = authority.argument("ca.pem");
    let counts = CONNECTING.map(|_| AtomicU32::new(0));
    let connected = thread::scope(|scope| {
        let programs = CONNECTING.iter().zip(&counts).map(|(name, count)| {
            let connect = || connect_until(&done, name, &server, &authority, count);
            scope.spawn(connect)
        });
        let programs: Vec<_> = programs.collect();
        let ask = || {
            let mut connected = 0;
            while !done.load(Ordering::Relaxed) {
                let answer = curl(&["--cacert", &trusted, &url]);
                assert_eq!((answer.exit, answer.stderr.as_str()), (0, ""));
                connected += 1;
            }
            connected
        };
        let clients = [scope.spawn(ask), scope.spawn(ask)];
        let mut serial = 0;
        // Some certificates are met by everybody.
        let few = || counts.iter().any(|count| count.load(Ordering::Relaxed) < 20);
        // Whoever has ended by now has failed, which is told below.
        while (serial < 200 || few()) && !programs.iter().any(thread::ScopedJoinHandle::is_finished) {
            serial += 1;
            authority.sign("server", &Subject { names: &["localhost"], serial, ..Subject::default() });
            curl(&["--cacert", &trusted, &url]);
        }
        done.store(true, Ordering::Relaxed);
        let by_curl = clients.map(|client| client.join().expect("every client was served")).iter().sum::<u32>();
        (by_curl, serial)
    });
    let port = server.address().port();
    let script =
        format!("openssl s_client -connect localhost:{port} </dev/null 2>/dev/null | openssl x509 -noout -serial");
    let shown = Command::new("sh").arg("-ec").arg(script).output().expect("run a shell");
    let (by_curl, serial) = connected;
    let shown = String::from_utf8_lossy(&shown.stdout);
    let newest = shown.trim().strip_prefix("serial=").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    assert_eq!(newest, Some(serial), "the last one");
    assert!(server.log().contains("the files of TLS have changed and were read again"));
    println!(
        "{by_curl} connections by curl, {counts:?} by {CONNECTING:?} while the certificate was replaced {serial} times"
    );
}

/// Programs that can connect again and again.
const CONNECTING: [&str; 2] = ["go-client", "java"];

/// Has a program connect until it is told to end, which must be well, and counts how often.
fn connect_until(done: &AtomicBool, name: &str, server: &Server, authority: &Authority, count: &AtomicU32) {
    let mut command = Command::new(program(name));
    command.arg("connect").env("CA", authority.file("ca.pem"));
    command.env("ENDPOINT", format!("localhost:{}", server.address().port()));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start a client");
    let mut input = child.stdin.take();
    let mut last = String::new();
    for line in BufReader::new(child.stdout.take().expect("piped above")).lines() {
        last = line.expect("a program prints text");
        count.fetch_add(1, Ordering::Relaxed);
        if done.load(Ordering::Relaxed)
            && let Some(mut input) = input.take()
        {
            // One that has just ended says why below.
            let _ = input.write_all(b"end\n");
        }
    }
    assert!(child.wait().expect("it was started").success() && last == "done", "{name} after {count:?}: {last}");
}
