//! The OCI distribution API, endpoint by endpoint (distribution spec 1.1), and Docker's catalog.
//!
//! A parameter is `{name}` (the registry, `/`, and a repository of it), `{reference}` (a tag or a digest), `{digest}`, or `{upload}` (what we
//! handed out for an upload that is under way).

use super::super::Permission::{self, *};

/// One endpoint.
#[derive(Debug)]
pub struct Row {
    /// What the spec calls it; Docker's own have none.
    pub end: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub name: &'static str,
    /// Any of these is enough; the first that is held counts. What a tag already means may take more: see `gateway/oci/manifests.rs`.
    pub permissions: &'static [Permission],
    pub query: &'static [&'static str],
    pub act: Act,
}

/// What an endpoint does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    Base,
    Catalog,
    TagList,
    Referrers,
    ManifestGet,
    ManifestHead,
    ManifestPut,
    ManifestDelete,
    BlobGet,
    BlobHead,
    BlobDelete,
    UploadStart,
    UploadStatus,
    UploadChunk,
    UploadFinish,
    UploadCancel,
}

impl Act {
    /// Whether it takes something out: then its intent is on disk before.
    pub fn takes_out(self) -> bool {
        matches!(self, Act::ManifestGet | Act::BlobGet)
    }

    /// What it is called by the token spec.
    pub fn action(self) -> &'static str {
        match self {
            Act::ManifestPut | Act::UploadStart | Act::UploadStatus | Act::UploadChunk | Act::UploadFinish | Act::UploadCancel => "push",
            Act::ManifestDelete | Act::BlobDelete => "delete",
            _ => "pull",
        }
    }
}

const NONE: &[&str] = &[];
/// To give a tag a meaning. What it means already may take more than the least of them.
pub const PUTS: &[Permission] = &[RepositoryPush, RepositoryCreate, RepositoryRetag];
const UPLOADS: &[Permission] = &[RepositoryCreate, RepositoryPush];
const PULLS: &[Permission] = &[RepositoryPull];
const DELETES: &[Permission] = &[RepositoryDelete];
const OWN: &[Permission] = &[RegistryList];

macro_rules! rows {
    ($($end:literal $method:ident $path:literal $name:ident $permissions:ident, $query:expr, $act:ident;)*) => {
        &[$(Row {
            end: $end,
            method: stringify!($method),
            path: $path,
            name: stringify!($name),
            permissions: $permissions,
            query: $query,
            act: Act::$act,
        }),*]
    };
}

/// What a permission lets through, for people.
pub fn lets(permission: Permission) -> Vec<String> {
    ROWS.iter().filter(|row| row.permissions.contains(&permission)).map(|row| format!("{} {}", row.method, row.path)).collect()
}

/// Every endpoint there is.
#[rustfmt::skip]
pub const ROWS: &[Row] = rows! {
    "end-1"   GET    "/v2/"                                RegistryBase    OWN,     NONE,                        Base;
    "end-2"   GET    "/v2/{name}/blobs/{digest}"           BlobGet         PULLS,   NONE,                        BlobGet;
    "end-2"   HEAD   "/v2/{name}/blobs/{digest}"           BlobHead        PULLS,   NONE,                        BlobHead;
    "end-3"   GET    "/v2/{name}/manifests/{reference}"    ManifestGet     PULLS,   NONE,                        ManifestGet;
    "end-3"   HEAD   "/v2/{name}/manifests/{reference}"    ManifestHead    PULLS,   NONE,                        ManifestHead;
    "end-4"   POST   "/v2/{name}/blobs/uploads/"           UploadStart     UPLOADS, &["digest", "mount", "from"], UploadStart;
    "end-5"   PATCH  "/v2/{name}/blobs/uploads/{upload}"   UploadChunk     UPLOADS, NONE,                        UploadChunk;
    "end-6"   PUT    "/v2/{name}/blobs/uploads/{upload}"   UploadFinish    UPLOADS, &["digest"],                 UploadFinish;
    "end-7"   PUT    "/v2/{name}/manifests/{reference}"    ManifestPut     PUTS,    NONE,                        ManifestPut;
    "end-8"   GET    "/v2/{name}/tags/list"                TagList         PULLS,   &["n", "last"],              TagList;
    "end-9"   DELETE "/v2/{name}/manifests/{reference}"    ManifestDelete  DELETES, NONE,                        ManifestDelete;
    "end-10"  DELETE "/v2/{name}/blobs/{digest}"           BlobDelete      DELETES, NONE,                        BlobDelete;
    "end-12"  GET    "/v2/{name}/referrers/{digest}"       Referrers       PULLS,   &["artifactType", "n", "last"], Referrers;
    "end-13"  GET    "/v2/{name}/blobs/uploads/{upload}"   UploadStatus    UPLOADS, NONE,                        UploadStatus;
    "end-14"  DELETE "/v2/{name}/blobs/uploads/{upload}"   UploadCancel    UPLOADS, NONE,                        UploadCancel;
    ""        GET    "/v2/_catalog"                        Catalog         OWN,     &["n", "last"],              Catalog;
};
