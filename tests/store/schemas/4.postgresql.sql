CREATE TABLE alerts (
    rule TEXT COLLATE "C" NOT NULL, 
    key TEXT COLLATE "C" NOT NULL, 
    incident TEXT COLLATE "C", 
    data TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (rule, key)
);

CREATE INDEX ix_alerts_incident ON alerts (incident);

CREATE TABLE buckets (
    series BIGINT NOT NULL, 
    start BIGINT NOT NULL, 
    span BIGINT NOT NULL, 
    source TEXT COLLATE "C" NOT NULL, 
    n DOUBLE PRECISION NOT NULL, 
    stories DOUBLE PRECISION NOT NULL, 
    sum DOUBLE PRECISION NOT NULL, 
    min DOUBLE PRECISION, 
    max DOUBLE PRECISION, 
    last DOUBLE PRECISION, 
    last_at DOUBLE PRECISION NOT NULL, 
    PRIMARY KEY (series, start, span, source)
);

CREATE INDEX buckets_age ON buckets (span, start);

CREATE TABLE coverage (
    source TEXT COLLATE "C" NOT NULL, 
    start DOUBLE PRECISION NOT NULL, 
    "end" DOUBLE PRECISION NOT NULL, 
    PRIMARY KEY (source, start)
);

CREATE TABLE cursors (
    source TEXT COLLATE "C" NOT NULL, 
    cursor TEXT COLLATE "C" NOT NULL, 
    standing TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (source)
);

CREATE TABLE customers (
    who TEXT COLLATE "C" NOT NULL, 
    heard_at DOUBLE PRECISION NOT NULL, 
    data TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (who)
);

CREATE TABLE deliveries (
    id BIGSERIAL NOT NULL, 
    key TEXT COLLATE "C" NOT NULL, 
    incident TEXT COLLATE "C" NOT NULL, 
    notice INTEGER NOT NULL, 
    facts BIGINT NOT NULL, 
    tier INTEGER NOT NULL, 
    transition TEXT COLLATE "C" NOT NULL, 
    person TEXT COLLATE "C" NOT NULL, 
    channel TEXT COLLATE "C" NOT NULL, 
    route TEXT COLLATE "C" NOT NULL, 
    tried TEXT COLLATE "C" NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    attempts INTEGER NOT NULL, 
    next_at DOUBLE PRECISION NOT NULL, 
    created_at DOUBLE PRECISION NOT NULL, 
    claimed_at DOUBLE PRECISION, 
    sent_at DOUBLE PRECISION, 
    unsent_tier INTEGER, 
    answer TEXT COLLATE "C" NOT NULL, 
    also TEXT COLLATE "C", 
    PRIMARY KEY (id), 
    UNIQUE (key)
);

CREATE INDEX deliveries_due ON deliveries (state, next_at);

CREATE INDEX deliveries_person ON deliveries (person, created_at);

CREATE INDEX ix_deliveries_incident ON deliveries (incident);

