//! Member and cluster ids, computed as etcd does, so that a moved cluster keeps its ids.

use crate::sha1::sha1;

/// Returns the id of a member: the first 8 bytes of the SHA-1 of its peer URLs, sorted, and the cluster token.
pub fn member_id<'a>(peer_urls: impl IntoIterator<Item = &'a str>, cluster_token: &str) -> u64 {
    let mut urls: Vec<&str> = peer_urls.into_iter().collect();
    urls.sort_unstable();
    first_eight((urls.concat() + cluster_token).as_bytes())
}

/// Returns the id of a cluster: the first 8 bytes of the SHA-1 of its members' ids in ascending order.
pub fn cluster_id(member_ids: &[u64]) -> u64 {
    let mut ids = member_ids.to_vec();
    ids.sort_unstable();
    first_eight(&ids.iter().flat_map(|id| id.to_be_bytes()).collect::<Vec<u8>>())
}

fn first_eight(message: &[u8]) -> u64 {
    u64::from_be_bytes(sha1(message)[..8].try_into().expect("a digest has 20 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_etcds() {
        for (url, token, member, cluster) in [
            ("https://localhost:20001", "new", 0x00a8_f345_8387_986d, 0x34c2_1a2d_427d_b393),
            ("http://localhost:2380", "etcd-cluster", 0x8e9e_05c5_2164_694d, 0xcdf8_1819_4e3a_8c32),
        ] {
            assert_eq!(member_id([url], token), member);
            assert_eq!(cluster_id(&[member]), cluster);
        }
    }

    #[test]
    fn the_order_of_urls_and_members_does_not_matter() {
        assert_eq!(member_id(["http://a:1", "http://b:1"], "t"), member_id(["http://b:1", "http://a:1"], "t"));
        assert_eq!(cluster_id(&[1, 2]), cluster_id(&[2, 1]));
    }
}
