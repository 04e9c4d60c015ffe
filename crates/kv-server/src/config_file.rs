//! The configuration file: YAML, or JSON, which YAML contains. Its keys are the names of flags.
//!
//! As in etcd, durations are numbers of nanoseconds, lists of URLs a text with commas, TLS stands in sections of its own,
//! and keys that nobody knows are passed over. Durations may also be written like a flag's.

use std::path::Path;

use yaml_rust2::{Yaml, YamlLoader};

use crate::config::Config;
use crate::flag::{Flag, Given, Group};
use crate::flag_table;
use crate::logging::Notice;

/// Sections, and the flags of their keys where these have another name than the key.
const SECTIONS: [(&str, &[(&str, &str)]); 2] = [
    (
        "client-transport-security",
        &[
            ("crl-file", "client-crl-file"),
            ("client-crl-file", "client-crl-file"),
            ("allowed-hostname", "client-cert-allowed-hostname"),
            ("allowed-cn", "client-cert-allowed-cn"),
        ],
    ),
    (
        "peer-transport-security",
        &[
            ("cert-file", "peer-cert-file"),
            ("key-file", "peer-key-file"),
            ("client-cert-file", "peer-client-cert-file"),
            ("client-key-file", "peer-client-key-file"),
            ("client-cert-auth", "peer-client-cert-auth"),
            ("trusted-ca-file", "peer-trusted-ca-file"),
            ("crl-file", "peer-crl-file"),
            ("auto-tls", "peer-auto-tls"),
            ("allowed-cn", "peer-cert-allowed-cn"),
            ("allowed-hostname", "peer-cert-allowed-hostname"),
            ("skip-client-san-verification", "peer-skip-client-san-verification"),
        ],
    ),
];

/// Flags that etcd does not look for in a file; its own sample holds one of them with a value that it refuses as a flag.
const NOT_IN_FILES: [&str; 4] = ["version", "help", "config-file", "discovery-fallback"];

/// Reads a file into the configuration; returns the names of the flags it sets.
///
/// # Errors
///
/// What is wrong, with the key it is about.
pub(crate) fn read(path: &Path, config: &mut Config, notices: &mut Vec<Notice>) -> Result<Given, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("open {}: {error}", path.display()))?;
    parse(&text, config, notices).map_err(|error| format!("{}: {error}", path.display()))
}

fn parse(text: &str, config: &mut Config, notices: &mut Vec<Notice>) -> Result<Given, String> {
    let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
    let mut given = Given::new();
    let pairs = match documents.first() {
        None | Some(Yaml::Null) => return Ok(given),
        Some(Yaml::Hash(pairs)) => pairs,
        Some(_) => return Err("it is no list of keys and values".to_owned()),
    };
    for (key, value) in pairs {
        let key = key.as_str().ok_or("a key is no text")?;
        let Some((section, names)) = SECTIONS.iter().find(|(section, _)| *section == key) else {
            set(key, key, value, config, &mut given, notices)?;
            continue;
        };
        match value {
            Yaml::Null => {}
            Yaml::Hash(pairs) => {
                for (key, value) in pairs {
                    let key = key.as_str().ok_or_else(|| format!("a key of {section} is no text"))?;
                    let flag = names.iter().find(|(name, _)| *name == key).map_or(key, |(_, flag)| flag);
                    // Whoever is passed over here may let in everybody.
                    if !flag_table::all().any(|known| known.name == flag && known.group == Group::Tls) {
                        return Err(format!("{section} has no key {key:?}"));
                    }
                    set(&format!("{section}.{key}"), flag, value, config, &mut given, notices)?;
                }
            }
            _ => return Err(format!("invalid {section}")),
        }
    }
    Ok(given)
}

/// Sets the flag of one key.
fn set(
    key: &str,
    name: &str,
    value: &Yaml,
    config: &mut Config,
    given: &mut Given,
    notices: &mut Vec<Notice>,
) -> Result<(), String> {
    let known = flag_table::all().find(|flag| flag.name == name);
    let Some(flag) = known.filter(|flag| !NOT_IN_FILES.contains(&flag.name)) else {
        notices.push(Notice::warn("unknown key of the configuration file is ignored").field("key", key));
        return Ok(());
    };
    // As a key that is not there.
    let Some(text) = written(flag, value).map_err(|error| format!("{key}: {error}"))? else { return Ok(()) };
    (flag.set)(config, &text).map_err(|error| format!("invalid value {text:?} for {key}: {error}"))?;
    given.insert(flag.name, text);
    Ok(())
}

