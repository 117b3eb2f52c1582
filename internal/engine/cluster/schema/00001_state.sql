-- Kith's state. Kept to what PostgreSQL and the databases that speak its protocol
-- share: no advisory locks, no triggers, no functions.

-- +goose Up
CREATE TABLE meta (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- The ordered key-value pairs of State.
CREATE TABLE entry (
    k bytea PRIMARY KEY,
    v bytea NOT NULL
) WITH (fillfactor = 85);

-- How far each reader has come in each partition.
CREATE TABLE reader (
    name text   NOT NULL,
    part int    NOT NULL,
    at   bigint NOT NULL,
    PRIMARY KEY (name, part)
);

-- The partitions of emitted topics. Numbers from first_kept on are kept; next is the
-- number of the next value to be emitted, published the next to be given to Kafka.
-- The value first_kept lies at first_offset of its Kafka partition, or after it.
CREATE TABLE outlet (
    topic        text   NOT NULL,
    part         int    NOT NULL,
    next         bigint NOT NULL DEFAULT 0,
    published    bigint NOT NULL DEFAULT 0,
    first_kept   bigint NOT NULL DEFAULT 0,
    first_offset bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, part)
) WITH (fillfactor = 50);

-- What was emitted and is not published yet: a block of n values from number first on.
CREATE TABLE outbox (
    part  int    NOT NULL,
    topic text   NOT NULL,
    first bigint NOT NULL,
    n     bigint NOT NULL,
    block bytea  NOT NULL,
    PRIMARY KEY (part, topic, first)
);

CREATE TABLE lease (
    name   text        PRIMARY KEY,
    holder text        NOT NULL,
    about  text        NOT NULL,
    epoch  bigint      NOT NULL,
    until  timestamptz NOT NULL
);

-- Its one row is locked by transactions that take turns, as they met conflicts before.
CREATE TABLE turn (
    one int PRIMARY KEY
);
INSERT INTO turn (one) VALUES (1);
