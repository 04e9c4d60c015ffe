//! The gRPC methods that are served: one table for dispatching and counting.

/// The service a method belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Kv,
    Watch,
    Lease,
    Lock,
    Election,
    Cluster,
    Maintenance,
    Auth,
    Health,
    Reflection,
    ReflectionAlpha,
}

/// How messages flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unary,
    ServerStream,
    BidiStream,
}

impl Kind {
    /// The name in metrics.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Kind::Unary => "unary",
            Kind::ServerStream => "server_stream",
            Kind::BidiStream => "bidi_stream",
        }
    }
}

/// One method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method {
    /// The path of its requests, `/package.Service/Method`.
    pub(crate) path: &'static str,
    pub(crate) service: Service,
    pub(crate) kind: Kind,
}

impl Method {
    /// Splits the path in the service's full name and the method's.
    pub(crate) fn names(&self) -> (&'static str, &'static str) {
        self.path[1..].split_once('/').expect("a path has two parts")
    }
}

const fn method(path: &'static str, service: Service, kind: Kind) -> Method {
    Method { path, service, kind }
}

/// Every method; those called most come first, because [`find`] looks in this order.
#[rustfmt::skip]
pub(crate) const METHODS: &[Method] = &[
    method("/etcdserverpb.KV/Range", Service::Kv, Kind::Unary),
    method("/etcdserverpb.KV/Put", Service::Kv, Kind::Unary),
    method("/etcdserverpb.KV/Txn", Service::Kv, Kind::Unary),
    method("/etcdserverpb.KV/DeleteRange", Service::Kv, Kind::Unary),
    method("/etcdserverpb.KV/RangeStream", Service::Kv, Kind::ServerStream),
    method("/etcdserverpb.KV/Compact", Service::Kv, Kind::Unary),
    method("/etcdserverpb.Watch/Watch", Service::Watch, Kind::BidiStream),
    method("/etcdserverpb.Lease/LeaseKeepAlive", Service::Lease, Kind::BidiStream),
    method("/etcdserverpb.Lease/LeaseGrant", Service::Lease, Kind::Unary),
    method("/etcdserverpb.Lease/LeaseRevoke", Service::Lease, Kind::Unary),
    method("/etcdserverpb.Lease/LeaseTimeToLive", Service::Lease, Kind::Unary),
    method("/etcdserverpb.Lease/LeaseLeases", Service::Lease, Kind::Unary),
    method("/etcdserverpb.Cluster/MemberAdd", Service::Cluster, Kind::Unary),
    method("/etcdserverpb.Cluster/MemberRemove", Service::Cluster, Kind::Unary),
    method("/etcdserverpb.Cluster/MemberUpdate", Service::Cluster, Kind::Unary),
    method("/etcdserverpb.Cluster/MemberList", Service::Cluster, Kind::Unary),
    method("/etcdserverpb.Cluster/MemberPromote", Service::Cluster, Kind::Unary),
    method("/etcdserverpb.Maintenance/Alarm", Service::Maintenance, Kind::Unary),
    method("/etcdserverpb.Maintenance/Status", Service::Maintenance, Kind::Unary),
    method("/etcdserverpb.Maintenance/Defragment", Service::Maintenance, Kind::Unary),
    method("/etcdserverpb.Maintenance/Hash", Service::Maintenance, Kind::Unary),
    method("/etcdserverpb.Maintenance/HashKV", Service::Maintenance, Kind::Unary),
    method("/etcdserverpb.Maintenance/Snapshot", Service::Maintenance, Kind::ServerStream),
    method("/etcdserverpb.Maintenance/MoveLeader", Service::Maintenance, Kind::Unary),
    method("/etcdserverpb.Maintenance/Downgrade", Service::Maintenance, Kind::Unary),
    method("/etcdserverpb.Auth/Authenticate", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/AuthEnable", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/AuthDisable", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/AuthStatus", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/UserAdd", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/UserGet", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/UserList", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/UserDelete", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/UserChangePassword", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/UserGrantRole", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/UserRevokeRole", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/RoleAdd", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/RoleGet", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/RoleList", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/RoleDelete", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/RoleGrantPermission", Service::Auth, Kind::Unary),
    method("/etcdserverpb.Auth/RoleRevokePermission", Service::Auth, Kind::Unary),
    method("/v3lockpb.Lock/Lock", Service::Lock, Kind::Unary),
    method("/v3lockpb.Lock/Unlock", Service::Lock, Kind::Unary),
    method("/v3electionpb.Election/Campaign", Service::Election, Kind::Unary),
    method("/v3electionpb.Election/Proclaim", Service::Election, Kind::Unary),
    method("/v3electionpb.Election/Leader", Service::Election, Kind::Unary),
    method("/v3electionpb.Election/Observe", Service::Election, Kind::ServerStream),
    method("/v3electionpb.Election/Resign", Service::Election, Kind::Unary),
    method("/grpc.health.v1.Health/Check", Service::Health, Kind::Unary),
    method("/grpc.health.v1.Health/Watch", Service::Health, Kind::ServerStream),
    method("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Service::Reflection, Kind::BidiStream),
    method("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Service::ReflectionAlpha, Kind::BidiStream),
];

/// Returns the method's place in [`METHODS`].
pub(crate) fn find(path: &str) -> Option<usize> {
    METHODS.iter().position(|method| method.path == path)
}

/// Says why a path is not served, in grpc-go's words.
pub(crate) fn unknown(path: &str) -> String {
    let Some((service, method)) = path.strip_prefix('/').and_then(|path| path.rsplit_once('/')) else {
        return format!("malformed method name: {path:?}");
    };
    if METHODS.iter().any(|known| known.names().0 == service) {
        format!("unknown method {method} for service {service}")
    } else {
        format!("unknown service {service}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_found_and_strangers_named() {
        assert_eq!(METHODS[find("/etcdserverpb.KV/Put").unwrap()].names(), ("etcdserverpb.KV", "Put"));
        assert_eq!(find("/v3stranger.Stranger/Greet"), None);
        assert_eq!(unknown("/v3stranger.Stranger/Greet"), "unknown service v3stranger.Stranger");
        assert_eq!(unknown("/etcdserverpb.KV/Get"), "unknown method Get for service etcdserverpb.KV");
        assert_eq!(unknown("nonsense"), "malformed method name: \"nonsense\"");
    }

    #[test]
    fn every_method_is_in_the_contract() {
        use prost::Message;
        let set = prost_types::FileDescriptorSet::decode(kv_proto::FILE_DESCRIPTOR_SET).unwrap();
        let contract: Vec<String> = set
            .file
            .iter()
            .flat_map(|file| file.service.iter().map(move |service| (file.package(), service)))
            .flat_map(|(package, service)| {
                service.method.iter().map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
            })
            .collect();
        for method in METHODS.iter().filter(|method| !method.path.starts_with("/grpc.")) {
            assert!(contract.iter().any(|path| path == method.path), "{}", method.path);
        }
    }
}
