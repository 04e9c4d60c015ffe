//! Keeps the generated code in step with `proto/`.

use std::fs;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorSet;
use prost_types::field_descriptor_proto::Label;

const PROTO_FILES: [&str; 5] = ["kv.proto", "auth.proto", "rpc.proto", "v3lock.proto", "v3election.proto"];

/// The generated files are exactly what `proto/` compiles to. `UPDATE_EXPECT=1` rewrites them.
#[test]
fn generated_code_is_current() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let proto_dir = crate_dir.join("../../proto");
    let committed = crate_dir.join("src/generated");

    let descriptors = protox::compile(PROTO_FILES, [&proto_dir]).expect("proto/ compiles");
    let scratch = tempfile::tempdir().expect("create a temporary directory");
    generate(&descriptors, scratch.path());

    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    if update {
        fs::create_dir_all(&committed).expect("create the directory for generated code");
        for file in files_of(scratch.path()) {
            fs::copy(&file, committed.join(file.file_name().expect("a file has a name")))
                .expect("copy a generated file");
        }
    }
    assert_eq!(names_of(scratch.path()), names_of(&committed), "the set of generated files");
    for file in files_of(scratch.path()) {
        let name = file.file_name().expect("a file has a name");
        let fresh = fs::read(&file).expect("read the fresh file");
        let stored = fs::read(committed.join(name)).expect("read the committed file");
        assert!(
            fresh == stored,
            "{} is out of date; run UPDATE_EXPECT=1 cargo test -p kv-proto",
            name.to_string_lossy()
        );
    }
}

/// A field number or type that drifts from etcd's breaks every client, so a few that are easy to get wrong are pinned.
#[test]
fn field_numbers_are_etcds() {
    let descriptors = descriptors();
    for (message, field, number, repeated) in [
        ("Compare", "range_end", 64, false),
        ("WatchResponse", "events", 11, true),
        ("StatusResponse", "dbSizeQuota", 12, false),
        ("HashKVResponse", "hash_revision", 4, false),
        ("AuthUserGrantRoleRequest", "user", 1, false),
        ("AuthUserRevokeRoleRequest", "name", 1, false),
        ("LeaseGrantRequest", "TTL", 1, false),
        ("MemberListRequest", "linearizable", 1, false),
    ] {
        let field = descriptors
            .file
            .iter()
            .filter(|file| file.package() == "etcdserverpb")
            .flat_map(|file| &file.message_type)
            .find(|candidate| candidate.name() == message)
            .and_then(|candidate| candidate.field.iter().find(|candidate| candidate.name() == field))
            .unwrap_or_else(|| panic!("{message}.{field} exists"));
        assert_eq!(field.number(), number, "{message}.{}", field.name());
        assert_eq!(field.label() == Label::Repeated, repeated, "{message}.{}", field.name());
    }
}

fn descriptors() -> FileDescriptorSet {
    use prost::Message;
    FileDescriptorSet::decode(kv_proto::FILE_DESCRIPTOR_SET).expect("the committed descriptors decode")
}

fn generate(descriptors: &FileDescriptorSet, out: &Path) {
    use prost::Message;
    tonic_prost_build::configure()
        .bytes(".")
        .client_mod_attribute(".", "#[cfg(feature = \"client\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .build_transport(false)
        .emit_rerun_if_changed(false)
        .out_dir(out)
        .compile_fds(descriptors.clone())
        .expect("code can be generated");
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec()).expect("write the descriptors");
}

fn files_of(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(dir).expect("list a directory").map(|entry| entry.expect("read an entry").path()).collect();
    files.sort();
    files
}

fn names_of(dir: &Path) -> Vec<String> {
    files_of(dir)
        .iter()
        .map(|file| file.file_name().expect("a file has a name").to_string_lossy().into_owned())
        .collect()
}
