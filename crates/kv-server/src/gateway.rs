//! The JSON gateway: every method of the API over plain HTTP, `POST /v3/kv/range` for `Range`.
//!
//! A request becomes one of gRPC and goes the way of all others, so that what is refused, counted and limited is the same.
//! [`routes`] says which path is which method, [`json`] is the dialect, [`requests`] and [`answers`] turn bodies
//! into messages and back while they flow.

mod answers;
mod fields;
mod json;
mod leniency;
mod requests;
mod routes;
mod websocket;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::deadline;
use crate::frames::{ResponseBody, Source};
use crate::front::Front;
use crate::methods::{Kind, METHODS};
use crate::origin::Origin;
use crate::path;
use crate::unread;
use requests::{JsonRequests, Text};
use routes::Route;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a header of metadata begins with in HTTP.
const METADATA: &str = "grpc-metadata-";

/// How much longer than its message a request in JSON may be. Even a value of nothing but escapes is not.
const JSON_PER_MESSAGE: usize = 8;

/// Says whether a path belongs to the gateway; `/v3beta/` is an old name.
pub(crate) fn serves(path: &str) -> bool {
    path.starts_with("/v3/") || path.starts_with("/v3beta/")
}

/// Answers a request whose path [`serves`] knows.
pub(crate) async fn respond(front: &Arc<Front>, origin: &Origin, request: Request<Incoming>) -> Response<ResponseBody> {
    if websocket::is_asked_for(request.headers()) {
        return websocket::respond(front, origin, request);
    }
    let refusal = match find(request.uri().path()) {
        None => Status::not_found("Not Found"),
        Some(_) if request.method() != Method::POST => Status::unimplemented("Method Not Allowed"),
        Some(_) => {
            // The client is gone; nobody will read the status.
            let gone = |error: hyper::Error| Status::new(Code::Cancelled, error.to_string());
            return call(front, request.map(|body| body.map_err(gone).boxed_unsync())).await;
        }
    };
    unread::discard(request.into_body()).await;
    refuse(&refusal)
}

/// Finds the method that a path stands for.
fn find(path: &str) -> Option<&'static Route> {
    let path = path::decode(path);
    routes::find(path.strip_prefix("/v3beta").or_else(|| path.strip_prefix("/v3")).unwrap_or(&path))
}

/// Says whether a path takes any number of messages, rather than one. A path that stands for nothing is refused without any.
fn takes_any_number(path: &str) -> bool {
    find(path).is_none_or(|route| METHODS[route.method].kind == Kind::BidiStream)
}

/// Returns how long the JSON of a message may be.
fn json_bytes_max(front: &Front) -> usize {
    front.message_bytes_max().saturating_mul(JSON_PER_MESSAGE)
}

/// Calls the method that a path stands for.
async fn call(front: &Front, request: Request<Text>) -> Response<ResponseBody> {
    let Some(route) = find(request.uri().path()) else { return refuse(&Status::not_found("Not Found")) };
    answer(front, route, request).await.unwrap_or_else(|refusal| refuse(&refusal))
}

async fn answer(front: &Front, route: &Route, request: Request<Text>) -> Result<Response<ResponseBody>, Status> {
    let json_bytes_max = json_bytes_max(front);
    let (head, body) = request.into_parts();
    let limit = deadline::limit(&head.headers).map_err(|_| {
        let given = head.headers.get("grpc-timeout").map(|given| String::from_utf8_lossy(given.as_bytes()));
        Status::invalid_argument(format!("invalid grpc-timeout: {}", given.unwrap_or_default()))
    })?;
    let deadline = limit.map(|limit| Instant::now() + limit);
    let method = &METHODS[route.method];
    let messages = if method.kind == Kind::BidiStream {
        JsonRequests::new(body, route.request.clone(), json_bytes_max).boxed_unsync()
    } else {
        let body = Limited::new(body, json_bytes_max).collect().await;
        let body = body.map_err(|error| Status::resource_exhausted(error.to_string()))?;
        let message = json::read_only(&route.request, &body.to_bytes())?;
        Full::new(message).map_err(|never| match never {}).boxed_unsync()
    };
    let mut call = Request::post(method.path).body(Source::Made(messages)).expect("the path of a method is one");
    *call.headers_mut() = metadata(&head.headers);
    let response = front.grpc(call).await;
    if method.kind == Kind::Unary {
        answers::unary(response, &route.response).await
    } else {
        Ok(answers::stream(response, &route.response, deadline).await)
    }
}

/// Returns what a service is told beside the message.
fn metadata(headers: &HeaderMap) -> HeaderMap {
    let mut metadata = HeaderMap::new();
    for (name, value) in headers {
        let named = name.as_str().strip_prefix(METADATA).and_then(|name| HeaderName::try_from(name).ok());
        match named {
            Some(name) => drop(metadata.append(name, value.clone())),
            None if *name == header::AUTHORIZATION || name == "grpc-timeout" => {
                metadata.append(name.clone(), value.clone());
            }
            None => {}
        }
    }
    metadata.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    metadata
}

/// Answers with an error.
fn refuse(status: &Status) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::plain(Bytes::from(json::error(status))));
    *response.status_mut() = http_status(status.code());
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    if status.code() == Code::Unauthenticated
        && let Ok(why) = HeaderValue::from_str(status.message())
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, why);
    }
    response
}

/// Returns the HTTP status for a code, as grpc-gateway has it.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        // It has no name in the registry: the client closed the request.
        Code::Cancelled => StatusCode::from_u16(499).expect("it is in the range of statuses"),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
