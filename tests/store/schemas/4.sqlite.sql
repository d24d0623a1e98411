CREATE TABLE alerts (
    rule TEXT NOT NULL, 
    "key" TEXT NOT NULL, 
    incident TEXT, 
    data TEXT NOT NULL, 
    PRIMARY KEY (rule, "key")
);

CREATE INDEX ix_alerts_incident ON alerts (incident);

CREATE TABLE buckets (
    series BIGINT NOT NULL, 
    start BIGINT NOT NULL, 
    span BIGINT NOT NULL, 
    source TEXT NOT NULL, 
    n DOUBLE NOT NULL, 
    stories DOUBLE NOT NULL, 
    sum DOUBLE NOT NULL, 
    min DOUBLE, 
    max DOUBLE, 
    last DOUBLE, 
    last_at DOUBLE NOT NULL, 
    PRIMARY KEY (series, start, span, source)
)
 WITHOUT ROWID;

CREATE INDEX buckets_age ON buckets (span, start);

CREATE TABLE coverage (
    source TEXT NOT NULL, 
    start DOUBLE NOT NULL, 
    "end" DOUBLE NOT NULL, 
    PRIMARY KEY (source, start)
);

CREATE TABLE cursors (
    source TEXT NOT NULL, 
    cursor TEXT NOT NULL, 
    standing TEXT NOT NULL, 
    PRIMARY KEY (source)
);

CREATE TABLE customers (
    who TEXT NOT NULL, 
    heard_at DOUBLE NOT NULL, 
    data TEXT NOT NULL, 
    PRIMARY KEY (who)
)
 WITHOUT ROWID;

CREATE TABLE deliveries (
    id INTEGER NOT NULL, 
    "key" TEXT NOT NULL, 
    incident TEXT NOT NULL, 
    notice INTEGER NOT NULL, 
    facts BIGINT NOT NULL, 
    tier INTEGER NOT NULL, 
    transition TEXT NOT NULL, 
    person TEXT NOT NULL, 
    channel TEXT NOT NULL, 
    route TEXT NOT NULL, 
    tried TEXT NOT NULL, 
    state TEXT NOT NULL, 
    attempts INTEGER NOT NULL, 
    next_at DOUBLE NOT NULL, 
    created_at DOUBLE NOT NULL, 
    claimed_at DOUBLE, 
    sent_at DOUBLE, 
    unsent_tier INTEGER, 
    answer TEXT NOT NULL, 
    also TEXT, 
    PRIMARY KEY (id), 
    UNIQUE ("key")
);

CREATE INDEX deliveries_due ON deliveries (state, next_at);

CREATE INDEX deliveries_person ON deliveries (person, created_at);

CREATE INDEX ix_deliveries_incident ON deliveries (incident);

