//! The database of a house, read and changed behind its back.

use std::{path::Path, process::Command};

use serde_json::Value;

/// Runs these statements on the database as another program would, and gives the rows of each.
pub fn sql(data: &Path, statements: &[&str]) -> Vec<Vec<Vec<Value>>> {
    let program = "import sqlite3,sys,json\n\
                   if sys.argv[1].startswith('postgres://'):\n\
                   \x20import psycopg2\n\
                   \x20c=psycopg2.connect(sys.argv[1])\n\
                   else:\n\
                   \x20c=sqlite3.connect(sys.argv[1],timeout=10)\n\
                   rows=[]\n\
                   for s in sys.argv[2:]:\n\
                   \x20k=c.cursor()\n\
                   \x20k.execute(s)\n\
                   \x20rows.append(k.fetchall() if k.description else [])\n\
                   c.commit()\n\
                   print(json.dumps(rows))";
    let database = std::fs::read_to_string(data.join("../database")).unwrap_or_else(|_| data.join("pilothouse.db").display().to_string());
    // Debian's, which has the driver.
    let done = Command::new("/usr/bin/python3").args(["-c", program, &database]).args(statements).output().expect("python3 is there");
    assert!(done.status.success(), "{statements:?}: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}
