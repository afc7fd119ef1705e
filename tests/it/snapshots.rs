//! What others rely on, kept as files so that a change shows in review: `make snapshots` writes them anew.

use std::{fmt::Write, path::Path};

use pilothouse::access::{
    Kind, Permission, built_in,
    table::{
        docker::{REFUSALS, ROWS},
        oci,
    },
};

/// Compares with the file of this name in `docs/`, or writes it.
fn keep(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("WRITE_SNAPSHOTS").is_some() {
        return std::fs::write(path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).position(|(kept, made)| kept != made);
    let line = differs.unwrap_or_else(|| kept.lines().count().min(text.lines().count()));
    let (was, is) = (kept.lines().nth(line).unwrap_or("nothing"), text.lines().nth(line).unwrap_or("nothing"));
    assert!(
        kept == text,
        "docs/{name} is not what the code says, from line {}:\n  kept: {was}\n  made: {is}\n`make snapshots` writes it anew.",
        line + 1
    );
}

#[test]
fn the_api_is_as_it_is_published() {
    let document = pilothouse::openapi::document();
    keep("openapi.json", &format!("{}\n", serde_json::to_string_pretty(&document).unwrap()));
}

#[test]
fn the_law_is_as_it_is_published() {
    let holds = |permission: Permission| {
        let marks = built_in().iter().map(|role| if permission.kind() == Kind::Own || role.holds(permission) { "yes" } else { "-" });
        marks.collect::<Vec<_>>().join(" | ")
    };
    let mut page = String::from("# Who may do what\n\nMade from the tables in `server/src/access` by `make snapshots`.\n\n## Permissions\n\n");
    let roles: Vec<&str> = built_in().iter().map(|role| role.name.as_str()).collect();
    page += "Of its *kind* depends how the use of a permission is written down: the intent of a `Change` and of what is `Sensitive` is on disk\n";
    page += "before anything happens; a `View` is written down too, but nobody waits for it; what is one's `Own` everybody may who is signed in.\n\n";
    writeln!(page, "| permission | kind | {} |\n|---|---|{}", roles.join(" | "), "---|".repeat(roles.len())).unwrap();
    for permission in Permission::ALL {
        writeln!(page, "| `{permission}` | {:?} | {} |", permission.kind(), holds(*permission)).unwrap();
    }
    page += "\n## Operations of the engine door\n\nWhat has no row is refused.\n\n| request | permission | in its query | body | answer |\n|---|---|---|---|---|\n";
    for row in ROWS {
        let query = if row.query.is_empty() { "-".to_owned() } else { format!("`{}`", row.query.join("` `")) };
        writeln!(page, "| `{} {}` | `{}` | {query} | {:?} | {:?} |", row.method, row.path, row.permission, row.body, row.reply).unwrap();
    }
    page += "\n## Operations of the registry door\n\nWhat has no row is refused. Any of the permissions is enough; to let a tag mean something else takes\n";
    page += "`registry.repository.push`, and a mount from another repository `registry.repository.pull` on that one.\n\n";
    page += "| endpoint | request | permission | in its query |\n|---|---|---|---|\n";
    for row in oci::ROWS {
        let names = |names: Vec<&str>| if names.is_empty() { "-".to_owned() } else { format!("`{}`", names.join("` `")) };
        let permissions = names(row.permissions.iter().map(|permission| permission.name()).collect());
        let end = if row.end.is_empty() { "-" } else { row.end };
        writeln!(page, "| {end} | `{} {}` | {permissions} | {} |", row.method, row.path, names(row.query.to_vec())).unwrap();
    }
    page += "\n## Refused to everybody\n\n| request | why |\n|---|---|\n";
    for refusal in REFUSALS {
        writeln!(page, "| `{} {}` | {} |", refusal.method, refusal.path, refusal.reason).unwrap();
    }
    keep("permissions.md", &page);
}