CREATE TABLE drills (
    id TEXT COLLATE "C" NOT NULL, 
    started_at DOUBLE PRECISION NOT NULL, 
    stopped_at DOUBLE PRECISION, 
    data TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE entries (
    id BIGSERIAL NOT NULL, 
    incident TEXT COLLATE "C" NOT NULL, 
    at DOUBLE PRECISION NOT NULL, 
    actor TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    args TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX ix_entries_incident ON entries (incident);

CREATE TABLE facts (
    id BIGSERIAL NOT NULL, 
    incident TEXT COLLATE "C" NOT NULL, 
    notice INTEGER NOT NULL, 
    at DOUBLE PRECISION NOT NULL, 
    data TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE findings (
    kind TEXT COLLATE "C" NOT NULL, 
    subject TEXT COLLATE "C" NOT NULL, 
    since DOUBLE PRECISION NOT NULL, 
    ended_at DOUBLE PRECISION, 
    args TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (kind, subject, since)
);

CREATE TABLE forgotten (
    mark TEXT COLLATE "C" NOT NULL, 
    at DOUBLE PRECISION NOT NULL, 
    PRIMARY KEY (mark)
);

CREATE TABLE incidents (
    number TEXT COLLATE "C" NOT NULL, 
    seq INTEGER NOT NULL, 
    risk TEXT COLLATE "C" NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    tier INTEGER NOT NULL, 
    opened_at DOUBLE PRECISION NOT NULL, 
    updated_at DOUBLE PRECISION NOT NULL, 
    closed_at DOUBLE PRECISION, 
    version INTEGER NOT NULL, 
    data TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (number), 
    UNIQUE (seq)
);

CREATE INDEX ix_incidents_state ON incidents (state);

CREATE TABLE intake (
    source TEXT COLLATE "C" NOT NULL, 
    hour BIGINT NOT NULL, 
    accepted BIGINT NOT NULL, 
    duplicates BIGINT NOT NULL, 
    corrected BIGINT NOT NULL, 
    rejected BIGINT NOT NULL, 
    undated BIGINT NOT NULL, 
    unmatched BIGINT NOT NULL, 
    lag DOUBLE PRECISION NOT NULL, 
    PRIMARY KEY (source, hour)
);

CREATE TABLE judged (
    rule TEXT COLLATE "C" NOT NULL, 
    at DOUBLE PRECISION NOT NULL, 
    meaning TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (rule)
);

CREATE TABLE marks (
    series BIGINT NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    minute BIGINT NOT NULL, 
    who TEXT COLLATE "C" NOT NULL, 
    n INTEGER NOT NULL, 
    PRIMARY KEY (series, kind, minute, who)
);

CREATE TABLE mentions (
    seq BIGSERIAL NOT NULL, 
    source TEXT COLLATE "C" NOT NULL, 
    id TEXT COLLATE "C" NOT NULL, 
    at DOUBLE PRECISION NOT NULL, 
    seen_at DOUBLE PRECISION NOT NULL, 
    dated BOOLEAN NOT NULL, 
    counted BOOLEAN NOT NULL, 
    title TEXT COLLATE "C" NOT NULL, 
    text TEXT COLLATE "C" NOT NULL, 
    url TEXT COLLATE "C" NOT NULL, 
    author TEXT COLLATE "C" NOT NULL, 
    lang TEXT COLLATE "C" NOT NULL, 
    labels TEXT COLLATE "C" NOT NULL, 
    reach BIGINT NOT NULL, 
    story TEXT COLLATE "C" NOT NULL, 
    new_story BOOLEAN NOT NULL, 
    said TEXT COLLATE "C", 
    PRIMARY KEY (seq), 
    UNIQUE (source, id)
);

CREATE INDEX mentions_at ON mentions (at);

CREATE INDEX mentions_story ON mentions (story, at) WHERE story <> '';

CREATE TABLE meta (
    key TEXT COLLATE "C" NOT NULL, 
    value TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (key)
);

CREATE TABLE playbook_texts (
    revision TEXT COLLATE "C" NOT NULL, 
    id TEXT COLLATE "C" NOT NULL, 
    texts TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (revision)
);

CREATE TABLE reported (
    group_key TEXT COLLATE "C" NOT NULL, 
    fingerprint TEXT COLLATE "C" NOT NULL, 
    ends_at DOUBLE PRECISION, 
    heard_at DOUBLE PRECISION NOT NULL, 
    data TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (group_key, fingerprint)
);

CREATE TABLE samples (
    series TEXT COLLATE "C" NOT NULL, 
    labels TEXT COLLATE "C" NOT NULL, 
    at DOUBLE PRECISION NOT NULL, 
    value DOUBLE PRECISION NOT NULL, 
    source TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    span DOUBLE PRECISION NOT NULL, 
    seen_at DOUBLE PRECISION NOT NULL, 
    PRIMARY KEY (series, labels, at)
);

CREATE TABLE selections (
    id BIGSERIAL NOT NULL, 
    done BIGINT NOT NULL, 
    ready BOOLEAN NOT NULL, 
    retired BOOLEAN NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE series (
    id BIGINT NOT NULL, 
    selection BIGINT NOT NULL, 
    key TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX ix_series_selection ON series (selection);

CREATE TABLE silences (
    id TEXT COLLATE "C" NOT NULL, 
    until DOUBLE PRECISION NOT NULL, 
    data TEXT COLLATE "C" NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE timers (
    incident TEXT COLLATE "C" NOT NULL, 
    kind TEXT COLLATE "C" NOT NULL, 
    step INTEGER NOT NULL, 
    due_at DOUBLE PRECISION NOT NULL, 
    state TEXT COLLATE "C" NOT NULL, 
    fired_at DOUBLE PRECISION, 
    PRIMARY KEY (incident, kind, step)
);

CREATE INDEX timers_due ON timers (state, due_at);

CREATE TABLE reviews (
    incident TEXT COLLATE "C" NOT NULL,
    due_at DOUBLE PRECISION NOT NULL,
    data TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (incident)
);

CREATE TABLE statements (
    id TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    incident TEXT COLLATE "C" NOT NULL,
    data TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE INDEX ix_statements_incident ON statements (incident);
