//! The service Auth: users, roles, and tokens for passwords.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kv_proto::ApiError;
use kv_proto::authpb::{self, permission::Type};
use kv_proto::etcdserverpb::{self as pb, auth_server::Auth};
use kv_store::{AuthCommand, AuthState, Caller, Command, KeyRange, PasswordHash, Permission, PermissionKind, ROOT};
use tonic::{Request, Response, Status};

use super::auth_log;
use crate::auth::Credentials;
use crate::durations::Operation;
use crate::engine::Engine;
use crate::status::{auth_status, status};

/// What etcd says of a stored form of a password that is none.
const NO_PASSWORD: &str = "auth: authentication failed, password was given for no password user";

pub(crate) struct AuthService {
    engine: Arc<Engine>,
}

impl AuthService {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    fn header(&self) -> pb::ResponseHeader {
        self.engine.header(self.engine.store.revision())
    }

    fn caller<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        let auth = &self.engine.auth;
        auth.caller(&auth.credentials(request))
    }

    /// Has a change made on behalf of who asks for it, and returns the header of the answer.
    async fn change(&self, caller: &Caller, change: AuthCommand) -> Result<pb::ResponseHeader, Status> {
        let before = self.engine.store.auth();
        let command = Command::Auth(change);
        self.engine.propose_for(caller, &command).await?;
        if let Command::Auth(change) = &command {
            auth_log::tell(change, &before, &self.engine.store.auth());
        }
        Ok(self.header())
    }

    /// Returns all users and roles as they are now, if the caller may look.
    async fn look(
        &self,
        operation: Operation,
        credentials: Credentials,
        may: impl FnOnce(&AuthState, &Caller) -> Result<(), kv_store::AuthError>,
    ) -> Result<Arc<AuthState>, Status> {
        self.engine.metrics.requests.timed(operation, self.engine.linearizable()).await?;
        let caller = self.engine.auth.caller(&credentials)?;
        let state = self.engine.store.auth();
        may(&state, &caller).map_err(auth_status)?;
        Ok(state)
    }

    /// Refuses who will be refused anyway before a password is hashed, so that strangers cannot keep the cores busy.
    fn check_worth_hashing(&self, caller: &Caller) -> Result<(), Status> {
        self.engine.store.auth().permit_admin(caller).map_err(auth_status)
    }

    /// Returns a password that the client has made ready itself.
    fn given_hash(&self, caller: &Caller, encoded: &str) -> Result<PasswordHash, Status> {
        STANDARD.decode(encoded).map(|hash| PasswordHash(hash.into())).map_err(|_| {
            // Who may not ask hears that first.
            let permitted = self.engine.store.auth().permit_admin(caller);
            permitted.map_or_else(auth_status, |()| Status::unknown(NO_PASSWORD))
        })
    }
}

#[tonic::async_trait]
impl Auth for AuthService {
    async fn auth_enable(
        &self,
        request: Request<pb::AuthEnableRequest>,
    ) -> Result<Response<pb::AuthEnableResponse>, Status> {
        let caller = self.caller(&request)?;
        let header = self.change(&caller, AuthCommand::Enable).await?;
        Ok(Response::new(pb::AuthEnableResponse { header: Some(header) }))
    }

    async fn auth_disable(
        &self,
        request: Request<pb::AuthDisableRequest>,
    ) -> Result<Response<pb::AuthDisableResponse>, Status> {
        let caller = self.caller(&request)?;
        let header = self.change(&caller, AuthCommand::Disable).await?;
        Ok(Response::new(pb::AuthDisableResponse { header: Some(header) }))
    }

    async fn auth_status(
        &self,
        request: Request<pb::AuthStatusRequest>,
    ) -> Result<Response<pb::AuthStatusResponse>, Status> {
        // Everybody may ask, but not with a wrong token.
        let state = self.look(Operation::AuthStatus, Credentials::of(&request), |_, _| Ok(())).await?;
        let (enabled, auth_revision) = (state.is_enabled(), state.revision());
        Ok(Response::new(pb::AuthStatusResponse { header: Some(self.header()), enabled, auth_revision }))
    }

