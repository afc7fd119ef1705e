"""Makes every hash of a store's chain right again, whatever stands in its records: what somebody who may write the database can do.
With the id of a record it removes that one, and leaves the digests of its entries.

It follows docs/audit.md and shares no code with the server.
"""

import hashlib
import json
import sqlite3
import sys

INTENT = {
    "address": "address", "at": "at", "client": "client", "credential": "credential", "decision": "decision", "door": "door",
    "grant": "grant_id", "id": "id", "object": "object", "object_id": "object_id", "object_name": "object_name", "operation": "operation",
    "permission": "permission", "reason": "reason", "target": "target", "team": "team", "user": "username", "viewer": "viewer",
}
ENDED = {
    "at": "ended_at", "bytes_in": "bytes_in", "bytes_out": "bytes_out", "duration_ms": "duration_ms", "id": "id", "made": "made", "note": "note",
    "outcome": "outcome", "recording": "recording", "status": "status",
}


def entry(stage, record, writer, seq):
    if stage == 1:
        made = {name: record[column] for name, column in INTENT.items()}
        made["change"] = bool(record["is_change"])
        made["stage"] = "intent"
    elif stage == 2:
        made = {"at": record["started_at"], "id": record["id"], "stage": "started"}
    else:
        made = {name: record[column] for name, column in ENDED.items()}
        made["changes"] = json.loads(record["changes"] or "[]")
        made["stage"] = "aborted" if record["outcome"] in ("revoked", "unknown") else "complete"
    made = {name: value for name, value in made.items() if value is not None and value is not False and value not in ("", [])}
    made.update(seq=seq, writer=writer)
    return json.dumps(made, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


store = sqlite3.connect(sys.argv[1])
store.row_factory = sqlite3.Row
before = {}
gone = int(sys.argv[2]) if len(sys.argv) > 2 else None
for link in store.execute("SELECT * FROM audit_chain ORDER BY writer, seq").fetchall():
    record = store.execute("SELECT * FROM audit WHERE id = ?", (link["id"],)).fetchone()
    if record is None:
        continue
    text = entry(link["stage"], record, link["writer"], link["seq"])
    if gone is not None:
        if link["id"] == gone:
            digest = hashlib.sha256(text).digest()
            store.execute("UPDATE audit_chain SET digest = ? WHERE writer = ? AND seq = ?", (digest, link["writer"], link["seq"]))
        continue
    last = before.get(link["writer"], bytes(32))
    before[link["writer"]] = hashlib.sha256(last + hashlib.sha256(text).digest()).digest()
    store.execute("UPDATE audit_chain SET hash = ? WHERE writer = ? AND seq = ?", (before[link["writer"]], link["writer"], link["seq"]))
if gone is not None:
    store.execute("DELETE FROM audit WHERE id = ?", (gone,))
store.commit()
