//! Where every request arrives: gRPC goes to its service, JSON to the gateway, the rest to the HTTP endpoints.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;

use crate::auth::CommonName;
use crate::frames::{ResponseBody, Source};
use crate::front::Front;
use crate::gateway;
use crate::http as endpoints;
use crate::origin::{Origin, Scope};
use crate::unread;

/// What etcd says to a client that shows a certificate with a name to the gateway.
const NAME_IGNORED: &str =
    "CommonName of client sending a request against gateway will be ignored and not used as expected";

/// Answers one request.
pub(crate) fn call(
    front: &Arc<Front>,
    origin: &Origin,
    mut request: Request<Incoming>,
) -> Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Infallible>> + Send>> {
    let (front, scope) = (Arc::clone(front), origin.scope);
    if scope == Scope::Client && is_grpc(&request) {
        if let Some(name) = &origin.common_name {
            request.extensions_mut().insert(name.clone());
        }
        return Box::pin(async move { Ok(front.grpc(request.map(Source::Wire)).await) });
    }
    if scope == Scope::Client && is_gateways(&front, &request) && counts_on_its_name(&front, origin) {
        return Box::pin(async move {
            unread::discard(request.into_body()).await;
            Ok(endpoints::error(StatusCode::BAD_REQUEST, NAME_IGNORED).map(ResponseBody::plain))
        });
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
        let (head, body) = request.into_parts();
        unread::discard(body).await;
        let response = endpoints::respond(scope, &head.method, &head.uri, engine, &engine.metrics).await;
        Ok(response.map(ResponseBody::plain))
    })
}

fn is_gateways(front: &Front, request: &Request<Incoming>) -> bool {
    front.engine().config.enable_grpc_gateway && gateway::serves(request.uri().path())
}

/// Says whether a client shows a certificate with a name and may take that for enough, which on the gateway it is not.
fn counts_on_its_name(front: &Front, origin: &Origin) -> bool {
    origin.common_name.as_ref().is_some_and(|CommonName(name)| !name.is_empty())
        && front.engine().store.is_auth_enabled()
}

fn is_grpc(request: &Request<Incoming>) -> bool {
    request.version() == Version::HTTP_2
        && request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|content_type| content_type.as_bytes().starts_with(b"application/grpc"))
}
