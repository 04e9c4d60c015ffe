//! Where every request arrives: gRPC goes to its service, JSON to the gateway, the rest to the HTTP endpoints.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;

use crate::auth::CommonName;
use crate::frames::{ResponseBody, Source};
use crate::front::Front;
use crate::gateway;
use crate::http as endpoints;
use crate::origin::{Origin, Scope};
use crate::path;
use crate::trace::LocalAddress;
use crate::unread;

/// What etcd says to a client that shows a certificate with a name to the gateway.
const NAME_IGNORED: &str =
    "CommonName of client sending a request against gateway will be ignored and not used as expected";

/// What a client hears that asks over HTTP where only gRPC is served.
const ONLY_GRPC: &str = "this address serves gRPC only; HTTP is served at --listen-client-http-urls";

/// Answers one request.
pub(crate) fn call(
    front: &Arc<Front>,
    origin: &Origin,
    mut request: Request<Incoming>,
) -> Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Infallible>> + Send>> {
    let front = Arc::clone(front);
    match origin.scope {
        Scope::Client | Scope::Grpc if is_grpc(&request) => {
            if let Some(name) = &origin.common_name {
                request.extensions_mut().insert(name.clone());
            }
            if let Some(local) = origin.local {
                request.extensions_mut().insert(LocalAddress(local));
            }
            Box::pin(async move { Ok(front.grpc(request.map(Source::Wire)).await) })
        }
        Scope::Grpc => {
            let refusal = endpoints::error(StatusCode::UNSUPPORTED_MEDIA_TYPE, ONLY_GRPC);
            Box::pin(async move { Ok(refuse(request, refusal).await) })
        }
        Scope::Client | Scope::Http => {
            let origin = origin.clone();
            Box::pin(async move { Ok(http(&front, &origin, request).await) })
        }
        Scope::Metrics => Box::pin(async move {
            Ok(match redirect(&front, &request) {
                Some(redirected) => refuse(request, redirected).await,
                None => endpoint(&front, Scope::Metrics, request).await,
            })
        }),
    }
}

/// Answers a request of HTTP, if its sender may ask.
async fn http(front: &Arc<Front>, origin: &Origin, request: Request<Incoming>) -> Response<ResponseBody> {
    let access = front.access();
    let for_gateway = is_gateways(front, &request);
    if !origin.encrypted
        && let Some(refusal) = access.refuse_host(host(&request))
    {
        return refuse(request, refusal).await;
    }
    if for_gateway && counts_on_its_name(front, origin) {
        return refuse(request, endpoints::error(StatusCode::BAD_REQUEST, NAME_IGNORED)).await;
    }
    let mut allowed = HeaderMap::new();
    access.allow_origin(request.headers(), &mut allowed);
    let mut response = if request.method() == Method::OPTIONS {
        refuse(request, Response::new(Bytes::new())).await
    } else if let Some(redirected) = redirect(front, &request) {
        refuse(request, redirected).await
    } else if for_gateway {
        gateway::respond(front, origin, request).await
    } else {
        endpoint(front, origin.scope, request).await
    };
    // A WebSocket is let in or not; no page reads the answer to its handshake.
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().extend(allowed);
    }
    response
}

/// Sends a client to the path that it means.
fn redirect(front: &Front, request: &Request<Incoming>) -> Option<Response<Bytes>> {
    let (asked, query) = (request.uri().path(), request.uri().query());
    // An old name is replaced first.
    let named = match asked.strip_prefix("/v3beta/") {
        Some(rest) => Cow::Owned(format!("/v3/{rest}")),
        None => Cow::Borrowed(asked),
    };
    let meant = match path::clean(&named) {
        clean if clean == "/v3" && front.engine().config.enable_grpc_gateway => Cow::Borrowed("/v3/"),
        clean if clean == named => return None,
        clean => clean,
    };
    Some(path::redirect(request.method(), &meant, query))
}

async fn endpoint(front: &Front, scope: Scope, request: Request<Incoming>) -> Response<ResponseBody> {
    let engine = front.engine();
    let (head, body) = request.into_parts();
    unread::discard(body).await;
    let response = endpoints::respond(scope, &head.method, &head.uri, engine, &engine.metrics).await;
    response.map(ResponseBody::plain)
}

/// Answers without looking at the body.
async fn refuse(request: Request<Incoming>, answer: Response<Bytes>) -> Response<ResponseBody> {
    unread::discard(request.into_body()).await;
    answer.map(ResponseBody::plain)
}

/// Returns how the request calls the server.
fn host(request: &Request<Incoming>) -> &str {
    let named = request.uri().authority().map(http::uri::Authority::as_str);
    let header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    named.or_else(header).unwrap_or_default()
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
