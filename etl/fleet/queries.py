"""What a fleet asks of its database, by name. Tables are the engine's (`procrastinate_*`) and ours (`tables`)."""

from __future__ import annotations

from etl.exits import ExitCode
from etl.fleet.ends import ALL_TRIED

STALLED_BEATS = 3
"""A worker that has left out so many heartbeats is gone."""

NOW = "SELECT extract(epoch FROM clock_timestamp())::double precision AS now"

_SENDS = f"""
CASE WHEN ends.exit_code = {ExitCode.BUSY:d} THEN FALSE
     WHEN ends.exit_code IN ({", ".join(f"{code:d}" for code in sorted(ALL_TRIED))}) THEN ends.runs = '{{}}'
     ELSE TRUE END"""
"""Whether a submission has something to send by all that is known of it: at its last turn nobody else had its input, and not all
of its rows were tried, so that it only waits for its results to be put away."""

COULD_GO = f"""
SELECT submission, account, sends FROM (
    SELECT job.id AS submission, job.queue_name AS account, job.priority, {_SENDS} AS sends,
           row_number() OVER (PARTITION BY job.queue_name, {_SENDS} ORDER BY job.priority DESC, job.id) AS place
      FROM procrastinate_jobs job LEFT JOIN ends ON ends.submission = job.id
     WHERE job.status = 'todo' AND job.queue_name = ANY(%(accounts)s)
       AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
       AND NOT EXISTS (SELECT 1 FROM pauses WHERE pauses.account = job.queue_name)
       AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs other WHERE other.lock = job.lock AND other.status = 'doing')
) could_go
 WHERE place <= 10
 ORDER BY priority DESC, submission
"""
"""Submissions for these accounts that would be taken if a place were free, in their order: the first ten of each account that
have something to send, and the first ten that have not."""

RUNNING = """
SELECT queue_name AS account, count(*) AS places FROM procrastinate_jobs
 WHERE status = 'doing' AND task_name = %(task)s GROUP BY queue_name
"""
"""How many places of the whole fleet accounts have."""

CLAIM_ROOM = """
INSERT INTO ways_given (submission) VALUES (%(submission)s)
ON CONFLICT (submission) DO UPDATE SET at = now() WHERE ways_given.at < now() - make_interval(secs => %(seconds)s)
RETURNING submission
"""
"""One row where it is for this worker to make room for the submission; none where another one has just done so."""

PAUSED = "SELECT account, who, why, extract(epoch FROM since)::double precision AS since FROM pauses ORDER BY account"

PAUSE = """
INSERT INTO pauses (account, who, why) VALUES (%(account)s, %(who)s, %(why)s)
ON CONFLICT (account) DO NOTHING RETURNING account
"""

RESUME = "DELETE FROM pauses WHERE account = %(account)s RETURNING who, why"

_GONE = f"""
  FROM procrastinate_jobs job
  LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
  LEFT JOIN hands ON hands.worker = worker.id
 WHERE job.status = 'doing' AND job.task_name = %(task)s
   AND (worker.id IS NULL
        OR worker.last_heartbeat < now() - make_interval(secs => {STALLED_BEATS} * coalesce(hands.beat_seconds, 10)))
   FOR UPDATE OF job SKIP LOCKED
"""

RESCUE = f"""
WITH gone AS (SELECT job.id {_GONE})
SELECT gone.id AS submission, procrastinate_retry_job_v2(gone.id, now(), NULL, NULL, NULL) FROM gone
"""
"""Puts what workers had that are gone back into the queue, at its old place; in one statement, so that no two do it twice."""

LET_GO = f"""
WITH gone AS (SELECT job.id {_GONE})
SELECT gone.id AS job, procrastinate_finish_job_v1(gone.id, 'failed', false) FROM gone
"""
"""The same for periodic tasks, which come again by themselves."""

SIGN_ON = """
INSERT INTO hands (worker, machine, pid, accounts, places, beat_seconds, etl_version)
VALUES (%(worker)s, %(machine)s, %(pid)s, %(accounts)s, %(places)s, %(beat)s, %(version)s)
ON CONFLICT (worker) DO NOTHING
"""

