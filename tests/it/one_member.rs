//! What is asked of a cluster of one: who its members are, who leads, whether it can go back to an older release. kvd
//! answers as etcd 3.7.1 does, step by step.

use kv_proto::etcdserverpb::downgrade_request::DowngradeAction;
use kv_proto::etcdserverpb::{
    DowngradeRequest, MemberAddRequest, MemberListRequest, MemberPromoteRequest, MemberRemoveRequest,
    MemberUpdateRequest, MoveLeaderRequest, ResponseHeader, StatusRequest, cluster_client::ClusterClient,
    maintenance_client::MaintenanceClient,
};
use tonic::{Response, Status};

use crate::harness::differences::Ledger;
use crate::harness::{Kind, Server};

/// The id of the only member, by its default peer URL.
const MEMBER: u64 = 0x8e9e_05c5_2164_694d;

/// One request.
#[derive(Debug, Clone, Copy)]
enum Step {
    Downgrade(DowngradeAction, &'static str),
    /// With an action that no release knows.
    DowngradeUnknown,
    MoveLeader(u64),
    Add(&'static [&'static str]),
    AddLearner(&'static [&'static str]),
    Remove(u64),
    Update(u64, &'static [&'static str]),
    Promote(u64),
    List,
    DowngradeInfo,
}

use DowngradeAction::{Cancel, Enable, Validate};
use Step::{Add, AddLearner, Downgrade, DowngradeInfo, DowngradeUnknown, List, MoveLeader, Promote, Remove, Update};

const STEPS: &[Step] = &[
    List,
    // Versions that are none, or not the one before.
    Downgrade(Validate, ""),
    Downgrade(Validate, "nonsense"),
    Downgrade(Validate, "3"),
    Downgrade(Validate, "3."),
    Downgrade(Validate, ".6"),
    Downgrade(Validate, "3.6.x"),
    Downgrade(Validate, "3.6.0.1"),
    Downgrade(Validate, "v3.6"),
    Downgrade(Validate, " 3.6"),
    Downgrade(Validate, "3.6-rc.1"),
    Downgrade(Validate, "3.6.0-rc 1"),
    Downgrade(Validate, "3.6.0-rc/1"),
    Downgrade(Validate, "3.6.0-"),
    Downgrade(Validate, "3.6.0+build_1"),
    Downgrade(Validate, "3.6.99999999999999999999"),
    Downgrade(Validate, "3.+6"),
    Downgrade(Validate, "3.7"),
    Downgrade(Validate, "3.8"),
    Downgrade(Validate, "3.5"),
    Downgrade(Validate, "2.6"),
    Downgrade(Validate, "4.6.0"),
    // The one before.
    Downgrade(Validate, "3.6"),
    Downgrade(Validate, "3.6.0"),
    Downgrade(Validate, "3.6.12"),
    Downgrade(Validate, "03.06"),
    Downgrade(Validate, "3.6.0-rc.1+build.7"),
    Downgrade(Enable, "nonsense"),
    Downgrade(Enable, "3.5"),
    Downgrade(Enable, "3.7.0"),
    Downgrade(Cancel, ""),
    Downgrade(Cancel, "nonsense"),
    DowngradeUnknown,
    DowngradeInfo,
    MoveLeader(MEMBER),
    MoveLeader(0),
    MoveLeader(1),
    // Addresses that are none.
    Add(&[]),
    Add(&[""]),
    Add(&["nonsense"]),
    Add(&["localhost:2380"]),
    Add(&["http://localhost"]),
    Add(&["http://localhost:9/path"]),
    Add(&["http://localhost:9/"]),
    Add(&["http://localhost:port"]),
    Add(&["http://local host:9"]),
    Add(&["http://[::1:9"]),
    Add(&["http://a:1:9"]),
    Add(&["http://%zz:9"]),
    Add(&["http://localhost:9\n1"]),
    Add(&["ftp://localhost:9"]),
    Add(&["://localhost:9"]),
    Add(&["http://localhost:9", "nonsense"]),
    // An address that somebody has.
    Add(&["http://localhost:2380"]),
    Add(&["HTTP://localhost:2380"]),
    Add(&[" http://localhost:2380 "]),
    Add(&["http://localhost:9", "http://localhost:2380"]),
    AddLearner(&["http://localhost:2380"]),
    AddLearner(&["nonsense"]),
    Remove(0),
    Remove(1),
    Remove(MEMBER),
    Promote(0),
    Promote(1),
    Promote(MEMBER),
    Update(0, &["http://localhost:9"]),
    Update(1, &["http://localhost:2380"]),
    Update(MEMBER, &["http://localhost:2380"]),
    Update(MEMBER, &["http://10.0.0.2:2380", "http://10.0.0.1:2380"]),
    List,
    Update(MEMBER, &["http://10.0.0.1:2380", "http://10.0.0.1:2380"]),
    Update(MEMBER, &["nonsense"]),
    Update(MEMBER, &[]),
    List,
    Add(&["http://localhost:2380", "nonsense"]),
    // What only several members can do.
    AddLearner(&["http://localhost:9"]),
    Downgrade(Enable, "3.6"),
];

