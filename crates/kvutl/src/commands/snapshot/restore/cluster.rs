//! Who the member of a restored directory is: its URLs, and that the list of members agrees. The texts are etcd's.

use std::collections::BTreeMap;

use kv_proto::url::Url;

/// Returns the URLs that the member is known by, in order.
pub(super) fn local_member_urls(name: &str, advertised: &str, cluster: Option<&str>) -> Result<Vec<String>, String> {
    let mut advertised: Vec<String> = advertised.split(',').map(url).collect::<Result<_, _>>()?;
    advertised.sort();
    advertised.dedup();
    let Some(cluster) = cluster else { return Ok(advertised) };

    let mut members: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for pair in cluster.split(',').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        members.entry(name).or_default().push(url(text)?);
    }
    let Some(own) = members.get(name) else {
        return Err(format!("couldn't find local name {name:?} in the initial cluster configuration"));
    };
    let pairs = |urls: &[&String]| urls.iter().map(|url| format!("{name}={url}")).collect::<Vec<_>>().join(",");
    let unadvertised: Vec<_> = own.iter().filter(|url| !advertised.contains(url)).collect();
    if !unadvertised.is_empty() {
        return Err(format!(
            "--initial-cluster has {} but missing from --initial-advertise-peer-urls={}",
            pairs(&unadvertised),
            advertised.join(",")
        ));
    }
    if let Some(unlisted) = advertised.iter().find(|url| !own.contains(url)) {
        return Err(format!(
            "--initial-advertise-peer-urls has {unlisted} but missing from --initial-cluster={}",
            pairs(&advertised.iter().collect::<Vec<_>>())
        ));
    }
    match members.len() {
        1 => Ok(advertised),
        count => Err(format!("this release runs one member, and --initial-cluster names {count}")),
    }
}

fn url(text: &str) -> Result<String, String> {
    Url::parse(text).map(|url| url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_must_name_this_one_and_its_urls() {
        let urls = |name, cluster| local_member_urls(name, "http://b:1,http://a:1", cluster);
        assert_eq!(urls("m", None).unwrap(), ["http://a:1", "http://b:1"]);
        assert_eq!(urls("m", Some("m=http://b:1,m=http://a:1")).unwrap(), ["http://a:1", "http://b:1"]);
        let refused = |name, cluster| urls(name, Some(cluster)).unwrap_err();
        assert_eq!(refused("n", "m=http://a:1"), "couldn't find local name \"n\" in the initial cluster configuration");
        assert_eq!(
            refused("m", "m=http://c:1"),
            "--initial-cluster has m=http://c:1 but missing from --initial-advertise-peer-urls=http://a:1,http://b:1"
        );
        assert_eq!(
            refused("m", "m=http://a:1"),
            "--initial-advertise-peer-urls has http://b:1 but missing from --initial-cluster=m=http://a:1,m=http://b:1"
        );
        assert_eq!(
            refused("m", "m=http://a:1,m=http://b:1,o=http://c:1"),
            "this release runs one member, and --initial-cluster names 2"
        );
        assert_eq!(refused("m", "m"), "URL scheme must be http, https, unix, or unixs: ");
        assert!(local_member_urls("m", "http://a", None).is_err());
    }
}
