//! gRPC server reflection, so that tools such as grpcurl need no proto files.

use std::convert::Infallible;

use http::{Request, Response};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service};
use tonic_reflection::server::Builder;

use crate::frames::RequestBody;
use crate::methods::METHODS;

/// A service whose type nobody can name, ready to be called from any thread.
pub(crate) type Reflection = Box<dyn Fn(Request<RequestBody>) -> BoxFuture<Response<Body>, Infallible> + Send + Sync>;

/// Returns the services `grpc.reflection.v1` and `v1alpha`.
pub(crate) fn services() -> (Reflection, Reflection) {
    let builder = || {
        let mut names: Vec<_> = METHODS.iter().map(|method| method.names().0).collect();
        names.dedup();
        let builder = Builder::configure()
            .register_encoded_file_descriptor_set(kv_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Each of the two knows itself only.
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
        names.into_iter().fold(builder, Builder::with_service_name)
    };
    let v1 = builder().build_v1().expect("the compiled contract can be read");
    let v1alpha = builder().build_v1alpha().expect("the compiled contract can be read");
    (erase(v1), erase(v1alpha))
}

fn erase<S>(service: S) -> Reflection
where
    S: Service<
            Request<RequestBody>,
            Response = Response<Body>,
            Error = Infallible,
            Future = BoxFuture<Response<Body>, Infallible>,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    Box::new(move |request| service.clone().call(request))
}