CREATE TABLE drills (
    id TEXT NOT NULL, 
    started_at DOUBLE NOT NULL, 
    stopped_at DOUBLE, 
    data TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE entries (
    id INTEGER NOT NULL, 
    incident TEXT NOT NULL, 
    at DOUBLE NOT NULL, 
    actor TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    args TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX ix_entries_incident ON entries (incident);

CREATE TABLE facts (
    id INTEGER NOT NULL, 
    incident TEXT NOT NULL, 
    notice INTEGER NOT NULL, 
    at DOUBLE NOT NULL, 
    data TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE findings (
    kind TEXT NOT NULL, 
    subject TEXT NOT NULL, 
    since DOUBLE NOT NULL, 
    ended_at DOUBLE, 
    args TEXT NOT NULL, 
    PRIMARY KEY (kind, subject, since)
);

CREATE TABLE forgotten (
    mark TEXT NOT NULL, 
    at DOUBLE NOT NULL, 
    PRIMARY KEY (mark)
)
 WITHOUT ROWID;

CREATE TABLE incidents (
    number TEXT NOT NULL, 
    seq INTEGER NOT NULL, 
    risk TEXT NOT NULL, 
    state TEXT NOT NULL, 
    tier INTEGER NOT NULL, 
    opened_at DOUBLE NOT NULL, 
    updated_at DOUBLE NOT NULL, 
    closed_at DOUBLE, 
    version INTEGER NOT NULL, 
    data TEXT NOT NULL, 
    PRIMARY KEY (number), 
    UNIQUE (seq)
);

CREATE INDEX ix_incidents_state ON incidents (state);

CREATE TABLE intake (
    source TEXT NOT NULL, 
    hour BIGINT NOT NULL, 
    accepted BIGINT NOT NULL, 
    duplicates BIGINT NOT NULL, 
    corrected BIGINT NOT NULL, 
    rejected BIGINT NOT NULL, 
    undated BIGINT NOT NULL, 
    unmatched BIGINT NOT NULL, 
    lag DOUBLE NOT NULL, 
    PRIMARY KEY (source, hour)
)
 WITHOUT ROWID;

CREATE TABLE judged (
    rule TEXT NOT NULL, 
    at DOUBLE NOT NULL, 
    meaning TEXT NOT NULL, 
    PRIMARY KEY (rule)
);

CREATE TABLE marks (
    series BIGINT NOT NULL, 
    kind TEXT NOT NULL, 
    minute BIGINT NOT NULL, 
    who TEXT NOT NULL, 
    n INTEGER NOT NULL, 
    PRIMARY KEY (series, kind, minute, who)
)
 WITHOUT ROWID;

CREATE TABLE mentions (
    seq INTEGER NOT NULL, 
    source TEXT NOT NULL, 
    id TEXT NOT NULL, 
    at DOUBLE NOT NULL, 
    seen_at DOUBLE NOT NULL, 
    dated BOOLEAN NOT NULL, 
    counted BOOLEAN NOT NULL, 
    title TEXT NOT NULL, 
    text TEXT NOT NULL, 
    url TEXT NOT NULL, 
    author TEXT NOT NULL, 
    lang TEXT NOT NULL, 
    labels TEXT NOT NULL, 
    reach BIGINT NOT NULL, 
    story TEXT NOT NULL, 
    new_story BOOLEAN NOT NULL, 
    said TEXT, 
    PRIMARY KEY (seq), 
    UNIQUE (source, id)
);

CREATE INDEX mentions_at ON mentions (at);

CREATE INDEX mentions_story ON mentions (story, at) WHERE story <> '';

CREATE TABLE meta (
    "key" TEXT NOT NULL, 
    value TEXT NOT NULL, 
    PRIMARY KEY ("key")
);

CREATE TABLE playbook_texts (
    revision TEXT NOT NULL, 
    id TEXT NOT NULL, 
    texts TEXT NOT NULL, 
    PRIMARY KEY (revision)
);

CREATE TABLE reported (
    group_key TEXT NOT NULL, 
    fingerprint TEXT NOT NULL, 
    ends_at DOUBLE, 
    heard_at DOUBLE NOT NULL, 
    data TEXT NOT NULL, 
    PRIMARY KEY (group_key, fingerprint)
);

CREATE TABLE samples (
    series TEXT NOT NULL, 
    labels TEXT NOT NULL, 
    at DOUBLE NOT NULL, 
    value DOUBLE NOT NULL, 
    source TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    span DOUBLE NOT NULL, 
    seen_at DOUBLE NOT NULL, 
    PRIMARY KEY (series, labels, at)
)
 WITHOUT ROWID;

CREATE TABLE selections (
    id BIGINT NOT NULL, 
    done BIGINT NOT NULL, 
    ready BOOLEAN NOT NULL, 
    retired BOOLEAN NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE series (
    id BIGINT NOT NULL, 
    selection BIGINT NOT NULL, 
    "key" TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX ix_series_selection ON series (selection);

CREATE TABLE silences (
    id TEXT NOT NULL, 
    until DOUBLE NOT NULL, 
    data TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE timers (
    incident TEXT NOT NULL, 
    kind TEXT NOT NULL, 
    step INTEGER NOT NULL, 
    due_at DOUBLE NOT NULL, 
    state TEXT NOT NULL, 
    fired_at DOUBLE, 
    PRIMARY KEY (incident, kind, step)
);

CREATE INDEX timers_due ON timers (state, due_at);

CREATE TABLE reviews (
    incident TEXT NOT NULL,
    due_at DOUBLE NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (incident)
);

CREATE TABLE statements (
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    incident TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE INDEX ix_statements_incident ON statements (incident);