/// What a server answered, without what differs from run to run.
type Outcome = Result<String, (i32, String)>;

fn outcome<T: std::fmt::Debug>(
    answered: Result<Response<T>, Status>,
    header: impl Fn(&mut T) -> &mut Option<ResponseHeader>,
) -> Outcome {
    let mut answer = answered.map_err(|status| (status.code() as i32, status.message().to_owned()))?.into_inner();
    if let Some(header) = header(&mut answer) {
        header.raft_term = 0;
    }
    Ok(format!("{answer:?}"))
}

fn texts(urls: &[&str]) -> Vec<String> {
    urls.iter().map(ToString::to_string).collect()
}

async fn perform(server: &Server, step: Step) -> Outcome {
    let mut cluster = ClusterClient::new(server.channel());
    let mut maintenance = MaintenanceClient::new(server.channel());
    let add = |urls, is_learner| MemberAddRequest { peer_ur_ls: texts(urls), is_learner };
    let downgrade = |action, version: &str| DowngradeRequest { action, version: version.to_owned() };
    match step {
        Downgrade(action, version) => {
            let request = downgrade(action as i32, version);
            outcome(maintenance.downgrade(request).await, |answer| &mut answer.header)
        }
        DowngradeUnknown => outcome(maintenance.downgrade(downgrade(9, "3.6")).await, |answer| &mut answer.header),
        MoveLeader(target_id) => {
            outcome(maintenance.move_leader(MoveLeaderRequest { target_id }).await, |answer| &mut answer.header)
        }
        Add(urls) => outcome(cluster.member_add(add(urls, false)).await, |answer| &mut answer.header),
        AddLearner(urls) => outcome(cluster.member_add(add(urls, true)).await, |answer| &mut answer.header),
        Remove(id) => outcome(cluster.member_remove(MemberRemoveRequest { id }).await, |answer| &mut answer.header),
        Promote(id) => outcome(cluster.member_promote(MemberPromoteRequest { id }).await, |answer| &mut answer.header),
        Update(id, urls) => {
            let request = MemberUpdateRequest { id, peer_ur_ls: texts(urls) };
            let answer = cluster.member_update(request).await;
            outcome(answer.map(|answer| answer.map(without_clients)), |answer| &mut answer.header)
        }
        List => {
            let answer = cluster.member_list(MemberListRequest { linearizable: true }).await;
            outcome(answer.map(|answer| answer.map(without_clients)), |answer| &mut answer.header)
        }
        DowngradeInfo => {
            let answer = maintenance.status(StatusRequest {}).await.expect("the status").into_inner();
            Ok(format!("{:?}", answer.downgrade_info))
        }
    }
}

/// Answers whose members' own addresses differ from run to run.
trait HasMembers {
    fn members(&mut self) -> &mut Vec<kv_proto::etcdserverpb::Member>;
}

impl HasMembers for kv_proto::etcdserverpb::MemberUpdateResponse {
    fn members(&mut self) -> &mut Vec<kv_proto::etcdserverpb::Member> {
        &mut self.members
    }
}

impl HasMembers for kv_proto::etcdserverpb::MemberListResponse {
    fn members(&mut self) -> &mut Vec<kv_proto::etcdserverpb::Member> {
        &mut self.members
    }
}

fn without_clients<T: HasMembers>(mut answer: T) -> T {
    for member in answer.members() {
        assert_eq!(std::mem::take(&mut member.client_ur_ls).len(), 1);
    }
    answer
}

#[tokio::test]
async fn a_cluster_of_one_answers_as_etcds_does() {
    let (theirs, ours) = (Server::start(Kind::Etcd37), Server::start(Kind::Kvd));
    let mut ledger = Ledger::new("one member", Kind::Etcd37);
    for step in STEPS {
        let (their_answer, our_answer) = (perform(&theirs, *step).await, perform(&ours, *step).await);
        ledger.compare(&format!("{step:?}"), &their_answer, &our_answer);
    }
    ledger.finish();
    let log = ours.log();
    for line in ["reject downgrade request", "failed to cancel downgrade"] {
        assert!(theirs.log().contains(line) && log.contains(line), "{line:?} is not in {log}");
    }
}