IS_KNOWN = "SELECT 1 AS one FROM procrastinate_workers WHERE id = %(worker)s"

STILL_OURS = """
SELECT id FROM procrastinate_jobs WHERE id = ANY(%(numbers)s::bigint[]) AND status = 'doing' AND worker_id = %(worker)s
"""

NOTE_RUNS = """
INSERT INTO ends (submission, runs) VALUES (%(submission)s, %(runs)s::bigint[])
ON CONFLICT (submission) DO UPDATE
   SET runs = ARRAY(SELECT DISTINCT unnest(ends.runs || excluded.runs) AS run ORDER BY run), at = now()
"""

NOTE_END = """
INSERT INTO ends (submission, runs, exit_code, said, tries)
SELECT id, %(runs)s::bigint[], %(exit_code)s, %(said)s, %(tries)s FROM procrastinate_jobs
 WHERE id = %(submission)s AND status = 'doing' AND worker_id = %(worker)s
ON CONFLICT (submission) DO UPDATE
   SET runs = ARRAY(SELECT DISTINCT unnest(ends.runs || excluded.runs) AS run ORDER BY run),
       exit_code = excluded.exit_code, said = excluded.said, tries = excluded.tries, at = now()
"""
"""Nothing where the queue has given the submission to another worker meanwhile: how it ends is for that one to say."""

SO_FAR = "SELECT runs, exit_code, said, tries FROM ends WHERE submission = %(submission)s"

NOTE_INBOX = """
INSERT INTO inboxes (name, exit_code, said) VALUES (%(name)s, %(exit_code)s, %(said)s)
ON CONFLICT (name) DO UPDATE SET served_at = now(), exit_code = excluded.exit_code, said = excluded.said
"""

ALIKE = """
SELECT job.id AS submission, job.args
  FROM procrastinate_jobs job
 WHERE job.lock = %(lock)s AND job.status IN ('todo', 'doing') AND job.task_name = %(task)s
 ORDER BY job.id
"""

ACCOUNTS = """
SELECT DISTINCT unnest(hands.accounts) AS account FROM hands
UNION SELECT DISTINCT job.queue_name FROM procrastinate_jobs job WHERE job.task_name = %(task)s
"""
"""Accounts that workers serve now, or that something was submitted for."""

SERVED = f"""
SELECT DISTINCT unnest(hands.accounts) AS account
  FROM hands JOIN procrastinate_workers worker ON worker.id = hands.worker
 WHERE worker.last_heartbeat >= now() - make_interval(secs => {STALLED_BEATS} * hands.beat_seconds)
"""

SUBMISSIONS = """
SELECT job.id AS submission, job.queue_name AS account, job.status::text AS status, job.args, job.abort_requested,
       extract(epoch FROM job.scheduled_at)::double precision AS not_before,
       extract(epoch FROM now())::double precision AS now,
       extract(epoch FROM (SELECT min(at) FROM procrastinate_events event
                            WHERE event.job_id = job.id AND event.type = 'deferred'))::double precision AS submitted_at,
       hands.machine, hands.pid, ends.runs, ends.exit_code, ends.said,
       extract(epoch FROM ends.at)::double precision AS said_at,
       pauses.who AS paused_by, pauses.why AS paused_for
  FROM procrastinate_jobs job
  LEFT JOIN hands ON hands.worker = job.worker_id
  LEFT JOIN ends ON ends.submission = job.id
  LEFT JOIN pauses ON pauses.account = job.queue_name
 WHERE job.task_name = %(task)s AND {which}
 ORDER BY job.id DESC
 LIMIT %(most)s
"""
"""To be filled in by one of the conditions below, and by nothing that was typed."""

EVERY, OPEN = "TRUE", "job.status IN ('todo', 'doing')"
ONE, OF_RUN = "job.id = %(submission)s", "ends.runs @> ARRAY[%(run)s]::bigint[]"
