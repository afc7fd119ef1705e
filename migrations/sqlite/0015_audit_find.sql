-- An index for each field that one looks by and that had none.

CREATE INDEX audit_by_client   ON audit (client, id);
CREATE INDEX audit_by_door     ON audit (door, id);
CREATE INDEX audit_by_status   ON audit (status, id)   WHERE status <> 200 AND status <> 204;
CREATE INDEX audit_by_decision ON audit (decision, id) WHERE decision <> 'allowed';
CREATE INDEX audit_reads       ON audit (id)           WHERE is_change = 0;
CREATE INDEX audit_by_viewer   ON audit (viewer, id)   WHERE viewer <> '';
