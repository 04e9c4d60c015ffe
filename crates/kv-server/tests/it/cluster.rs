//! The service Cluster: one member.

use kv_proto::ApiError;
use kv_proto::etcdserverpb as pb;

use crate::harness::{TestServer, refused};

#[tokio::test]
async fn the_only_member_is_listed_with_its_real_address() {
    let server = TestServer::start().await;
    let listed =
        server.cluster().await.member_list(pb::MemberListRequest { linearizable: true }).await.unwrap().into_inner();
    let header = listed.header.unwrap();
    assert_eq!(header.revision, 0);
    assert_eq!(header.cluster_id, 0xcdf8_1819_4e3a_8c32);
    let [member] = &listed.members[..] else { panic!("{listed:?}") };
    assert_eq!((member.id, member.name.as_str(), member.is_learner), (0x8e9e_05c5_2164_694d, "test", false));
    assert_eq!(
        (&member.peer_ur_ls, &member.client_ur_ls),
        (&vec!["http://localhost:2380".to_owned()], &vec![server.url.clone()])
    );
    server.stop().await;
}

#[tokio::test]
async fn changes_that_need_other_members_are_refused_as_etcd_does() {
    let server = TestServer::start().await;
    let mut cluster = server.cluster().await;
    let id = 0x8e9e_05c5_2164_694d;
    let add = |url: &str| pb::MemberAddRequest { peer_ur_ls: vec![url.to_owned()], is_learner: false };
    refused(cluster.member_add(add("nonsense")).await, ApiError::BadMemberUrls);
    refused(cluster.member_add(add("http://localhost:2380")).await, ApiError::PeerUrlExists);
    let status = cluster.member_add(add("http://localhost:9")).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::FailedPrecondition);
    assert_eq!(status.message(), "etcdserver: this release of kvd runs one member; a member cannot be added");
    refused(cluster.member_remove(pb::MemberRemoveRequest { id: 1 }).await, ApiError::MemberNotFound);
    refused(cluster.member_remove(pb::MemberRemoveRequest { id }).await, ApiError::NotEnoughStartedMembers);
    refused(cluster.member_promote(pb::MemberPromoteRequest { id }).await, ApiError::MemberNotLearner);
    server.stop().await;
}

#[tokio::test]
async fn a_peer_url_is_changed_and_survives_a_restart() {
    let server = TestServer::start().await;
    let id = 0x8e9e_05c5_2164_694d;
    let peer_ur_ls = vec!["http://10.0.0.1:2380".to_owned()];
    let request = pb::MemberUpdateRequest { id, peer_ur_ls: peer_ur_ls.clone() };
    let updated = server.cluster().await.member_update(request).await.unwrap().into_inner();
    assert_eq!(updated.members[0].peer_ur_ls, peer_ur_ls);
    let directory = server.stop().await;
    let server = TestServer::start_in(directory, |config| config.initial_cluster_token = "another".to_owned()).await;
    let listed = server.cluster().await.member_list(pb::MemberListRequest::default()).await.unwrap().into_inner();
    assert_eq!((listed.members[0].id, &listed.members[0].peer_ur_ls), (id, &peer_ur_ls));
    server.stop().await;
}
