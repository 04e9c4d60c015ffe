//! Where every request arrives: gRPC goes to its service, JSON to the gateway, the rest to the HTTP endpoints.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Method, Request, Response, Version, header};
use hyper::body::Incoming;

use crate::frames::{ResponseBody, Source};
use crate::front::Front;
use crate::gateway;
use crate::http::{self as endpoints, Scope};

/// Answers one request.
pub(crate) fn call(
    front: &Arc<Front>,
    scope: Scope,
    request: Request<Incoming>,
) -> Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Infallible>> + Send>> {
    let front = Arc::clone(front);
    if scope == Scope::Client && is_grpc(&request) {
        return Box::pin(async move { Ok(front.grpc(request.map(Source::Wire)).await) });
    }
    if scope == Scope::Client && request.method() != Method::OPTIONS && is_gateways(&front, &request) {
        return Box::pin(async move {
            let mut response = gateway::respond(&front, request).await;
            endpoints::allow_origins(response.headers_mut());
            Ok(response)
        });
    }
    Box::pin(async move {
        let engine = front.engine();
        let response = endpoints::respond(scope, request.method(), request.uri(), engine, &engine.metrics).await;
        Ok(response.map(ResponseBody::plain))
    })
}

fn is_gateways(front: &Front, request: &Request<Incoming>) -> bool {
    front.engine().config.enable_grpc_gateway && gateway::serves(request.uri().path())
}

fn is_grpc(request: &Request<Incoming>) -> bool {
    request.version() == Version::HTTP_2
        && request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|content_type| content_type.as_bytes().starts_with(b"application/grpc"))
}