/// Writes a value as it would be typed after the flag.
fn written(flag: &Flag, value: &Yaml) -> Result<Option<String>, String> {
    Ok(Some(match value {
        Yaml::Null => return Ok(None),
        // In etcd's Go a duration is a number of nanoseconds.
        Yaml::Integer(number) if flag.value == Some("DURATION") => format!("{number}ns"),
        Yaml::Integer(number) => number.to_string(),
        Yaml::Boolean(switch) => switch.to_string(),
        Yaml::String(text) if flag.value.is_none() => switch(text).to_owned(),
        Yaml::Real(text) | Yaml::String(text) => text.clone(),
        Yaml::Array(items) => {
            let texts = items.iter().map(|item| match item {
                Yaml::Integer(number) => Ok(number.to_string()),
                Yaml::String(text) => Ok(text.clone()),
                _ => Err("an item of the list is no text".to_owned()),
            });
            texts.collect::<Result<Vec<_>, _>>()?.join(",")
        }
        Yaml::Hash(_) | Yaml::Alias(_) | Yaml::BadValue => return Err("it is no single value".to_owned()),
    }))
}

/// Reads what YAML 1.1, and so etcd, takes for a switch.
fn switch(text: &str) -> &str {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "on" => "true",
        "n" | "no" | "off" => "false",
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    fn parsed(text: &str) -> (Config, Vec<&'static str>, Vec<String>) {
        let (mut config, mut notices) = (Config::default(), Vec::new());
        let given = parse(text, &mut config, &mut notices).unwrap();
        (config, given.into_keys().collect(), notices.into_iter().map(|notice| notice.message).collect())
    }

    #[test]
    fn yaml_and_json_are_read() {
        let yaml = "# a member\nname: 'a'\ndata-dir: /var/lib/kvd\nquota-backend-bytes: 8589934592\n\
                    grpc-keepalive-min-time: 7000000000\ngrpc-keepalive-timeout: 3s\nheartbeat-interval: 200\n\
                    election-timeout: 2000\nlisten-client-urls: http://127.0.0.1:1,http://127.0.0.1:2\n\
                    log-outputs: [stdout, /tmp/x]\nenable-grpc-gateway: false\nwal-dir:\nbogus: {a: 1}\n\
                    client-transport-security:\n  cert-file: c.pem\n  client-cert-auth: true\n  allowed-hostname: [h, i]\n  allowed-cn: [c]\nenable-pprof: yes\n\
                    peer-transport-security:\n  cert-file: p.pem\n";
        let (config, given, notices) = parsed(yaml);
        assert_eq!(config.name, "a");
        assert_eq!(config.quota_backend_bytes, 8_589_934_592);
        assert_eq!(config.grpc_keepalive_min_time, Duration::from_secs(7));
        assert_eq!(config.grpc_keepalive_timeout, Duration::from_secs(3));
        assert_eq!(config.election_timeout, Duration::from_secs(2));
        assert_eq!(config.listen_client_urls.len(), 2);
        assert_eq!(config.log.outputs.len(), 2);
        assert!(!config.enable_grpc_gateway);
        assert_eq!(config.client_tls.cert_file, Some(PathBuf::from("c.pem")));
        assert!(config.client_tls.client_cert_auth);
        assert_eq!(config.client_tls.allowed_hostnames, ["h", "i"]);
        assert_eq!(config.client_tls.allowed_common_names, ["c"]);
        assert!(given.contains(&"peer-cert-file") && !given.contains(&"wal-dir"));
        assert_eq!(notices.len(), 1, "{notices:?}");

        let (config, ..) = parsed(r#"{"name": "j", "max-txn-ops": 5, "auto-compaction-retention": "1h"}"#);
        assert_eq!((config.name.as_str(), config.max_txn_ops), ("j", 5));
        assert_eq!(parsed("").1, [""; 0]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refusal = |text: &str| parse(text, &mut Config::default(), &mut Vec::new()).unwrap_err();
        assert_eq!(refusal("max-txn-ops: many"), "invalid value \"many\" for max-txn-ops: parse error");
        assert_eq!(refusal("name: {a: b}"), "name: it is no single value");
        assert_eq!(refusal("- name"), "it is no list of keys and values");
        assert_eq!(
            refusal("client-transport-security: {allowed-cnn: [alice]}"),
            "client-transport-security has no key \"allowed-cnn\""
        );
        assert_eq!(refusal("peer-transport-security: yes, please"), "invalid peer-transport-security");
        assert!(refusal("name: \"a").contains("line 1"), "{}", refusal("name: \"a"));
    }
}
