//! Which path of the gateway is which method.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};

use crate::methods;

/// A method that the gateway serves.
#[derive(Debug)]
pub(super) struct Route {
    /// Its place in the table of methods.
    pub(super) method: usize,
    pub(super) request: MessageDescriptor,
    pub(super) response: MessageDescriptor,
}

/// Every path without `/v3`, and the method's.
#[rustfmt::skip]
const PATHS: &[(&str, &str)] = &[
    ("/kv/range", "/etcdserverpb.KV/Range"),
    ("/kv/put", "/etcdserverpb.KV/Put"),
    ("/kv/deleterange", "/etcdserverpb.KV/DeleteRange"),
    ("/kv/txn", "/etcdserverpb.KV/Txn"),
    ("/kv/compaction", "/etcdserverpb.KV/Compact"),
    ("/watch", "/etcdserverpb.Watch/Watch"),
    ("/lease/grant", "/etcdserverpb.Lease/LeaseGrant"),
    ("/lease/revoke", "/etcdserverpb.Lease/LeaseRevoke"),
    ("/lease/keepalive", "/etcdserverpb.Lease/LeaseKeepAlive"),
    ("/lease/timetolive", "/etcdserverpb.Lease/LeaseTimeToLive"),
    ("/lease/leases", "/etcdserverpb.Lease/LeaseLeases"),
    ("/kv/lease/revoke", "/etcdserverpb.Lease/LeaseRevoke"),
    ("/kv/lease/timetolive", "/etcdserverpb.Lease/LeaseTimeToLive"),
    ("/kv/lease/leases", "/etcdserverpb.Lease/LeaseLeases"),
    ("/cluster/member/add", "/etcdserverpb.Cluster/MemberAdd"),
    ("/cluster/member/remove", "/etcdserverpb.Cluster/MemberRemove"),
    ("/cluster/member/update", "/etcdserverpb.Cluster/MemberUpdate"),
    ("/cluster/member/list", "/etcdserverpb.Cluster/MemberList"),
    ("/cluster/member/promote", "/etcdserverpb.Cluster/MemberPromote"),
    ("/maintenance/alarm", "/etcdserverpb.Maintenance/Alarm"),
    ("/maintenance/status", "/etcdserverpb.Maintenance/Status"),
    ("/maintenance/defragment", "/etcdserverpb.Maintenance/Defragment"),
    ("/maintenance/hash", "/etcdserverpb.Maintenance/Hash"),
    ("/maintenance/hashkv", "/etcdserverpb.Maintenance/HashKV"),
    ("/maintenance/snapshot", "/etcdserverpb.Maintenance/Snapshot"),
    ("/maintenance/transfer-leadership", "/etcdserverpb.Maintenance/MoveLeader"),
    ("/maintenance/downgrade", "/etcdserverpb.Maintenance/Downgrade"),
    ("/auth/enable", "/etcdserverpb.Auth/AuthEnable"),
    ("/auth/disable", "/etcdserverpb.Auth/AuthDisable"),
    ("/auth/status", "/etcdserverpb.Auth/AuthStatus"),
    ("/auth/authenticate", "/etcdserverpb.Auth/Authenticate"),
    ("/auth/user/add", "/etcdserverpb.Auth/UserAdd"),
    ("/auth/user/get", "/etcdserverpb.Auth/UserGet"),
    ("/auth/user/list", "/etcdserverpb.Auth/UserList"),
    ("/auth/user/delete", "/etcdserverpb.Auth/UserDelete"),
    ("/auth/user/changepw", "/etcdserverpb.Auth/UserChangePassword"),
    ("/auth/user/grant", "/etcdserverpb.Auth/UserGrantRole"),
    ("/auth/user/revoke", "/etcdserverpb.Auth/UserRevokeRole"),
    ("/auth/role/add", "/etcdserverpb.Auth/RoleAdd"),
    ("/auth/role/get", "/etcdserverpb.Auth/RoleGet"),
    ("/auth/role/list", "/etcdserverpb.Auth/RoleList"),
    ("/auth/role/delete", "/etcdserverpb.Auth/RoleDelete"),
    ("/auth/role/grant", "/etcdserverpb.Auth/RoleGrantPermission"),
    ("/auth/role/revoke", "/etcdserverpb.Auth/RoleRevokePermission"),
    ("/lock/lock", "/v3lockpb.Lock/Lock"),
    ("/lock/unlock", "/v3lockpb.Lock/Unlock"),
    ("/election/campaign", "/v3electionpb.Election/Campaign"),
    ("/election/proclaim", "/v3electionpb.Election/Proclaim"),
    ("/election/leader", "/v3electionpb.Election/Leader"),
    ("/election/observe", "/v3electionpb.Election/Observe"),
    ("/election/resign", "/v3electionpb.Election/Resign"),
];

/// Made when the first request comes: most servers never get one.
static ROUTES: LazyLock<HashMap<&str, Route>> = LazyLock::new(|| {
    let pool =
        DescriptorPool::decode(kv_proto::FILE_DESCRIPTOR_SET).expect("the descriptors are compiled in and tested");
    PATHS.iter().map(|(path, method)| (*path, route(&pool, method))).collect()
});

fn route(pool: &DescriptorPool, path: &str) -> Route {
    let method = methods::find(path).expect("the table names methods that are served");
    let (service, name) = methods::METHODS[method].names();
    let service = pool.get_service_by_name(service).expect("a service of the contract");
    let described = service.methods().find(|described| described.name() == name).expect("a method of the contract");
    Route { method, request: described.input(), response: described.output() }
}

/// Returns the route of a path without `/v3`.
pub(super) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.get(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::{METHODS, Service};

    #[test]
    fn every_method_but_range_stream_has_a_path() {
        for (index, method) in METHODS.iter().enumerate() {
            let is_standard =
                matches!(method.service, Service::Health | Service::Reflection | Service::ReflectionAlpha);
            let has_path = ROUTES.values().any(|route| route.method == index);
            assert_eq!(has_path, !is_standard && method.path != "/etcdserverpb.KV/RangeStream", "{}", method.path);
        }
        assert_eq!(find("/kv/range").unwrap().request.full_name(), "etcdserverpb.RangeRequest");
        assert_eq!(ROUTES.len(), PATHS.len());
    }
}
