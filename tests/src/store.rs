//! The database of a house, read and changed behind its back.

use std::{path::Path, process::Command};

use serde_json::Value;

/// Runs these statements on the database as another program would, and gives the rows of each.
pub fn sql(data: &Path, statements: &[&str]) -> Vec<Vec<Vec<Value>>> {
    let program = "import sqlite3,sys,json\n\
                   c=sqlite3.connect(sys.argv[1],timeout=10)\n\
                   rows=[c.execute(s).fetchall() for s in sys.argv[2:]]\n\
                   c.commit()\n\
                   print(json.dumps(rows))";
    let done = Command::new("python3").args(["-c", program]).arg(data.join("pilothouse.db")).args(statements).output().expect("python3 is there");
    assert!(done.status.success(), "{statements:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}
