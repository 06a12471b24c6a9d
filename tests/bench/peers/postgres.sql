-- An event store in PostgreSQL, of the shape of message-db: streams with dense revisions, a global
-- position, appends through a function that expects a revision. Of our own making.
CREATE SCHEMA es;
CREATE TABLE es.event (
  position bigint NOT NULL PRIMARY KEY,
  stream text NOT NULL,
  revision bigint NOT NULL,
  type text NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  payload bytea NOT NULL,
  UNIQUE (stream, revision)
);
CREATE SEQUENCE es.position CACHE 1;

CREATE FUNCTION es.check_revision(of_stream text, expected bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  found bigint;
BEGIN
  SELECT coalesce(max(revision), 0) INTO found FROM es.event WHERE stream = of_stream;
  IF found <> expected THEN
    RAISE EXCEPTION 'expected revision %, found %', expected, found
      USING ERRCODE = 'serialization_failure';
  END IF;
END $$;

-- Gaps allowed: positions come from a sequence, so a reader may see 7 before 6 is committed, and
-- what is rolled back leaves a hole. Two writers of one stream meet at the unique constraint.
CREATE FUNCTION es.append_gaps(of_stream text, expected bigint, of_type text, bytes bytea[])
RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM es.check_revision(of_stream, expected);
  INSERT INTO es.event (position, stream, revision, type, payload)
    SELECT nextval('es.position'), of_stream, expected + n, of_type, payload
    FROM unnest(bytes) WITH ORDINALITY AS given (payload, n);
  RETURN expected + cardinality(bytes);
END $$;

-- Gapless, and visible in order, as this project's log is: one writer at a time, from the choice of
-- the position to the end of the commit.
CREATE FUNCTION es.append_gapless(of_stream text, expected bigint, of_type text, bytes bytea[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  head bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1);
  PERFORM es.check_revision(of_stream, expected);
  SELECT coalesce(max(position), 0) INTO head FROM es.event;
  INSERT INTO es.event (position, stream, revision, type, payload)
    SELECT head + n, of_stream, expected + n, of_type, payload
    FROM unnest(bytes) WITH ORDINALITY AS given (payload, n);
  RETURN expected + cardinality(bytes);
END $$;

-- The same for one event, the way of the single append: no array, nothing to unnest.
CREATE FUNCTION es.append_one_gaps(of_stream text, expected bigint, of_type text, bytes bytea)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  found bigint;
BEGIN
  SELECT coalesce(max(revision), 0) INTO found FROM es.event WHERE stream = of_stream;
  IF found <> expected THEN
    RAISE EXCEPTION 'expected revision %, found %', expected, found
      USING ERRCODE = 'serialization_failure';
  END IF;
  INSERT INTO es.event (position, stream, revision, type, payload)
    VALUES (nextval('es.position'), of_stream, expected + 1, of_type, bytes);
  RETURN expected + 1;
END $$;
CREATE FUNCTION es.append_one_gapless(of_stream text, expected bigint, of_type text, bytes bytea)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  found bigint;
  head bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(1);
  SELECT coalesce(max(revision), 0) INTO found FROM es.event WHERE stream = of_stream;
  IF found <> expected THEN
    RAISE EXCEPTION 'expected revision %, found %', expected, found
      USING ERRCODE = 'serialization_failure';
  END IF;
  SELECT coalesce(max(position), 0) INTO head FROM es.event;
  INSERT INTO es.event (position, stream, revision, type, payload)
    VALUES (head + 1, of_stream, expected + 1, of_type, bytes);
  RETURN expected + 1;
END $$;