    async fn authenticate(
        &self,
        request: Request<pb::AuthenticateRequest>,
    ) -> Result<Response<pb::AuthenticateResponse>, Status> {
        self.engine.linearizable().await?;
        let request = request.into_inner();
        let index = self.engine.consensus().applied;
        let token = self.engine.auth.authenticate(&request.name, &request.password, index).await?;
        Ok(Response::new(pb::AuthenticateResponse { header: Some(self.header()), token }))
    }

    async fn user_add(
        &self,
        request: Request<pb::AuthUserAddRequest>,
    ) -> Result<Response<pb::AuthUserAddResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        self.check_worth_hashing(&caller)?;
        let no_password = request.options.is_some_and(|options| options.no_password);
        let password =
            if no_password { PasswordHash::default() } else { self.engine.auth.hash(request.password).await? };
        let header = self.change(&caller, AuthCommand::AddUser { name: request.name, password, no_password }).await?;
        Ok(Response::new(pb::AuthUserAddResponse { header: Some(header) }))
    }

    async fn user_get(
        &self,
        request: Request<pb::AuthUserGetRequest>,
    ) -> Result<Response<pb::AuthUserGetResponse>, Status> {
        let credentials = Credentials::of(&request);
        let request = request.into_inner();
        let state = self
            .look(Operation::AuthUserGet, credentials, |state, caller| state.permit_user(caller, &request.name))
            .await?;
        let user = state.user(&request.name).ok_or_else(|| status(ApiError::UserNotFound))?;
        Ok(Response::new(pb::AuthUserGetResponse { header: Some(self.header()), roles: user.roles().to_vec() }))
    }

    async fn user_list(
        &self,
        request: Request<pb::AuthUserListRequest>,
    ) -> Result<Response<pb::AuthUserListResponse>, Status> {
        let state = self.look(Operation::AuthUserList, Credentials::of(&request), AuthState::permit_admin).await?;
        let users = state.users().map(|user| user.name().to_owned()).collect();
        Ok(Response::new(pb::AuthUserListResponse { header: Some(self.header()), users }))
    }

    async fn user_delete(
        &self,
        request: Request<pb::AuthUserDeleteRequest>,
    ) -> Result<Response<pb::AuthUserDeleteResponse>, Status> {
        let caller = self.caller(&request)?;
        let header = self.change(&caller, AuthCommand::DeleteUser { name: request.into_inner().name }).await?;
        Ok(Response::new(pb::AuthUserDeleteResponse { header: Some(header) }))
    }

    async fn user_change_password(
        &self,
        request: Request<pb::AuthUserChangePasswordRequest>,
    ) -> Result<Response<pb::AuthUserChangePasswordResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let password = if request.password.is_empty() {
            self.given_hash(&caller, &request.hashed_password)?
        } else {
            self.check_worth_hashing(&caller)?;
            self.engine.auth.hash(request.password).await?
        };
        let header = self.change(&caller, AuthCommand::ChangePassword { name: request.name, password }).await?;
        Ok(Response::new(pb::AuthUserChangePasswordResponse { header: Some(header) }))
    }

    async fn user_grant_role(
        &self,
        request: Request<pb::AuthUserGrantRoleRequest>,
    ) -> Result<Response<pb::AuthUserGrantRoleResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let header = self.change(&caller, AuthCommand::GrantRole { user: request.user, role: request.role }).await?;
        Ok(Response::new(pb::AuthUserGrantRoleResponse { header: Some(header) }))
    }

    async fn user_revoke_role(
        &self,
        request: Request<pb::AuthUserRevokeRoleRequest>,
    ) -> Result<Response<pb::AuthUserRevokeRoleResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let header = self.change(&caller, AuthCommand::RevokeRole { user: request.name, role: request.role }).await?;
        Ok(Response::new(pb::AuthUserRevokeRoleResponse { header: Some(header) }))
    }

    async fn role_add(
        &self,
        request: Request<pb::AuthRoleAddRequest>,
    ) -> Result<Response<pb::AuthRoleAddResponse>, Status> {
        let caller = self.caller(&request)?;
        let header = self.change(&caller, AuthCommand::AddRole { name: request.into_inner().name }).await?;
        Ok(Response::new(pb::AuthRoleAddResponse { header: Some(header) }))
    }

    async fn role_get(
        &self,
        request: Request<pb::AuthRoleGetRequest>,
    ) -> Result<Response<pb::AuthRoleGetResponse>, Status> {
        let credentials = Credentials::of(&request);
        let request = request.into_inner();
        let state = self
            .look(Operation::AuthRoleGet, credentials, |state, caller| state.permit_role(caller, &request.role))
            .await?;
        let role = state.role(&request.role).ok_or_else(|| status(ApiError::RoleNotFound))?;
        let perm = if role.name() == ROOT {
            // Whatever it was granted, it may do everything.
            vec![authpb::Permission { perm_type: Type::Readwrite as i32, key: "".into(), range_end: "\0".into() }]
        } else {
            role.permissions().iter().map(permission).collect()
        };
        Ok(Response::new(pb::AuthRoleGetResponse { header: Some(self.header()), perm }))
    }

    async fn role_list(
        &self,
        request: Request<pb::AuthRoleListRequest>,
    ) -> Result<Response<pb::AuthRoleListResponse>, Status> {
        let state = self.look(Operation::AuthRoleList, Credentials::of(&request), AuthState::permit_admin).await?;
        let roles = state.roles().map(|role| role.name().to_owned()).collect();
        Ok(Response::new(pb::AuthRoleListResponse { header: Some(self.header()), roles }))
    }

    async fn role_delete(
        &self,
        request: Request<pb::AuthRoleDeleteRequest>,
    ) -> Result<Response<pb::AuthRoleDeleteResponse>, Status> {
        let caller = self.caller(&request)?;
        let header = self.change(&caller, AuthCommand::DeleteRole { name: request.into_inner().role }).await?;
        Ok(Response::new(pb::AuthRoleDeleteResponse { header: Some(header) }))
    }

    async fn role_grant_permission(
        &self,
        request: Request<pb::AuthRoleGrantPermissionRequest>,
    ) -> Result<Response<pb::AuthRoleGrantPermissionResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let Some(given) = request.perm else {
            self.engine.store.auth().permit_admin(&caller).map_err(auth_status)?;
            return Err(status(ApiError::PermissionNotGiven));
        };
        let permission = Permission {
            kind: match Type::try_from(given.perm_type) {
                Ok(Type::Read) => PermissionKind::Read,
                Ok(Type::Write) => PermissionKind::Write,
                Ok(Type::Readwrite) => PermissionKind::ReadWrite,
                Err(_) => PermissionKind::Undefined,
            },
            range: KeyRange::new(given.key, given.range_end),
        };
        let header = self.change(&caller, AuthCommand::GrantPermission { role: request.name, permission }).await?;
        Ok(Response::new(pb::AuthRoleGrantPermissionResponse { header: Some(header) }))
    }

    async fn role_revoke_permission(
        &self,
        request: Request<pb::AuthRoleRevokePermissionRequest>,
    ) -> Result<Response<pb::AuthRoleRevokePermissionResponse>, Status> {
        let caller = self.caller(&request)?;
        let request = request.into_inner();
        let range = KeyRange::new(request.key, request.range_end);
        let header = self.change(&caller, AuthCommand::RevokePermission { role: request.role, range }).await?;
        Ok(Response::new(pb::AuthRoleRevokePermissionResponse { header: Some(header) }))
    }
}

fn permission(permission: &Permission) -> authpb::Permission {
    authpb::Permission {
        perm_type: match permission.kind {
            PermissionKind::Read => Type::Read as i32,
            PermissionKind::Write => Type::Write as i32,
            PermissionKind::ReadWrite => Type::Readwrite as i32,
            PermissionKind::Undefined => UNDEFINED_TYPE,
        },
        key: permission.range.start().clone(),
        range_end: permission.range.range_end(),
    }
}

/// The first number that stands for no kind of permission.
const UNDEFINED_TYPE: i32 = 3;
